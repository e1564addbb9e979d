"""The Talk page in a real Chromium: how much later it answers than `jett talk`, and how fast it falls silent.

    python benchmarks/browser/bench.py                 15 clips both ways, 20 interruptions (about 11 minutes)
    python benchmarks/browser/bench.py --quick         3 clips, 4 interruptions
    python benchmarks/browser/bench.py --only clips    one scene of it

Also `jett bench browser`. A real `jett serve` with the profile cpu and settings of its own, and a recording in place of
the browser's microphone. Counted is from the clip's true end of speech, found in what the page heard, to the first
sample of the reply that the page hands to its output, on the page's audio clock; what the output adds is stated apart.
Keep the machine otherwise idle.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.browser.chromium import MISSING, Browsers, chromium
from benchmarks.browser.scenes import Compared, Flush, compare, interruptions
from benchmarks.clips import Clip, data_folder, evenly, read_pack
from benchmarks.house import House
from benchmarks.report import Figures, emit, percentile, table
from benchmarks.targets import BROWSER, compared
from jett.app import load_vad, needed_models
from jett.cli.failures import report
from jett.core.errors import ConfigError, JettError
from jett.models.store import Store
from jett.settings import Settings

_SPARE = 1.5
"""Interruptions that are tried for one that counts: a reply that had not begun, or was over, is no try."""


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench browser", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="3 clips, 4 interruptions")
    parser.add_argument("--only", choices=("clips", "barge-in"), help="one scene alone")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON, with every clip and try, to this file")
    return parser.parse_args(argv)


def measure(args: argparse.Namespace) -> tuple[list[Compared], list[Flush]]:
    """Both scenes, or the one that was asked for. Raises ConfigError without a Chromium."""
    place = chromium()
    if not place:
        raise ConfigError(f"bench: {MISSING}")
    settings, store = Settings.load(), Store.default()
    for model_id in needed_models(settings):
        store.path(model_id)
    clips, times = (3, 4) if args.quick else (15, 20)
    found, flushes = list[Compared](), list[Flush]()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        house = House(folder / "house", store.root)
        browsers = Browsers(closing.enter_context(sync_playwright()), place, folder)
        closing.callback(browsers.close)
        vad = load_vad(store)
        if args.only in (None, "clips"):
            found = compare(house, browsers, vad, requests(clips), note)
        if args.only in (None, "barge-in"):
            flushes = interruptions(house, browsers, vad, requests(round(times * _SPARE) + 1), times)
    return found, flushes


def requests(count: int) -> list[Clip]:
    """Evenly of the recorded requests."""
    return evenly(read_pack(data_folder() / "commands_barista"), count)


def note(line: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(line + "\n")


def summary(found: Sequence[Compared], flushes: Sequence[Flush]) -> Figures:
    """The flat figures of what was run."""
    figures: Figures = {}
    if found:
        figures |= _of_clips(found)
    if flushes:
        silenced = [flush.silenced_ms for flush in flushes]
        figures |= {
            "browser_flush_tries": len(flushes),
            "browser_flush_p50_ms": percentile(silenced, 50),
            "browser_flush_p95_ms": percentile(silenced, 95),
            "browser_flush_worst_ms": max(silenced),
        }
    return figures


def _of_clips(found: Sequence[Compared]) -> Figures:
    both = [each for each in found if each.difference_ms is not None]
    columns = {
        "browser_ttfa": [each.browser_ms for each in both if each.browser_ms is not None],
        "talk_ttfa": [each.talk_ms for each in both if each.talk_ms is not None],
        "browser_over_talk": [each.difference_ms for each in both if each.difference_ms is not None],
    }
    figures: Figures = {"browser_clips": len(found), "browser_compared": len(both)}
    for name, values in columns.items():
        figures |= {f"{name}_p50_ms": percentile(values, 50), f"{name}_p95_ms": percentile(values, 95)}
    figures["browser_same_words"] = sum(each.browser_said == each.talk_said for each in both)
    figures["browser_output_latency_p50_ms"] = percentile([each.output_latency_ms for each in both], 50)
    return figures


def shown(found: Sequence[Compared], figures: Figures) -> str:
    """Every clip, every figure, and what must be reached."""
    rows = [[each.file, each.talk_ms, each.browser_ms, each.difference_ms, round(each.alike, 2)] for each in found]
    parts = [table(rows, ["clip", "talk, ms", "browser, ms", "difference, ms", "alike"])] if rows else []
    parts.append(table([[name, value] for name, value in figures.items()], ["figure", "value"]))
    return "\n\n".join([*parts, compared(figures, BROWSER)])


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        found, flushes = measure(args)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    figures = summary(found, flushes)
    details = {"clips": [each.flat() for each in found], "flushes": [asdict(each) for each in flushes]}
    emit(figures, shown(found, figures), as_json=args.json, save=args.save, details=details)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
