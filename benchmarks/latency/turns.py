"""Time to first audio from the true end of speech, over recorded requests at the pace of real time.

    python benchmarks/latency/turns.py                 all there is: clips, barge-in, echo, idle, engines (50 minutes)
    python benchmarks/latency/turns.py --quick         3 clips, under a minute
    python benchmarks/latency/turns.py --clips DIR     any folder with a manifest.tsv
    python benchmarks/latency/turns.py --only clips    one scene of it

Also `jett bench latency`. Keep the machine otherwise idle. `--peer FILE` reads a Pipecat run's JSON for the ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.clips import Clip, data_folder, evenly, read_pack
from benchmarks.latency.scenes import ClipResult, barge_in, echo, idle, original_way, request
from benchmarks.report import Figures, emit, percentile, table
from benchmarks.targets import compared
from jett.app import open_app
from jett.cli.failures import report
from jett.core.errors import ConfigError, JettError
from jett.core.events import STAGES
from jett.settings import Settings


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench latency", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="3 clips, under a minute")
    parser.add_argument("--no-original", action="store_true", help="leave the original loop's way out")
    parser.add_argument("--clips", type=Path, help="a folder with a manifest.tsv, all its clips")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON, with every clip, to this file")
    parser.add_argument("--png", type=Path, help="draw the plot to this file")
    parser.add_argument("--peer", type=Path, help="JSON of the Pipecat baseline on the same clips")
    parser.add_argument("--only", choices=("clips", "barge-in", "echo", "idle"), help="one scene alone")
    return parser.parse_args(argv)


def chosen(args: argparse.Namespace) -> tuple[list[Clip], list[Clip]]:
    """The clips to play, all of which count for cut-offs, and those of them whose time to first audio counts."""
    if args.clips is not None:
        clips = read_pack(args.clips)
        clips = evenly(clips, 3) if args.quick else clips
        return clips, clips
    barista, libri = (read_pack(data_folder() / name) for name in ("commands_barista", "read_librispeech"))
    if args.quick:
        few = evenly(barista, 2) + evenly(libri, 1)
        return few, few
    return barista + libri, evenly(barista, 30) + evenly(libri, 20)


async def measure(args: argparse.Namespace) -> tuple[Figures, list[ClipResult]]:
    """Run what was asked for."""
    figures: Figures = {}
    results: list[ClipResult] = []
    settings = Settings.load()
    async with open_app(settings) as app:
        figures["voice"] = app.voice_reason
        if args.only in (None, "clips"):
            clips, timed = chosen(args)
            for clip in clips:
                result = await request(app, clip)
                result.timed = clip in timed
                if result.timed and not args.no_original:
                    result.original_ms = await original_way(app, clip, result.true_end_s)
                results.append(result)
                note(result)
            figures |= summary(results)
        if args.quick:
            return figures, results
        if args.only in (None, "barge-in"):
            figures |= await barge_in(app)
        if args.only in (None, "echo"):
            figures |= await echo(app)
        if args.only in (None, "idle"):
            figures |= await idle(app)
    return figures, results


def note(result: ClipResult) -> None:
    """A line of progress on standard error."""
    cut = f", cut off ×{result.cutoffs}" if result.cutoffs else ""
    ttfa = "no answer" if result.ttfa_ms is None else f"{result.ttfa_ms:.0f} ms"
    sys.stderr.write(f"{result.pack}/{result.file}: {ttfa}{cut}\n")


def summary(results: list[ClipResult]) -> Figures:
    """The flat figures: cut-offs of all clips, times of those that are timed."""
    timed = [r for r in results if r.timed]
    ttfa = [r.ttfa_ms for r in timed if r.ttfa_ms is not None]
    figures: Figures = {
        "clips": len(results),
        "timed": len(timed),
        "answered": len(ttfa),
        "ttfa_p50_ms": percentile(ttfa, 50),
        "ttfa_p95_ms": percentile(ttfa, 95),
        "late_ticks": sum(r.late_ticks for r in results),
    }
    original = [r.original_ms for r in results if r.original_ms is not None]
    if original:
        figures |= {"original_ttfa_p50_ms": percentile(original, 50), "original_ttfa_p95_ms": percentile(original, 95)}
    figures |= cutoffs(results, "")
    for pack in sorted({r.pack for r in results}):
        of_pack = [r for r in results if r.pack == pack]
        answered = [r.ttfa_ms for r in of_pack if r.timed and r.ttfa_ms is not None]
        figures |= {f"{pack}_ttfa_p50_ms": percentile(answered, 50), f"{pack}_ttfa_p95_ms": percentile(answered, 95)}
        figures |= cutoffs(of_pack, f"{pack}_")
    for stage in STAGES[1:]:
        values = [r.stages_ms[stage] for r in timed if stage in r.stages_ms]
        figures |= {f"stage_{stage}_p50_ms": percentile(values, 50), f"stage_{stage}_p95_ms": percentile(values, 95)}
    return figures


def cutoffs(results: list[ClipResult], prefix: str) -> Figures:
    """How many were cut off, how fast Jett fell silent, and whether all were answered as a whole."""
    cut = [r for r in results if r.cutoffs]
    stops = [ms for r in cut for ms in r.silenced_ms]
    return {
        f"{prefix}cutoff_percent": round(100 * len(cut) / max(1, len(results)), 1),
        f"{prefix}cutoff_clips": len(cut),
        f"{prefix}cutoff_silenced_worst_ms": round(max(stops), 1) if stops else None,
        f"{prefix}cutoff_not_answered_whole": sum(not r.answered_whole for r in cut),
    }


def against_peer(figures: Figures, peer: Path) -> Figures:
    """Ratios to the run of which `peer` is the JSON, as the baseline writes it: seconds. Raises ConfigError."""
    try:
        found = json.loads(peer.read_text(encoding="utf-8"))["summary"]["ttfa"]
        p50, p95 = round(float(found["p50"]) * 1000, 1), round(float(found["p95"]) * 1000, 1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"bench: '{peer}' is no run of the Pipecat baseline, need its --out file") from error
    mine50, mine95 = figures.get("ttfa_p50_ms"), figures.get("ttfa_p95_ms")
    if not isinstance(mine50, float) or not isinstance(mine95, float):
        return {}
    return {
        "peer_ttfa_p50_ms": p50,
        "peer_ttfa_p95_ms": p95,
        "peer_ratio_p50": round(mine50 / p50, 3),
        "peer_ratio_p95": round(mine95 / p95, 3),
    }


def engines() -> Figures:
    """Speech-to-text, language model and voice, each alone, by their own benchmarks."""
    from benchmarks.accuracy import stt
    from benchmarks.latency import llm, tts

    heard, (answered, _) = stt.summary(stt.measure(stt.chosen(stt.options([])))), llm.run()
    return {**heard, **answered, **tts.figures(tts.measure_all()[0])}


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        if args.peer is not None:
            against_peer({}, args.peer)  # a wrong file is told before the run, not after it
        figures, results = anyio.run(measure, args)
        figures |= against_peer(figures, args.peer) if args.peer is not None else {}
        if not (args.quick or args.only or args.clips):
            figures |= {key: value for key, value in engines().items() if key not in figures}
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    if args.png is not None and results:
        from benchmarks.latency.plot import draw

        draw([result for result in results if result.timed], args.png)
    every = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    text = f"{every}\n\n{compared(figures)}"
    emit(figures, text, as_json=args.json, save=args.save, details=[r.flat() for r in results])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
