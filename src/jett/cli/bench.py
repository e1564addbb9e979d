"""`jett bench`: runs a benchmark of the checkout this Jett was installed from. Measures nothing itself."""

from __future__ import annotations

import importlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import jett
from jett.core.errors import ConfigError

EPILOG = (
    "Examples: jett bench  ·  jett bench stt --quick --json  ·  jett bench latency --clips recordings --png turns.png"
)
"""A benchmark may have options of its own."""


class Benchmark(StrEnum):
    """What can be measured."""

    LATENCY = "latency"
    STT = "stt"
    WAKE = "wake"
    ASLEEP = "asleep"
    LLM = "llm"
    TTS = "tts"
    VRAM = "vram"
    COMMANDS = "commands"
    HISTORY = "history"
    SESSIONS = "sessions"
    WEBSOCKETS = "websockets"
    BROWSER = "browser"
    SPEAKER = "speaker"


MODULES = {
    Benchmark.LATENCY: "benchmarks.latency.turns",
    Benchmark.STT: "benchmarks.accuracy.stt",
    Benchmark.WAKE: "benchmarks.accuracy.wake",
    Benchmark.ASLEEP: "benchmarks.capacity.asleep",
    Benchmark.LLM: "benchmarks.latency.llm",
    Benchmark.TTS: "benchmarks.latency.tts",
    Benchmark.VRAM: "benchmarks.capacity.vram",
    Benchmark.COMMANDS: "benchmarks.latency.commands",
    Benchmark.HISTORY: "benchmarks.capacity.history",
    Benchmark.SESSIONS: "benchmarks.capacity.sessions",
    Benchmark.WEBSOCKETS: "benchmarks.capacity.websockets",
    Benchmark.BROWSER: "benchmarks.browser.bench",
    Benchmark.SPEAKER: "benchmarks.accuracy.speaker",
}
_NAMES = ", ".join(each.value for each in Benchmark)
_WITH_CLIPS = (Benchmark.LATENCY, Benchmark.STT, Benchmark.WAKE)
_WITH_PNG = (Benchmark.LATENCY, Benchmark.WAKE, Benchmark.ASLEEP, Benchmark.SPEAKER)


def bench(
    ctx: typer.Context,
    name: Annotated[
        Benchmark,
        typer.Argument(help=f"What to measure: {_NAMES}.", metavar="NAME"),
    ] = Benchmark.LATENCY,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute, for a first impression.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Flat JSON on stdout, such as ttfa_p50_ms.")] = False,
    clips: Annotated[
        Path | None,
        typer.Option(help="A folder of recordings with a manifest.tsv, for latency, stt and wake.", metavar="DIR"),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(help="Draw the result into this file, for latency, wake, asleep and speaker.", metavar="FILE"),
    ] = None,
) -> None:
    """Measure this machine: latency (the whole loop, from true end of speech to first sound), or one part of it.

    All take --quick and --json. Further options go to the benchmark; `jett bench latency -- --help` lists its own.
    """
    _refuse("--clips", clips, name, _WITH_CLIPS)
    _refuse("--png", png, name, _WITH_PNG)
    words = ["--quick"] * quick + ["--json"] * as_json
    words += ["--clips", str(clips)] if clips else []
    words += ["--png", str(png)] if png else []
    code = load(name, checkout()).main([*words, *ctx.args])
    raise typer.Exit(code)


def _refuse(option: str, value: Path | None, name: Benchmark, takers: tuple[Benchmark, ...]) -> None:
    """Raises ConfigError when `name` has no use for an option that was given."""
    if value is not None and name not in takers:
        listed = ", ".join(takers[:-1]) + " and " * (len(takers) > 1) + takers[-1]
        do = "does" if len(takers) == 1 else "do"
        raise ConfigError(f"bench: {name} takes no {option}, only {listed} {do}; leave it out")


def checkout() -> Path:
    """The checkout with the benchmarks. Raises ConfigError when Jett was installed without one."""
    root = Path(jett.__file__).parents[2]
    if not (root / "benchmarks" / "__init__.py").is_file():
        raise ConfigError(
            "bench: the benchmarks are not part of an installed package; clone Jett's repository and run "
            "`make bench` there"
        )
    return root


def load(name: Benchmark, root: Path) -> Any:
    """The benchmark's module. Raises ConfigError when it, or what it measures with, is not there."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        return importlib.import_module(MODULES[name])
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"bench: '{error.name}' is not installed, and {name.value} needs it; run `make bench`, "
            "or, in the clone's folder: pip install --require-hashes -r requirements/dev.txt"
        ) from error
