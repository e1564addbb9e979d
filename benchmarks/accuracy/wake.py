"""Wake words on recordings: how many calls are missed, and how often something else is taken for one.

    python benchmarks/accuracy/wake.py --head hey_jarvis             the packs, wherever the text has "hey jarvis"
    python benchmarks/accuracy/wake.py --clips DIR --phrase jarvis   any folder
    python benchmarks/accuracy/wake.py --quick                       60 clips, under a minute

Also `jett bench wake`. DIR has a manifest.tsv (columns file and text: a clip whose text holds the phrase is a call, any
other is none), or folders `positive` and `negative`. A call is missed when its clip does not wake Jett; each time that
another clip does is a false alarm. Every clip is heard by itself, with half a second of quiet after it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.clips import Clip, evenly, packs, read_pack
from benchmarks.report import Figures, emit, table
from jett.app import store
from jett.app.wake import WakeWords, load_wake_words
from jett.app.wake_listening import scored
from jett.audio.files import read_audio
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ
from jett.core.errors import AudioError, ConfigError, JettError
from jett.settings import Settings
from jett.turns.phrases import normalise
from jett.turns.wake import WakeRule, WakeSpotter

PACKS = (
    *("wake_picovoice", "wake_other", "read_librispeech", "read_misc", "commands_barista"),
    *("speech_librispeech_train100", "words_speechcommands", "noise", "vad_turns", "long"),
)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_SOUND = {".wav", ".flac", ".ogg", ".mp3"}
_POSITIVE, _NEGATIVE = "positive", "negative"


@dataclass(frozen=True)
class Heard:
    """One clip."""

    file: str
    pack: str
    seconds: float
    is_call: bool
    scores: tuple[float, ...]
    """Frame by frame."""


@dataclass(frozen=True)
class Counted:
    """At one threshold."""

    threshold: float
    calls: int
    misses: int
    hours: float
    false_alarms: int

    @property
    def miss_percent(self) -> float | None:
        return round(100 * self.misses / self.calls, 2) if self.calls else None

    @property
    def false_alarms_per_hour(self) -> float | None:
        return round(self.false_alarms / self.hours, 3) if self.hours else None


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench wake", description="Misses and false alarms of a wake word.")
    parser.add_argument("--clips", type=Path, help="a folder with a manifest.tsv, or with positive/ and negative/")
    parser.add_argument("--phrase", help="what a call says, as the texts have it; else the head's phrase")
    parser.add_argument("--head", help="a head by name or file; else the first of wake.words")
    parser.add_argument("--sensitivity", type=float, help="0 to 1; else wake.sensitivity")
    parser.add_argument("--quick", action="store_true", help="60 clips, under a minute")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON, with every clip, to this file")
    return parser.parse_args(argv)


def loaded(args: argparse.Namespace) -> WakeWords:
    """The head, at its threshold. Raises ConfigError, ModelError."""
    settings = Settings.load(overrides={} if args.sensitivity is None else {"wake.sensitivity": args.sensitivity})
    words = (args.head,) if args.head else settings.wake.words[:1]
    if not words:
        raise ConfigError("bench: no head is named; give --head NAME, or set wake.words; see: jett wake list")
    return load_wake_words(settings, store(settings), words)


def chosen(args: argparse.Namespace, phrase: str) -> list[tuple[Clip, bool]]:
    """Every clip, and whether it is a call. Raises AudioError for a folder that does not say."""
    if args.clips is None:
        clips = [(clip, says(clip.text, phrase)) for folder in packs(*PACKS) for clip in read_pack(folder)]
    elif (args.clips / "manifest.tsv").is_file():
        clips = [(clip, says(clip.text, phrase)) for clip in read_pack(args.clips)]
    else:
        clips = list(_sorted_by_folder(args.clips))
    if not clips:
        raise AudioError(
            f"bench: '{args.clips}' has neither a manifest.tsv nor recordings in {_POSITIVE}/ or {_NEGATIVE}/; "
            "make one of them"
        )
    if args.quick:
        calls, others = [[clip for clip, call in clips if call is which] for which in (True, False)]
        return [(clip, True) for clip in evenly(calls, 30)] + [(clip, False) for clip in evenly(others, 30)]
    return clips


def says(text: str, phrase: str) -> bool:
    """Whether `text` holds the words of `phrase` in a row."""
    return f" {normalise(phrase)} " in f" {normalise(text.replace('_', ' '))} "


def _sorted_by_folder(folder: Path) -> Iterator[tuple[Clip, bool]]:
    for name, is_call in ((_POSITIVE, True), (_NEGATIVE, False)):
        for path in sorted((folder / name).rglob("*")):
            if path.suffix.lower() in _SOUND:
                yield Clip(path, "", name), is_call


def measure(words: WakeWords, clips: list[tuple[Clip, bool]]) -> list[Heard]:
    """Each clip's scores of the first name."""
    heard = []
    for clip, is_call in clips:
        audio = read_audio(clip.path)
        frames = scored(words, [audio])
        scores = tuple(round(frame.scores[0], 4) for frame in frames)
        heard.append(Heard(clip.path.name, clip.pack, round(audio.size / SAMPLE_RATE_HZ, 3), is_call, scores))
    return heard


def calls_in(one: Heard, rule: WakeRule, words: WakeWords) -> int:
    """How often it would wake."""
    spotter = WakeSpotter([rule], refractory_s=words.refractory_s)
    frame_s = words.detector.frame_samples / SAMPLE_RATE_HZ
    return sum(spotter.hear((score,), n * frame_s) is not None for n, score in enumerate(one.scores, 1))


def counted(heard: list[Heard], rule: WakeRule, words: WakeWords) -> Counted:
    calls = [one for one in heard if one.is_call]
    others = [one for one in heard if not one.is_call]
    return Counted(
        threshold=rule.threshold,
        calls=len(calls),
        misses=sum(calls_in(one, rule, words) == 0 for one in calls),
        hours=sum(one.seconds for one in others) / 3600,
        false_alarms=sum(calls_in(one, rule, words) for one in others),
    )


def summary(heard: list[Heard], words: WakeWords, phrase: str) -> Figures:
    """The flat figures."""
    found = counted(heard, words.rules[0], words)
    return {
        "head": words.rules[0].name,
        "phrase": phrase,
        "threshold": round(found.threshold, 4),
        "patience": words.rules[0].patience,
        "calls": found.calls,
        "misses": found.misses,
        "miss_percent": found.miss_percent,
        "negative_hours": round(found.hours, 3),
        "false_alarms": found.false_alarms,
        "false_alarms_per_hour": found.false_alarms_per_hour,
    }


def by_threshold(heard: list[Heard], words: WakeWords) -> list[Counted]:
    """The same at other thresholds."""
    return [counted(heard, replace(words.rules[0], threshold=threshold), words) for threshold in THRESHOLDS]


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        words = loaded(args)
        phrase = args.phrase or words.phrases[0]
        heard = measure(words, chosen(args, phrase))
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    figures = summary(heard, words, phrase)
    others = by_threshold(heard, words)
    rows = [[each.threshold, each.miss_percent, each.false_alarms, each.false_alarms_per_hour] for each in others]
    text = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    text += "\n\n" + table(rows, ["threshold", "missed, %", "false alarms", "an hour"])
    details = {"thresholds": [asdict(each) for each in others], "clips": [asdict(one) for one in heard]}
    emit(figures, text, as_json=args.json, save=args.save, details=details)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
