"""What is to be spoken for a training, and by whom: drawn by a seed, so that a second run asks for the same clips.

A `Line` is one clip. Who speaks it is known by its engine and voice; some voices are kept for the evaluation and never
trained on (`is_held_out`). Who turns a line into sound is `app.training_voices`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Engine = Literal["kokoro", "piper", "espeak"]
Kind = Literal["phrase", "near", "other"]

HELD_OUT_KOKORO = ("af_nova", "af_sky", "am_michael", "am_puck", "bf_emma", "bm_lewis", "hf_beta", "im_nicola")
"""Of the natural voices: American, British and foreign accents, women and men."""
HELD_OUT_THROATS = ("f4", "m7", "Alicia", "benjamin", "steph", "travis", "Jacky", "rob")
_SPEEDS = (0.8, 1.3)
_ENDS = ("", ".", "!", "?", ",")
COMMANDS = (
    *(
        "what time is it",
        "restart n eight n",
        "how are my servers",
        "turn the lights off",
        "stop",
        "what is the weather",
    ),
    *("remind me to call my mother", "set a timer for ten minutes", "is the database up", "play some music"),
    *("show me the logs", "how much memory is left", "when is my next meeting", "good morning", "tell me a joke"),
    *("add milk to the shopping list", "what did I say yesterday", "can you hear me", "run the backup", "never mind"),
    *("who is the president", "how far is the moon", "open the garage", "make it warmer in the kitchen", "thank you"),
    *("pause", "louder please", "which containers are running", "start the workflow", "read me the news"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One clip to be spoken."""

    kind: Kind
    text: str
    engine: Engine
    voice: str
    """Of Kokoro as `af_heart` or `af_heart:0.60+am_adam:0.40`; of eSpeak as `en-us+f3`; of Piper joe."""
    accent: str = "us"
    """Of Kokoro's phonemes: us or gb."""
    speed: float = 1.0
    pitch: int = 50
    """Of eSpeak, 0 to 99."""
    take: int = 0
    """Of voices that say a text differently each time."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who can speak."""

    kokoro: tuple[str, ...]
    piper: tuple[str, ...]
    accents: tuple[str, ...]
    throats: tuple[str, ...]
    """Of eSpeak."""

    def part(self, *, held_out: bool) -> Cast:
        """The voices for training, or those that are kept for the evaluation."""
        return Cast(
            tuple(voice for voice in self.kokoro if (voice in HELD_OUT_KOKORO) is held_out),
            () if held_out else self.piper,
            self.accents,
            tuple(throat for throat in self.throats if (throat in HELD_OUT_THROATS) is held_out),
        )


def is_held_out(line: Line) -> bool:
    """Whether the voice of `line` is never trained on."""
    if line.engine == "kokoro":
        return any(part.split(":")[0] in HELD_OUT_KOKORO for part in line.voice.split("+"))
    return line.engine == "espeak" and line.voice.split("+")[-1] in HELD_OUT_THROATS


def lines(
    kind: Kind,
    texts: Sequence[str],
    counts: dict[Engine, int],
    cast: Cast,
    rng: np.random.Generator,
    blends: float = 0.5,
) -> Iterator[Line]:
    """`counts` lines an engine, each of the texts in turn. `blends`: share of Kokoro lines by blended voices."""
    for engine, count in counts.items():
        if not _has(engine, cast):
            continue
        order = rng.permutation(len(texts))
        for n in range(count):
            text = texts[order[n % len(texts)]]
            if kind == "phrase":
                text = _said(text, rng)
            yield _line(kind, text, engine, cast, rng, blends, n)


def _has(engine: Engine, cast: Cast) -> bool:
    return bool({"kokoro": cast.kokoro, "piper": cast.piper, "espeak": cast.throats}[engine])


def _said(phrase: str, rng: np.random.Generator) -> str:
    """`phrase` with one of the melodies that punctuation gives, now and then with a pause between its words."""
    words = phrase.split()
    if len(words) > 1 and rng.random() < 0.25:
        at = int(rng.integers(1, len(words)))
        words[at - 1] += ","
    if rng.random() < 0.7:
        words = [word[:1].upper() + word[1:] for word in words]
    return " ".join(words) + str(rng.choice(_ENDS))


def _line(kind: Kind, text: str, engine: Engine, cast: Cast, rng: np.random.Generator, blends: float, n: int) -> Line:
    speed = round(float(rng.uniform(*_SPEEDS)), 2)
    if engine == "espeak":
        voice = f"{rng.choice(cast.accents)}+{rng.choice(cast.throats)}"
        return Line(kind, text, engine, voice, speed=speed, pitch=int(rng.integers(15, 86)))
    if engine == "piper":
        return Line(kind, text, engine, str(rng.choice(cast.piper)), speed=speed, take=n)
    voices = [str(voice) for voice in rng.choice(cast.kokoro, size=2, replace=len(cast.kokoro) < 2)]
    british = sum(voice.startswith("b") for voice in voices)
    accent = "gb" if rng.random() < 0.15 + 0.4 * british else "us"
    if rng.random() >= blends:
        own = "gb" if voices[0].startswith("b") else "us"
        return Line(kind, text, engine, voices[0], own if rng.random() < 0.85 else accent, speed)
    share = round(float(rng.uniform(0.25, 0.75)), 2)
    return Line(kind, text, engine, f"{voices[0]}:{share:.2f}+{voices[1]}:{1 - share:.2f}", accent, speed)
