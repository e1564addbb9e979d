"""Speech-to-text against stock faster-whisper: the same weights, the same clips, turn by turn in one run.

    python benchmarks/accuracy/stt.py              every transcribed clip: word errors; clips under 5 s: time
    python benchmarks/accuracy/stt.py --quick      12 clips, under a minute
    python benchmarks/accuracy/stt.py --clips DIR  any folder with a manifest.tsv

Also `jett bench stt`. Stock is `WhisperModel.transcribe` with its defaults (beam 5, 30 s windows).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.clips import Clip, evenly, packs, read_pack
from benchmarks.report import Figures, emit, percentile, table
from benchmarks.words import error_percent
from jett.app import load_stt, store
from jett.audio.files import read_audio
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_float32
from jett.core.errors import JettError
from jett.settings import Settings

PACKS = ("read_librispeech", "read_misc", "long")
_SHORT_S = 5.0
_ROUNDS = 3


@dataclass
class Heard:
    """One clip, both ways; times are medians of three, only for clips under 5 s."""

    file: str
    pack: str
    seconds: float
    reference: str
    jett: str
    stock: str
    jett_ms: float | None = None
    stock_ms: float | None = None


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench stt", description="Speech-to-text against stock faster-whisper.")
    parser.add_argument("--quick", action="store_true", help="12 clips, under a minute")
    parser.add_argument("--clips", type=Path, help="a folder with a manifest.tsv with transcripts")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON, with every clip, to this file")
    return parser.parse_args(argv)


def chosen(args: argparse.Namespace) -> list[Clip]:
    """The clips that have a transcript."""
    folders = [args.clips] if args.clips is not None else packs(*PACKS)
    clips = [clip for folder in folders for clip in read_pack(folder) if clip.text]
    return evenly(clips, 12) if args.quick else clips


def measure(clips: list[Clip]) -> list[Heard]:
    """Both ways on each clip before the next one, so that a noisy minute hurts both."""
    from faster_whisper import WhisperModel

    settings = Settings.load()
    models = store(settings)
    mine = load_stt(settings, models)
    stock = WhisperModel(str(models.path(settings.stt.model)), device="cpu", compute_type="int8")

    def by_jett(sound: Samples) -> str:
        return mine.transcribe(sound).text

    def by_stock(sound: Samples) -> str:
        segments, _ = stock.transcribe(to_float32(sound), language=settings.stt.language)
        return " ".join(segment.text.strip() for segment in segments)

    return [_both(clip, by_jett, by_stock) for clip in clips]


def _both(clip: Clip, by_jett: Callable[[Samples], str], by_stock: Callable[[Samples], str]) -> Heard:
    sound = read_audio(clip.path)
    seconds = sound.size / SAMPLE_RATE_HZ
    heard = Heard(clip.path.name, clip.pack, round(seconds, 2), clip.text, by_jett(sound), by_stock(sound))
    if seconds < _SHORT_S:
        spans: dict[str, list[float]] = {"jett": [], "stock": []}
        for _ in range(_ROUNDS):
            for name, way in (("jett", by_jett), ("stock", by_stock)):
                started_s = time.perf_counter()
                way(sound)
                spans[name].append((time.perf_counter() - started_s) * 1000)
        heard.jett_ms, heard.stock_ms = round(median(spans["jett"]), 1), round(median(spans["stock"]), 1)
    return heard


def summary(heard: list[Heard]) -> Figures:
    """The flat figures."""
    short = [(h.jett_ms, h.stock_ms) for h in heard if h.jett_ms is not None and h.stock_ms is not None]
    mine, stock = [a for a, _ in short], [b for _, b in short]
    wer = error_percent([(h.reference, h.jett) for h in heard])
    stock_wer = error_percent([(h.reference, h.stock) for h in heard])
    figures: Figures = {
        "clips": len(heard),
        "wer_percent": round(wer, 2),
        "stock_wer_percent": round(stock_wer, 2),
        "wer_over_stock_points": round(wer - stock_wer, 2),
        "short_clips": len(short),
        "stt_final_p50_ms": percentile(mine, 50),
        "stt_final_p95_ms": percentile(mine, 95),
        "stock_stt_final_p50_ms": percentile(stock, 50),
        "stock_stt_final_p95_ms": percentile(stock, 95),
        "stock_ratio": round(median(b / a for a, b in short), 2) if short else None,
    }
    for pack in sorted({h.pack for h in heard}):
        figures[f"{pack}_wer_percent"] = round(
            error_percent([(h.reference, h.jett) for h in heard if h.pack == pack]), 2
        )
        figures[f"{pack}_stock_wer_percent"] = round(
            error_percent([(h.reference, h.stock) for h in heard if h.pack == pack]), 2
        )
    return figures


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        heard = measure(chosen(args))
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    except ModuleNotFoundError as error:
        sys.stderr.write(f"error: bench: no module '{error.name}'; fix: pip install -e '.[bench]'\n")
        return 1
    figures = summary(heard)
    text = table([[name, value] for name, value in figures.items()], ["figure", "value"])
    emit(figures, text, as_json=args.json, save=args.save, details=[asdict(h) for h in heard])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
