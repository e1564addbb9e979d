"""Wake words on recordings: how many calls are missed, and how often something else is taken for one.

    python benchmarks/accuracy/wake.py --head hey_jarvis             the packs, wherever the text has "hey jarvis"
    python benchmarks/accuracy/wake.py --clips DIR --phrase jarvis   any folder
    python benchmarks/accuracy/wake.py --spoken --read 4 --others DIR --png det.png
    python benchmarks/accuracy/wake.py --quick                       60 clips, under a minute

Also `jett bench wake`. Measured as it is in use: where the head wants a second look (`session.second_look`), it wakes
sooner, and only what that look confirms counts; figures that end in `_alone` are of the head by itself.

DIR has a manifest.tsv (columns file and text: a clip whose text holds the phrase is a call, any other is none), or
folders `positive` and `negative`. A call is missed when its clip does not wake Jett; each time that another clip does
is a false alarm. Every clip is heard by itself, with half a second of quiet after it.

--spoken adds calls and near phrases by voices that no head was trained on, --read hours of Jett's voices reading (slow:
a quarter of the time that they read), --others recordings without the phrase.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy.wake_figures import (
    Heard,
    by_pack,
    by_threshold,
    curves,
    points_in_use,
    spoken_figures,
    summary,
)
from benchmarks.accuracy.wake_plot import draw_det
from benchmarks.accuracy.wake_spoken import CALL_CLIPS, studio
from benchmarks.clips import Clip, evenly, packs, read_pack
from benchmarks.report import emit, table
from jett.app import store
from jett.app.training import workplace
from jett.app.wake import WakeWords, load_wake_words, with_wake_phrases
from jett.app.wake_listening import scored
from jett.app.wake_looks import LookingEngines
from jett.audio.files import read_audio
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError, ConfigError, JettError
from jett.models.store import Store
from jett.settings import Settings
from jett.training.real_speech import is_for_training
from jett.turns.phrases import normalise

PACKS = (
    *("wake_picovoice", "wake_other", "read_librispeech", "read_misc", "commands_barista"),
    *("speech_librispeech_train100", "words_speechcommands", "noise", "vad_turns", "long"),
)
_SOUND = {".wav", ".flac", ".ogg", ".mp3"}
_POSITIVE, _NEGATIVE = "positive", "negative"


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench wake", description="Misses and false alarms of a wake word.")
    parser.add_argument("--clips", type=Path, help="a folder with a manifest.tsv, or with positive/ and negative/")
    parser.add_argument("--phrase", help="what a call says, as the texts have it; else the head's phrase")
    parser.add_argument("--head", help="a head by name or file; else the first of wake.words")
    parser.add_argument("--others", type=Path, action="append", help="a folder of recordings without the phrase")
    parser.add_argument("--spoken", action="store_true", help="calls and near phrases by voices that no head knows")
    parser.add_argument("--read", type=float, default=0.0, help="hours of Jett's voices reading", metavar="HOURS")
    parser.add_argument("--png", type=Path, help="draw misses against false alarms into this file")
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


class Bench:
    """A head as it is in use, hearing one sound after another."""

    def __init__(self, words: WakeWords, models: Store) -> None:
        """Raises ModelError."""
        self.words = words
        settings = with_wake_phrases(Settings.load(), words.phrases)
        self.look = words.second_look(LookingEngines(settings, models))
        self.rule = words.rules[0]

    def heard_in(self, name: str, pack: str, audio: Samples, *, is_call: bool) -> Heard:
        """One sound's scores of the first name, and which of its calls the second look confirms."""
        frames = scored(self.words, [audio], self.look)
        scores = tuple(round(frame.scores[0], 5) for frame in frames)
        woken = (frame.woken for frame in frames if frame.found)
        confirmed = sum(each is not None and each.name == self.rule.name for each in woken)
        return Heard(name, pack, round(audio.size / SAMPLE_RATE_HZ, 3), is_call, scores, confirmed)


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
    clips += [(Clip(path, "", str(folder)), False) for folder in args.others or [] for path in _sounds(folder)]
    if args.quick:
        calls, others = [[clip for clip, call in clips if call is which] for which in (True, False)]
        return [(clip, True) for clip in evenly(calls, 30)] + [(clip, False) for clip in evenly(others, 30)]
    return clips


def says(text: str, phrase: str) -> bool:
    """Whether `text` holds the words of `phrase` in a row."""
    return f" {normalise(phrase)} " in f" {normalise(text.replace('_', ' '))} "


def _sorted_by_folder(folder: Path) -> Iterator[tuple[Clip, bool]]:
    for name, is_call in ((_POSITIVE, True), (_NEGATIVE, False)):
        yield from ((Clip(path, "", name), is_call) for path in _sounds(folder / name))


def _sounds(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SOUND]


def measure(bench: Bench, clips: list[tuple[Clip, bool]]) -> list[Heard]:
    """Each clip's scores of the first name. Raises AudioError for a call that cannot be read."""
    heard = []
    for clip, is_call in clips:
        try:
            audio = read_audio(clip.path)
        except AudioError as error:
            if is_call:
                raise
            print(f"left out: {error}", file=sys.stderr)  # of thousands of recordings a few are empty
            continue
        one = bench.heard_in(clip.path.name, clip.pack, audio, is_call=is_call)
        known = clip.pack in PACKS and is_for_training(clip.pack, clip.speaker or clip.path.name)
        heard.append(replace(one, trained_on=known and not is_call))
    return heard


def measure_spoken(bench: Bench, models: Store, args: argparse.Namespace) -> list[Heard]:
    """What Jett's voices say, where asked for; packs `spoken clean kokoro`, `spoken near espeak`, `read piper`."""
    heard: list[Heard] = []
    if not args.spoken and not args.read:
        return heard
    with studio(models, bench.words.phrases[0], workplace() / "speech") as voices:
        if args.spoken:
            for one in chain(voices.calls(6 if args.quick else CALL_CLIPS), voices.near(0.05 if args.quick else 1.0)):
                pack, is_call = f"spoken {one.condition} {one.engine}", one.condition != "near"
                heard.append(bench.heard_in(one.text, pack, one.sound, is_call=is_call))
        for engine, sound in voices.readings(args.read):
            heard.append(bench.heard_in("", f"read {engine}", sound, is_call=False))
    return heard


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        words = loaded(args)
        models = store(Settings.load())
        bench = Bench(words, models)
        phrase = args.phrase or words.phrases[0]
        heard = measure(bench, chosen(args, phrase))
        spoken = measure_spoken(bench, models, args)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    heard += [one for one in spoken if one.pack.startswith("read")]
    figures = summary(heard, words, bench.rule, phrase) | spoken_figures(spoken, words)
    others = by_threshold(heard, words)
    rows = [[each.threshold, each.miss_percent, each.false_alarms, each.false_alarms_per_hour] for each in others]
    text = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    text += "\n\n" + table(by_pack(heard), ["without a call", "hours", "false alarms"])
    text += "\n\n" + table(rows, ["the head alone, from", "missed, %", "false alarms", "an hour"])
    if args.png:
        used = points_in_use(heard, spoken, words)
        draw_det(curves(heard, spoken, words), words.strict_rules[0].threshold, used, args.png)
    details = {"thresholds": [asdict(each) for each in others], "clips": [asdict(one) for one in (*heard, *spoken)]}
    emit(figures, text, as_json=args.json, save=args.save, details=details)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
