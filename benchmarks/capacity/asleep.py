"""What a sleeping Jett costs, and how soon it listens once it was called.

    python benchmarks/capacity/asleep.py                 two minutes of quiet, five of talk, 24 calls (about 9 minutes)
    python benchmarks/capacity/asleep.py --quick         10 s of each, 6 calls
    python benchmarks/capacity/asleep.py --only waking   the calls alone (`benchmarks/latency/waking.py`)
    python benchmarks/capacity/asleep.py --live          through a sound card in place of a recording
    python benchmarks/capacity/asleep.py --head FILE     another head than the one that ships

Also `jett bench asleep`. A real `jett talk --input` sleeps through a recording at the pace of real time: a quiet room,
then people who talk without its name; processor time and memory are taken from outside, all its processes together.
With `--live` it is `jett talk` with a microphone and a speaker, on a virtual sound card (Linux, root, PulseAudio) whose
own work is not counted; the figures are `asleep_live_…` then.

| figure | what |
|---|---|
| asleep_core_percent, asleep_quiet_core_percent | that process beside people who talk, and in the quiet room |
| asleep_player_core_percent | the recording's player alone, in place of a microphone and awake: in ticks of 20 ms |
| asleep_detector_core_percent, …_quiet_… | the wake word's own work, without a conversation around it |
| asleep_memory_mb | a process with the wake word alone; asleep_memory_before_mb: before that was loaded |
| asleep_whole_rss_mb, asleep_whole_pss_mb | `jett talk` with all engines loaded, which wait to be called |

MB are millions of bytes. Keep the machine otherwise idle.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import anyio
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.capacity.asleep_ears import quiet_room
from benchmarks.clips import CHECKOUT
from benchmarks.latency import waking
from benchmarks.process import HANG_LIMIT_S, Jett
from benchmarks.report import Figures, emit, table
from benchmarks.targets import ASLEEP, compared
from jett.app import store
from jett.app.wake import load_wake_words
from jett.audio.files import read_audio, write_wav
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import EngineError, JettError
from jett.settings import Settings

TALK = tuple(CHECKOUT / "tests" / "data" / "wake" / f"nobody_called_{what}.ogg" for what in ("meeting", "reading"))
"""Ten minutes of people who talk of other things."""
SHIPPED = "hey_jett"
_SETTLE_S = 5.0
"""From the start until nothing of it is left, and the detector rests where it is quiet."""
_SAMPLE_S = 1.0
_QUICK_S, _WHOLE_S = (10.0, 10.0), (120.0, 300.0)
"""Of quiet, and of talk."""
_QUICK_CALLS, _CALLS = 6, 24
_FED_MS = 400
"""So far ahead the virtual card is fed, so that nobody but Jett decides how short its blocks are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look from outside."""

    at_s: float
    used_s: float
    """Processor time so far."""
    rss: int
    pss: int
    """Bytes."""


@dataclass
class Slept:
    """One `jett talk` that slept, or should have."""

    quiet_s: float
    talk_s: float
    samples: list[Sample] = field(default_factory=list)
    answered: int = 0
    """Turns; it should have none."""
    live: bool = False
    """Through a sound card."""

    def percent(self, from_s: float, until_s: float) -> float:
        """Of one core, between two moments."""
        seen = [sample for sample in self.samples if from_s <= sample.at_s <= until_s]
        if len(seen) < 2:
            raise EngineError("bench: jett talk ended too soon; run it again")
        return 100 * (seen[-1].used_s - seen[0].used_s) / (seen[-1].at_s - seen[0].at_s)

    def figures(self) -> Figures:
        talk_from_s = _SETTLE_S + self.quiet_s
        way = "asleep_live" if self.live else "asleep"
        return {
            f"{way}_core_percent": round(self.percent(talk_from_s, talk_from_s + self.talk_s), 2),
            f"{way}_quiet_core_percent": round(self.percent(_SETTLE_S, talk_from_s), 2),
            "asleep_whole_rss_mb": _mb(max(sample.rss for sample in self.samples)),
            "asleep_whole_pss_mb": _mb(max(sample.pss for sample in self.samples)),
            "asleep_false_calls": self.answered,
        }


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench asleep", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="10 s of quiet and of talk, 6 calls")
    parser.add_argument("--only", choices=("cost", "waking"), help="one half alone")
    parser.add_argument("--live", action="store_true", help="through a virtual sound card (Linux, root, PulseAudio)")
    parser.add_argument("--head", default=SHIPPED, help="a head by name or file; else the one that ships")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON, with each call and each second, to this file")
    parser.add_argument("--png", type=Path, help="draw the cost over time, and the calls, into this file")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        models = store(Settings.load())
        load_wake_words(Settings.load(), models, (args.head,))  # a wrong head is told before the run
        slept = (
            None if args.only == "waking" else sleep_through(args.head, models.root, quick=args.quick, live=args.live)
        )
        figures = {} if slept is None else slept.figures() | ears(args.head, slept.talk_s)
        calls = (
            [] if args.only == "cost" else anyio.run(waking.measure, args.head, _QUICK_CALLS if args.quick else _CALLS)
        )
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    figures |= waking.figures(calls) if calls else {}
    if args.png is not None:
        from benchmarks.capacity.asleep_plot import draw

        draw(slept, calls, args.png)
    every = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    details = {"slept": asdict(slept) if slept else None, "calls": [asdict(call) for call in calls]}
    emit(figures, f"{every}\n\n{compared(figures, ASLEEP)}", as_json=args.json, save=args.save, details=details)
    return 0


def sleep_through(head: str, models: Path, *, quick: bool, live: bool = False) -> Slept:
    """A real `jett talk` that hears a quiet room and then talk. Raises EngineError where it does not start."""
    slept = Slept(*(_QUICK_S if quick else _WHOLE_S), live=live)
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        write_wav(folder / "night.wav", night(slept), SAMPLE_RATE_HZ)
        env = {"JETT_WAKE__ENABLED": "true", "JETT_WAKE__WORDS": json.dumps([_absolute(head)])}
        with (_through_a_card if live else _from_a_file)(Jett(folder, models), env) as process:
            slept.samples = watched(process, _SETTLE_S + slept.quiet_s + slept.talk_s)
            if live:
                process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=HANG_LIMIT_S)
    slept.answered = sum("transcript" in json.loads(line) for line in told.splitlines())
    return slept


@contextmanager
def _from_a_file(jett: Jett, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """It has loaded, and hears `night.wav`."""
    process = jett.start("talk", "--input", "night.wav", "--json", **env)
    with _ended(process):
        _wait_until_loaded(process)
        yield process


@contextmanager
def _through_a_card(jett: Jett, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The same through a microphone, into which that file is played, and with a speaker."""
    from tests.system.sound_card import sound_card, why_no_sound_card

    if missing := why_no_sound_card():
        raise EngineError(f"bench: no virtual sound card ({missing}); leave out --live")
    with sound_card(latency_ms=_FED_MS) as card:
        process = jett.start("talk", "--json", **env, PULSE_SERVER=card.env["PULSE_SERVER"])
        with _ended(process):
            _wait_until_it_sleeps(process)
            with _ended(card.start_speaking(jett.folder / "night.wav")):
                yield process


@contextmanager
def _ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens, it does not outlive the block."""
    try:
        yield
    finally:
        process.kill()
        process.wait(HANG_LIMIT_S)


def night(slept: Slept) -> Samples:
    """A microphone's own noise, then people; a little more than is looked at."""
    talk = np.concatenate([read_audio(path) for path in TALK])
    return np.concatenate(
        [quiet_room(_SETTLE_S + slept.quiet_s), talk[: round((slept.talk_s + 2 * _SAMPLE_S) * SAMPLE_RATE_HZ)]]
    )


def watched(process: subprocess.Popen[str], until_s: float) -> list[Sample]:
    """Looks at it and at what it started, once a second, until the time is over or it ends."""
    root, began_s = psutil.Process(process.pid), time.monotonic()
    samples: list[Sample] = []
    while process.poll() is None and (at_s := time.monotonic() - began_s) <= until_s + _SAMPLE_S / 2:
        everybody = [root, *root.children(recursive=True)]
        times = [each.cpu_times() for each in everybody]
        memory = [each.memory_full_info() for each in everybody]
        used_s = sum(each.user + each.system for each in times)
        pss = sum(getattr(each, "pss", each.rss) for each in memory)
        samples.append(Sample(at_s, used_s, sum(each.rss for each in memory), pss))
        time.sleep(_SAMPLE_S)
    return samples


def _wait_until_loaded(process: subprocess.Popen[str]) -> None:
    """It says "loading …", and then what it loaded."""
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(2)]
    if not said[-1] or process.poll() is not None:
        raise EngineError(f"bench: jett talk did not start ({(said[-1] or said[0]).strip()}); run it by itself")


def _wait_until_it_sleeps(process: subprocess.Popen[str]) -> None:
    """It says so once sound comes in."""
    assert process.stderr is not None
    said = ""
    for said in process.stderr:
        if "Jett sleeps" in said:
            return
    raise EngineError(f"bench: jett talk did not start ({said.strip()}); run it by itself")


def ears(head: str, seconds: float) -> Figures:
    """What listening for the name takes by itself, in a process of its own. Raises EngineError."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.capacity.asleep_ears",
            _absolute(head),
            str(TALK[0]),
            str(min(seconds, 240.0)),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise EngineError(f"bench: the wake word alone failed ({done.stderr.strip().splitlines()[-1:]}); run it again")
    found: dict[str, float] = json.loads(done.stdout)
    return {
        "asleep_detector_core_percent": round(found["talk_percent"], 2),
        "asleep_detector_quiet_core_percent": round(found["quiet_percent"], 2),
        "asleep_player_core_percent": round(found["player_percent"], 2),
        "asleep_memory_mb": _mb(found["rss"]),
        "asleep_memory_pss_mb": _mb(found["pss"]),
        "asleep_memory_before_mb": _mb(found["before"]),
    }


def _absolute(head: str) -> str:
    """A file is meant from here, and not from where the other process runs."""
    return str(Path(head).resolve()) if Path(head).is_file() else head


def _mb(size_bytes: float) -> float:
    return round(size_bytes / 1e6, 1)


if __name__ == "__main__":
    raise SystemExit(main())
