"""How well Jett tells whose voice it is, and what fools it.

    jett bench speaker [--data DIR] [--json] [--png FILE] [--quick] [--enrolment]

Each condition is the same trials: who is enrolled, with three clean utterances of 2-3 s, and who comes with one. Then
what is not a person at all: a recording of the enrolled speaker that is played in a room, which is that voice and is
accepted, Jett's own voices, which imitate nobody in particular, and a sentence that the enrolled speaker begins and
somebody else ends. A clone of somebody's voice is not tried.
With --enrolment instead: who may be enrolled (`speaker_enrolment`).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy import speaker_enrolment
from benchmarks.accuracy.speaker_attacks import (
    NO_ROOM,
    imitations,
    in_noise,
    in_room,
    louder,
    replayed,
    sounds,
    spliced,
    synthetic_places,
)
from benchmarks.accuracy.speaker_trials import (
    Scores,
    came_changed,
    disjoint_rates,
    enrol,
    equal_error,
    pairs,
    rates,
    read_utterances,
    split,
    trials,
)
from benchmarks.clips import data_folder
from benchmarks.report import Figures, emit, percentile, table
from jett.app import store
from jett.app.voice_identity import load_encoder
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ
from jett.core.errors import JettError
from jett.core.ports import SpeakerEncoder
from jett.settings import Settings

_QUICK_FILES = 12
_QUICK_VOICES, _VOICES = 2, 18
_TIMED_S = 3.0
_ROUNDS = 20


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench speaker", description="Whose voice it is, and what fools that.")
    parser.add_argument("--data", type=Path, help="the folder of the packs, with rir and noise")
    parser.add_argument("--quick", action="store_true", help="some speakers, three voices, under a minute")
    parser.add_argument("--enrolment", action="store_true", help="who may be enrolled, by the limit; nothing else")
    parser.add_argument("--png", type=Path, help="draw the errors against each other into this file")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON to this file")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Measure, print; the exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        data = args.data or data_folder()
        if args.enrolment:
            encoder = load_encoder(store(Settings.load()))
            figures = speaker_enrolment.measured(data, encoder, quick=args.quick)
            emit(figures, speaker_enrolment.shown(figures), as_json=args.json, save=args.save)
            return 0
        figures, conditions = measured(data, quick=args.quick)
        if args.png:
            from benchmarks.accuracy.speaker_plot import draw

            draw(conditions, float(figures["speaker_threshold"] or 0), args.png)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    emit(figures, shown(figures), as_json=args.json, save=args.save)
    return 0


def measured(data: Path, *, quick: bool) -> tuple[Figures, dict[str, tuple[Scores, Scores]]]:
    """The figures, and each condition's scores of the same speaker and of others. Raises JettError."""
    settings = Settings.load()
    models, threshold = store(settings), settings.speaker.threshold
    encoder = load_encoder(models)
    utterances = read_utterances(data, encoder, most_files=_QUICK_FILES if quick else None)
    profiles = enrol(utterances)
    rooms, noises = sounds(data, "rir"), sounds(data, "noise")
    clean = trials(profiles, utterances)
    changes = {"other levels": louder(12), "10 dB noise": in_noise(noises, 10), "room": in_room(rooms)}
    conditions = {"clean": split(clean)}
    for name, changed in changes.items():
        conditions[name] = split(came_changed(profiles, utterances, encoder, changed))
    conditions["clip against clip"] = split(pairs(utterances))
    replays = {
        "near": split(came_changed(profiles, utterances, encoder, replayed([NO_ROOM])))[0],
        "across_room": split(came_changed(profiles, utterances, encoder, replayed(rooms)))[0],
    }
    voices = synthetic_places(encoder, models, _QUICK_VOICES if quick else _VOICES)
    fooled = imitations(profiles, voices)
    wholes, taken = spliced(profiles, utterances, encoder, threshold)
    figures: Figures = {
        "speaker_threshold": threshold,
        "speaker_speakers": len({each.speaker for each in utterances}),
        "speaker_profiles": len(profiles),
        "speaker_trials_same": int(conditions["clean"][0].size),
        "speaker_trials_others": int(conditions["clean"][1].size),
    }
    for name, (same, others) in conditions.items():
        figures |= _figures(f"speaker_{name.replace(' ', '_')}", same, others, threshold)
    figures["speaker_eer_percent"] = figures["speaker_clean_eer_percent"]
    figures |= dict(zip(("speaker_disjoint_rejected_percent", "speaker_disjoint_accepted_percent"),
                        (_known(rate) for rate in disjoint_rates(clean)), strict=True))  # fmt: skip
    return figures | {
        **{f"speaker_replay_{how}_accepted_percent": round(float(np.mean(replay >= threshold)) * 100, 2)
           for how, replay in replays.items()},
        "speaker_imitation_voices": len(voices),
        "speaker_imitation_accepted_percent": round(float(np.mean(fooled >= threshold)) * 100, 2),
        "speaker_imitation_profiles_fooled_percent": round(float(np.mean((fooled >= threshold).any(1))) * 100, 2),
        "speaker_imitation_nearest": round(float(fooled.max()), 3),
        "speaker_spliced_trials": len(taken),
        "speaker_spliced_whole_accepted_percent": round(float(np.mean(np.array(wholes) >= threshold)) * 100, 2),
        "speaker_spliced_accepted_percent": round(float(np.mean(taken)) * 100, 2),
        "speaker_ms_for_3_s": _took_ms(encoder, utterances[0].sound),
    }, conditions  # fmt: skip


def _figures(key: str, same: Scores, others: Scores, threshold: float) -> Figures:
    eer, at = equal_error(same, others)
    rejected, accepted = rates(same, others, threshold)
    return {
        f"{key}_eer_percent": round(eer, 2),
        f"{key}_eer_threshold": round(at, 3),
        f"{key}_rejected_percent": round(rejected, 2),
        f"{key}_accepted_percent": round(accepted, 2),
    }


def _known(rate: float) -> float | None:
    """Rounded; none of too few speakers, since NaN is no JSON."""
    return None if np.isnan(rate) else round(rate, 2)


def _took_ms(encoder: SpeakerEncoder, sound: np.ndarray) -> float | None:
    """CPU time of judging 3 s of speech, P50: the pause around speech is looked for, and the voice placed."""
    speech = np.resize(sound, round(_TIMED_S * SAMPLE_RATE_HZ))
    took = []
    for _ in range(_ROUNDS):
        began_s = time.process_time()
        encoder.voiced(speech)
        encoder.embed(speech)
        took.append((time.process_time() - began_s) * 1000)
    return percentile(took, 50)


def shown(figures: Figures) -> str:
    """The tables for people."""
    names = ("clean", "other levels", "10 dB noise", "room", "clip against clip")
    parts = ("eer_percent", "eer_threshold", "rejected_percent", "accepted_percent")
    rows = [[name, *(figures[f"speaker_{name.replace(' ', '_')}_{part}"] for part in parts)] for name in names]
    head = ["what comes", "equal error, %", "at", "rejected at the threshold, %", "accepted, %"]
    in_rows = {f"speaker_{name.replace(' ', '_')}_{part}" for name in names for part in parts}
    others = [
        [key.removeprefix("speaker_").replace("_", " "), value] for key, value in figures.items() if key not in in_rows
    ]
    return f"{table(rows, head)}\n\n{table(others, ['figure', 'measured'])}"


if __name__ == "__main__":
    sys.exit(main())
