"""From the last sample of the wake word to the moment at which Jett listens, over calls by Jett's own voices.

    end of the name      the last sample as loud as a fiftieth of the loudest; nothing is said after it
    Jett listens         the first frame from before the name on was scored: all that is said from there on is heard
    Jett says so         observers were told the state after `Woken`; where a head wants a second look, that found it

At the pace of real time, in chunks of 20 ms or as many of them as a sleeper wants at once, each given when its last
sample is due. A device's own buffer is not in it. Below zero: it was sure before the last sample.
Called by `benchmarks/capacity/asleep.py`, which is `jett bench asleep`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from time import perf_counter

import anyio
import anyio.to_thread
import numpy as np

from benchmarks.report import Figures, percentile
from jett.app import App, conversation_settings, open_app, store
from jett.audio.file_duplex import TICK_SAMPLES, FileDuplex
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.events import LevelMeasured, SessionEvent, StateChanged, Woken
from jett.core.ports import TextToSpeech
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.piper import PiperTextToSpeech
from jett.models.store import Store
from jett.session.conversation import Conversation
from jett.settings import Settings

_BEFORE_S, _AFTER_S = 2.0, 2.0
_FRAME_S = 0.08
"""A detector's; calls end anywhere in it."""
_QUIET_SHARE = 50
_ENGLISH = ("af_", "am_", "bf_", "bm_")


@dataclass(frozen=True, slots=True)
class Call:
    """One voice that called once."""

    voice: str
    said_s: float
    """How long the name took."""
    ms: float | None
    """From its end until Jett listened; None where it slept on."""
    told_ms: float | None
    """Until it said so."""


class _Heard:
    """Port Microphone: a call as it is said, until Jett has said that it listens; and observer of the conversation."""

    dropped_samples = 0

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self._began_s = 0.0
        self._ticks = 1
        self._is_woken = False
        self.listens_s: float | None = None
        self.told_s: float | None = None
        """Both from the first sample on."""

    def observe(self, event: SessionEvent) -> None:
        now_s = perf_counter() - self._began_s
        if isinstance(event, Woken):
            self._is_woken = True
        elif isinstance(event, LevelMeasured) and event.speech_probability > 0 and self.listens_s is None:
            self.listens_s = now_s
        elif isinstance(event, StateChanged) and self._is_woken and self.told_s is None:
            self.told_s = now_s

    def gather(self, n_samples: int) -> None:
        """Whole ticks, as a device does."""
        self._ticks = max(1, -(-n_samples // TICK_SAMPLES))

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        start, self._began_s = 0, perf_counter()
        while start < self._sound.size and self.told_s is None:
            end = start + self._ticks * TICK_SAMPLES
            await anyio.sleep(max(0.0, self._began_s + end / SAMPLE_RATE_HZ - perf_counter()))
            yield self._sound[start:end]
            start = end


async def measure(head: str, count: int) -> list[Call]:
    """`count` calls of the head's phrase. Raises JettError."""
    settings = Settings.load(overrides={"wake.enabled": True, "wake.words": [head]})
    models = store(settings)
    calls = []
    async with open_app(settings) as app:
        assert app.wake is not None
        names = await anyio.to_thread.run_sync(spoken, models, f"{app.wake.phrases[0].title()}.", count)
        for number, (voice, name) in enumerate(names):
            calls.append(Call(voice, name.size / SAMPLE_RATE_HZ, *await waited_ms(app, name, number)))
    return calls


async def waited_ms(app: App, name: Samples, number: int) -> tuple[float | None, float | None]:
    """How long Jett took to listen and to say so, after `name`; it begins elsewhere in the detector's frame each time.

    None for both where it did not wake.
    """
    random = np.random.default_rng(number)
    room = random.integers(-1, 2, round((_BEFORE_S + random.uniform(0, _FRAME_S)) * SAMPLE_RATE_HZ)).astype(np.int16)
    end_s = (room.size + name.size) / SAMPLE_RATE_HZ
    heard = _Heard(np.concatenate([room, name, room[: round(_AFTER_S * SAMPLE_RATE_HZ)]]))
    app.parts.vad.reset()
    conversation = Conversation(app.parts, conversation_settings(app.settings), heard.observe)
    await conversation.run(heard, FileDuplex(silence(0), rate_hz=app.parts.tts.rate_hz))
    if heard.listens_s is None or heard.told_s is None:
        return None, None
    return round((heard.listens_s - end_s) * 1000, 1), round((heard.told_s - end_s) * 1000, 1)


def spoken(models: Store, text: str, count: int) -> list[tuple[str, Samples]]:
    """`text`, `count` times, 16 kHz, without quiet around it. Raises ModelError."""
    return [
        (name, trimmed(resample(voice.synthesize(text), voice.rate_hz, SAMPLE_RATE_HZ)))
        for name, voice in _voices(models, count)
    ]


def _voices(models: Store, count: int) -> Iterator[tuple[str, TextToSpeech]]:
    """Kokoro's English ones, evenly chosen; without Kokoro Piper's, who says it otherwise each time."""
    if not (models.has("kokoro-82m-int8") and models.has("kokoro-voices")):
        joe = PiperTextToSpeech(models.file("piper-en-us-joe"), threads=2)
        yield from (("piper joe", joe) for _ in range(count))
        return
    weights, folder = models.file("kokoro-82m-int8"), models.path("kokoro-voices")
    files = [file.name for file in models.manifest.model("kokoro-voices").files if file.name.startswith(_ENGLISH)]
    for at in np.linspace(0, len(files) - 1, count).astype(int):
        name = files[at].removesuffix(".bin")
        yield f"kokoro {name}", KokoroTextToSpeech(weights, folder, voice=name)


def trimmed(sound: Samples) -> Samples:
    """From its first to its last sample that is not quiet."""
    level = np.abs(sound.astype(np.int32))
    loud = np.flatnonzero(level * _QUIET_SHARE >= level.max())
    return sound[loud[0] : loud[-1] + 1]


def figures(calls: list[Call]) -> Figures:
    """Flat; a call that was missed has no time."""
    waited = [call.ms for call in calls if call.ms is not None]
    told = [call.told_ms for call in calls if call.told_ms is not None]
    return {
        "wake_calls": len(calls),
        "wake_calls_voices": len({call.voice for call in calls}),
        "wake_calls_missed": len(calls) - len(waited),
        "wake_to_listening_p50_ms": percentile(waited, 50),
        "wake_to_listening_p95_ms": percentile(waited, 95),
        "wake_to_listening_worst_ms": max(waited, default=None),
        "wake_to_told_p50_ms": percentile(told, 50),
        "wake_to_told_p95_ms": percentile(told, 95),
    }
