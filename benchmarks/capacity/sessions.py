"""Conversations at once on this machine: time to first audio of each, and from how many on its P95 doubles.

    python benchmarks/capacity/sessions.py             1, 2, 3, 4, 6 and 8 at once, 12 requests each (about 15 minutes)
    python benchmarks/capacity/sessions.py --quick     1, 2 and 4 at once, 2 requests each
    python benchmarks/capacity/sessions.py --sessions 1,4

Also `jett bench sessions`. Each conversation has a seat, as over the network, and hears recorded requests one after
another at the pace of real time, begun at a moment of its own; each reply is stopped soon after it begins. Keep the
machine otherwise idle. With more than one, each engine's share of the time says what is in the way.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

import anyio
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.clips import Clip, data_folder, evenly, read_pack
from benchmarks.report import Figures, emit, percentile, table
from benchmarks.stage import converse
from jett.app import App, open_app
from jett.app.seats import open_seats, seat_settings
from jett.audio.files import read_audio
from jett.cli.failures import report
from jett.core.errors import ConfigError, JettError
from jett.core.events import TurnReport
from jett.guard import Identity, Kind
from jett.session.parts import ConversationSettings, Parts
from jett.session.seats import Seats
from jett.session.worker import Caller, Workers
from jett.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

_APART_S = 1.37
"""Between the beginnings of two conversations, so that they do not pause together."""
_ENOUGH_S = 0.5
_WHO = Identity(Kind.DASHBOARD, "bench")


@dataclass
class Load:
    """So many conversations at once, and what was seen of them."""

    sessions: int
    reports: list[TurnReport] = field(default_factory=list)
    busy_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("stt", "turn", "tts"), 0.0))
    wall_s: float = 0.0
    late_ticks: int = 0
    cpu_percent: float = 0.0
    asked: int = 0

    def figures(self) -> Figures:
        """Flat, with how many conversations in each key."""
        ttfa = [found.ttfa_ms for found in self.reports if found.ttfa_ms is not None]
        figures: Figures = {"ttfa_p50_ms": percentile(ttfa, 50), "ttfa_p95_ms": percentile(ttfa, 95)}
        for stage in ("stt_final", "llm_first_token", "tts_first_audio", "commit"):
            times = [found.stages_ms[stage] for found in self.reports if stage in found.stages_ms]
            figures[f"{stage}_p50_ms"] = percentile(times, 50)
        figures |= {"asked": self.asked, "answered": len(ttfa), "late_ticks": self.late_ticks}
        figures |= {f"{name}_busy_percent": round(100 * s / self.wall_s, 1) for name, s in self.busy_s.items()}
        figures["cpu_percent"] = round(self.cpu_percent, 1)
        return {f"sessions{self.sessions}_{name}": value for name, value in figures.items()}


@dataclass(frozen=True)
class Counted:
    """Port Caller: another, with the time its engine works summed up."""

    caller: Caller
    name: str
    load: Load

    @property
    def busy(self) -> bool:
        return self.caller.busy

    def within(self, needed_in_s: float) -> Counted:
        return replace(self, caller=self.caller.within(needed_in_s))

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def timed() -> T:
            began_s = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.load.busy_s[self.name] += perf_counter() - began_s

        return await self.caller.call(timed)


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench sessions", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1, 2 and 4 at once, 2 requests each")
    parser.add_argument("--sessions", help="how many at once, such as 1,2,4")
    parser.add_argument("--requests", type=int, help="requests to each conversation")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON to this file")
    return parser.parse_args(argv)


def chosen(args: argparse.Namespace) -> tuple[list[int], int]:
    """How many at once, one after another; and how many requests to each. Raises ConfigError."""
    text = args.sessions or ("1,2,4" if args.quick else "1,2,3,4,6,8")
    try:
        counts = [int(count) for count in text.split(",")]
    except ValueError:
        counts = []
    if not counts or not all(1 <= count <= 64 for count in counts):
        raise ConfigError(f"bench: --sessions {text} is no list of numbers from 1 to 64; write it as 1,2,4")
    return counts, args.requests or (2 if args.quick else 12)


async def measure(args: argparse.Namespace) -> Figures:
    """Each load after the other, on the same engines."""
    counts, requests = chosen(args)
    settings = Settings.load(overrides={"server.most_sessions": 64})
    clips = evenly(read_pack(data_folder() / "commands_barista"), requests)
    figures: Figures = {"cores": os.cpu_count(), "requests_each": requests}
    loads: list[Load] = []
    async with open_app(settings) as app, open_seats(app) as seats:
        figures["session_kib"] = await memory_of_a_seat(seats)
        for count in counts:
            loads.append(await loaded(app, seats, count, clips))
            sys.stderr.write(f"{count} at once: {loads[-1].figures()}\n")
            figures |= loads[-1].figures()
    return figures | {"sessions_before_p95_doubles": before_doubling(loads)}


async def memory_of_a_seat(seats: Seats[Identity], count: int = 20) -> float:
    """KiB that one more seat takes, without what is said in it."""
    process = psutil.Process()
    taken = []
    before = int(process.memory_info().rss)
    for _ in range(count):
        seat = seats.take(_WHO)
        await seat.__aenter__()
        taken.append(seat)
    grown = int(process.memory_info().rss) - before
    for seat in reversed(taken):
        await seat.__aexit__(None, None, None)
    return round(grown / count / 1024, 1)


async def loaded(app: App, seats: Seats[Identity], count: int, clips: Sequence[Clip]) -> Load:
    """`count` conversations at once, each hearing all `clips`, each from another one on."""
    load = Load(count)
    process = psutil.Process()
    process.cpu_percent()
    began_s = perf_counter()
    async with anyio.create_task_group() as tasks:
        for number in range(count):
            turned = [*clips[number % len(clips) :], *clips[: number % len(clips)]]
            tasks.start_soon(_conversations, app, seats, turned, load, number * _APART_S)
    load.wall_s, load.cpu_percent = perf_counter() - began_s, process.cpu_percent()
    return load


async def _conversations(app: App, seats: Seats[Identity], clips: Sequence[Clip], load: Load, begin_s: float) -> None:
    await anyio.sleep(begin_s)
    settings = seat_settings(app.settings)
    async with seats.take(_WHO) as seat:
        counted: dict[str, Any] = {name: Counted(getattr(seat.workers, name), name, load) for name in load.busy_s}
        for clip in clips:
            await _request(seat.parts, Workers(**counted), settings, clip, load)


async def _request(parts: Parts, workers: Workers, settings: ConversationSettings, clip: Clip, load: Load) -> None:
    seen = await converse(parts, settings, read_audio(clip.path), enough_s=_ENOUGH_S, workers=workers)
    load.asked += 1
    load.late_ticks += seen.late_ticks
    load.reports += seen.reports[:1]


def before_doubling(loads: Sequence[Load]) -> int | None:
    """The most at once whose P95 is less than twice that of the fewest; None where it was never told apart."""
    p95 = {load.sessions: load.figures()[f"sessions{load.sessions}_ttfa_p95_ms"] for load in loads}
    least = p95[min(p95)]
    kept = None
    for count in sorted(p95):
        value = p95[count]
        if not isinstance(value, float) or not isinstance(least, float) or value >= 2 * least:
            break
        kept = count
    return kept


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        figures = anyio.run(measure, args)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    every = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    emit(figures, every, as_json=args.json, save=args.save)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
