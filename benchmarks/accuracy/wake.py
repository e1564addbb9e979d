"""Wake words on recordings: how many calls are missed, and how often something else is taken for one.

    python benchmarks/accuracy/wake.py --head hey_jarvis             the packs, wherever the text has "hey jarvis"
    python benchmarks/accuracy/wake.py --clips DIR --phrase jarvis   any folder
    python benchmarks/accuracy/wake.py --spoken --read 4 --others DIR --png det.png
    python benchmarks/accuracy/wake.py --quick                       60 clips, under a minute

Also `jett bench wake`. DIR has a manifest.tsv (columns file and text: a clip whose text holds the phrase is a call, any
other is none), or folders `positive` and `negative`. A call is missed when its clip does not wake Jett; each time that
another clip does is a false alarm. Every clip is heard by itself, with half a second of quiet after it.

--spoken adds calls and near phrases by voices that no head was trained on, --read hours of Jett's voices reading (slow:
a quarter of the time that they read), --others recordings without the phrase.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy.wake_plot import Point, draw_det
from benchmarks.accuracy.wake_spoken import CALL_CLIPS, studio
from benchmarks.clips import Clip, evenly, packs, read_pack
from benchmarks.report import Figures, emit, table
from jett.app import store
from jett.app.engines import load_stt
from jett.app.training import workplace
from jett.app.wake import WakeWords, load_wake_words, with_wake_phrases
from jett.app.wake_listening import scored
from jett.audio.files import read_audio
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError, ConfigError, JettError
from jett.models.store import Store
from jett.settings import Settings
from jett.tools.wake_phrase import WakePhrase
from jett.training.real_speech import is_for_training
from jett.turns.phrases import normalise
from jett.turns.wake import WakeRule, WakeSpotter

PACKS = (
    *("wake_picovoice", "wake_other", "read_librispeech", "read_misc", "commands_barista"),
    *("speech_librispeech_train100", "words_speechcommands", "noise", "vad_turns", "long"),
)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
CURVE = tuple(1 / (1 + math.exp(-logit / 2)) for logit in range(-12, 15))
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
    named: bool | None = None
    """Whether the transcript holds the name: the second look, taken where the head was sure; None where it was not."""
    trained_on: bool = False
    """Whether the recording is of those that every head is trained on (`training.real_speech`)."""


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


def measure(words: WakeWords, clips: list[tuple[Clip, bool]]) -> list[Heard]:
    """Each clip's scores of the first name."""
    heard = []
    for clip, is_call in clips:
        one = heard_in(words, clip.path.name, clip.pack, read_audio(clip.path), is_call=is_call)
        known = clip.pack in PACKS and is_for_training(clip.pack, clip.speaker or clip.path.name)
        heard.append(replace(one, trained_on=known and not is_call))
    return heard


def heard_in(words: WakeWords, name: str, pack: str, audio: Samples, *, is_call: bool) -> Heard:
    """One sound's scores."""
    scores = tuple(round(frame.scores[0], 5) for frame in scored(words, [audio]))
    return Heard(name, pack, round(audio.size / SAMPLE_RATE_HZ, 3), is_call, scores)


def measure_spoken(words: WakeWords, args: argparse.Namespace) -> list[Heard]:
    """What Jett's voices say, where asked for; packs `spoken clean kokoro`, `spoken near espeak`, `read piper`."""
    heard: list[Heard] = []
    if not args.spoken and not args.read:
        return heard
    models = store(Settings.load())
    with studio(models, words.phrases[0], workplace() / "speech") as voices:
        if args.spoken:
            look = second_look(words, models)
            for one in (*voices.calls(6 if args.quick else CALL_CLIPS), *voices.near(0.05 if args.quick else 1.0)):
                pack, is_call = f"spoken {one.condition} {one.engine}", one.condition != "near"
                found = heard_in(words, one.text, pack, one.sound, is_call=is_call)
                woken = calls_in(found, words.rules[0], words) > 0
                heard.append(replace(found, named=look(one.sound) if woken else None))
        for engine, sound in voices.readings(args.read):
            heard.append(heard_in(words, "", f"read {engine}", sound, is_call=False))
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


def second_look(words: WakeWords, models: Store) -> Callable[[Samples], bool]:
    """What a conversation makes of a call: does the transcript of the sound hold the name?"""
    stt = load_stt(with_wake_phrases(Settings.load(), words.phrases), models)
    after_name = WakePhrase(words.phrases).rest
    return lambda sound: after_name(stt.transcribe(sound).text) is not None


def share_named(heard: list[Heard], pack: str) -> float | None:
    """Percent of the clips of packs that begin so which pass both looks; None of none."""
    passed = [one.named is True for one in heard if one.pack.startswith(pack)]
    return round(100 * sum(passed) / len(passed), 2) if passed else None


def share_woken(heard: list[Heard], pack: str, words: WakeWords, rule: WakeRule) -> float | None:
    """Percent of the clips of packs that begin so which wake it; None of none."""
    woken = [calls_in(one, rule, words) > 0 for one in heard if one.pack.startswith(pack)]
    return round(100 * sum(woken) / len(woken), 2) if woken else None


def spoken_figures(heard: list[Heard], words: WakeWords) -> Figures:
    """Of --spoken and --read; empty without."""
    rule = words.rules[0]
    found: Figures = {}
    for condition in ("clean", "noisy"):
        for engine, key in (("kokoro", ""), ("espeak", "_espeak")):
            share = share_woken(heard, f"spoken {condition} {engine}", words, rule)
            found[f"spoken_miss_percent_{condition}{key}"] = None if share is None else round(100 - share, 2)
    found["near_accepted_percent"] = share_woken(heard, "spoken near", words, rule)
    for engine in ("kokoro", "piper", "espeak"):
        found[f"near_accepted_percent_{engine}"] = share_woken(heard, f"spoken near {engine}", words, rule)
    for condition in ("clean", "noisy"):
        share = share_named(heard, f"spoken {condition} kokoro")
        found[f"both_looks_miss_percent_{condition}"] = None if share is None else round(100 - share, 2)
    found["both_looks_near_accepted_percent"] = share_named(heard, "spoken near")
    found["both_looks_near_accepted_percent_kokoro"] = share_named(heard, "spoken near kokoro")
    return {key: value for key, value in found.items() if value is not None}


def summary(heard: list[Heard], words: WakeWords, phrase: str) -> Figures:
    """The flat figures of recordings and readings."""
    found = counted(heard, words.rules[0], words)
    unseen = counted([one for one in heard if not one.trained_on], words.rules[0], words)
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
        "unseen_negative_hours": round(unseen.hours, 3),
        "unseen_false_alarms": unseen.false_alarms,
    }


def curves(heard: list[Heard], spoken: list[Heard], words: WakeWords) -> dict[str, list[Point]]:
    """Misses against false alarms by threshold, one line a kind of call."""
    kinds = {
        "people": [one for one in heard if one.is_call],
        "new voices, clean": [one for one in spoken if one.pack == "spoken clean kokoro"],
        "new voices, 10 dB of noise in a room": [one for one in spoken if one.pack == "spoken noisy kokoro"],
    }
    others = [one for one in heard if not one.is_call]
    rules = [replace(words.rules[0], threshold=at) for at in (*CURVE, words.rules[0].threshold)]
    alarms = {rule.threshold: counted(others, rule, words).false_alarms_per_hour or 0.0 for rule in rules}
    return {
        kind: [
            Point(rule.threshold, alarms[rule.threshold], counted(calls, rule, words).miss_percent or 0.0)
            for rule in rules
        ]
        for kind, calls in kinds.items()
        if calls
    }


def by_threshold(heard: list[Heard], words: WakeWords) -> list[Counted]:
    """The same at other thresholds."""
    return [counted(heard, replace(words.rules[0], threshold=threshold), words) for threshold in THRESHOLDS]


def by_pack(heard: list[Heard], words: WakeWords) -> list[list[object]]:
    """Where the false alarms are: pack, hours, alarms."""
    packs_of = dict.fromkeys(one.pack for one in heard if not one.is_call)
    found = {pack: counted([one for one in heard if one.pack == pack], words.rules[0], words) for pack in packs_of}
    return [[pack, round(each.hours, 3), each.false_alarms] for pack, each in found.items()]


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        words = loaded(args)
        phrase = args.phrase or words.phrases[0]
        heard = measure(words, chosen(args, phrase))
        spoken = measure_spoken(words, args)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    heard += [one for one in spoken if one.pack.startswith("read")]
    figures = summary(heard, words, phrase) | spoken_figures(spoken, words)
    others = by_threshold(heard, words)
    rows = [[each.threshold, each.miss_percent, each.false_alarms, each.false_alarms_per_hour] for each in others]
    text = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    text += "\n\n" + table(by_pack(heard, words), ["without a call", "hours", "false alarms"])
    text += "\n\n" + table(rows, ["threshold", "missed, %", "false alarms", "an hour"])
    if args.png:
        draw_det(curves(heard, spoken, words), words.rules[0].threshold, args.png)
    details = {"thresholds": [asdict(each) for each in others], "clips": [asdict(one) for one in (*heard, *spoken)]}
    emit(figures, text, as_json=args.json, save=args.save, details=details)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
