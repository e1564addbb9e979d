"""`jett bench tts`: how soon each voice gives the sound of a short clause, and how fast it speaks on.

Clauses are as a reply begins with them; first audio is the whole of `synthesize`, since that is when sound can be
handed to the output. RTF is the time to make speech over its length, on a longer sentence. Whole-reply text is
measured too: what the original loop, which spoke only when everything was written, made people wait.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.report import Figures, emit, percentile, table
from jett.cli.failures import report
from jett.core.errors import JettError, ModelMissing
from jett.core.ports import TextToSpeech
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.piper import PiperTextToSpeech
from jett.engines.tts.voice_choice import SHORT_CLAUSES, MeasuredVoice, choose_voice
from jett.models.store import Store

SENTENCE = "I have restarted the database container, and it answers again within twenty milliseconds."
REPLY = " ".join(
    ["The capital of France is Paris.", SENTENCE, "The weather there is sunny today, with a light breeze."]
)
BUDGET_MS = 200.0
VOICES = ("kokoro", "piper-joe")
"""Best first."""


@dataclass(slots=True)
class Measured:
    """What one voice took, in milliseconds of each run."""

    name: str
    by_clause: dict[str, list[float]] = field(default_factory=dict)
    sentence_ms: list[float] = field(default_factory=list)
    reply_ms: list[float] = field(default_factory=list)
    sentence_s: float = 1.0

    @property
    def first_audio_ms(self) -> list[float]:
        return [span for spans in self.by_clause.values() for span in spans]

    @property
    def rtf(self) -> float:
        return round((percentile(self.sentence_ms, 50) or 0.0) / 1000 / self.sentence_s, 3)


def measure(name: str, voice: TextToSpeech, rounds: int) -> Measured:
    """Time `voice`, warm, on the clauses in turn so that a busy moment does not hit one of them alone."""
    found = Measured(name)
    voice.synthesize(SENTENCE)
    for _ in range(rounds):
        for clause in SHORT_CLAUSES:
            found.by_clause.setdefault(clause, []).append(_span_ms(partial(voice.synthesize, clause)))
        found.sentence_ms.append(_span_ms(partial(voice.synthesize, SENTENCE)))
    found.reply_ms.append(_span_ms(partial(voice.synthesize, REPLY)))
    found.sentence_s = voice.synthesize(SENTENCE).size / voice.rate_hz
    return found


def _span_ms(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return (time.perf_counter() - started_s) * 1000


def open_voice(name: str, store: Store, threads: int, model: Path | None, cuda: bool) -> TextToSpeech:
    """A voice by its name here; `model` takes the place of the store's file. Raises ModelError."""
    if name == "kokoro":
        providers = ["CUDAExecutionProvider"] * cuda + ["CPUExecutionProvider"]
        weights = model or store.file("kokoro-82m-int8")
        return KokoroTextToSpeech(weights, store.path("kokoro-voices"), threads=threads, providers=providers)
    return PiperTextToSpeech(model or store.file("piper-en-us-joe"), threads=threads)


def figures(results: Sequence[Measured]) -> Figures:
    """Flat keys; those without a voice's name are of the voice that would be chosen."""
    flat: Figures = {}
    for result in results:
        key = result.name.replace("-", "_")
        flat[f"tts_first_audio_p50_ms_{key}"] = percentile(result.first_audio_ms, 50)
        flat[f"tts_first_audio_p95_ms_{key}"] = percentile(result.first_audio_ms, 95)
        flat[f"tts_whole_reply_ms_{key}"] = percentile(result.reply_ms, 50)
        flat[f"tts_rtf_{key}"] = result.rtf
    choice = choose_voice([MeasuredVoice(r.name, percentile(r.first_audio_ms, 50)) for r in results], BUDGET_MS)
    chosen = next((result for result in results if result.name == choice.name), None)
    if chosen is not None:
        flat["tts_first_audio_p50_ms"] = percentile(chosen.first_audio_ms, 50)
        flat["tts_first_audio_p95_ms"] = percentile(chosen.first_audio_ms, 95)
    return flat | {"tts_voice": choice.name, "tts_voice_reason": choice.reason}


def shown(results: Sequence[Measured]) -> str:
    """The table: a line for each voice."""
    rows = [
        [
            result.name,
            *[percentile(result.by_clause[clause], 50) for clause in SHORT_CLAUSES],
            percentile(result.first_audio_ms, 95),
            percentile(result.reply_ms, 50),
            result.rtf,
        ]
        for result in results
    ]
    return table(rows, ["voice", *[f"'{clause}' ms" for clause in SHORT_CLAUSES], "P95 ms", "whole reply ms", "RTF"])


def measure_all(
    *,
    quick: bool = False,
    voices: Sequence[str] = VOICES,
    threads: int = 2,
    model: Path | None = None,
    cuda: bool = False,
) -> tuple[list[Measured], list[str]]:
    """Each installed voice, and what is said of those that are not. Raises ModelMissing when none is."""
    results: list[Measured] = []
    missing: list[str] = []
    store = Store.default()
    for name in voices:
        try:
            voice = open_voice(name, store, threads, model, cuda)
        except ModelMissing as error:
            missing.append(str(error))
            continue
        results.append(measure(name, voice, rounds=4 if quick else 15))
        voice.close()  # type: ignore[attr-defined]
    if not results:
        raise ModelMissing("; ".join(missing))
    return results, missing


def run(
    *,
    quick: bool = False,
    as_json: bool = False,
    voices: Sequence[str] = VOICES,
    threads: int = 2,
    model: Path | None = None,
    cuda: bool = False,
    save: Path | None = None,
) -> Figures:
    """Measure the installed `voices`, print table or JSON, and return the flat figures."""
    results, missing = measure_all(quick=quick, voices=voices, threads=threads, model=model, cuda=cuda)
    flat = figures(results)
    emit(flat, "\n".join([shown(results), "", str(flat["tts_voice_reason"]), *missing]), as_json=as_json, save=save)
    return flat


def options(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="jett bench tts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="four rounds instead of fifteen")
    parser.add_argument("--json", action="store_true", help="flat JSON on stdout")
    parser.add_argument("--voice", choices=VOICES, action="append", help="only this voice (may be given again)")
    parser.add_argument("--model", type=Path, help="this model file instead of the store's; needs one --voice")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cuda", action="store_true", help="run Kokoro on the graphics card")
    parser.add_argument("--save", type=Path, help="write the figures into this file too")
    parser.add_argument("--clips", type=Path, help="accepted for all benchmarks; speech is made here, not read")
    parser.add_argument("--png", type=Path, help="accepted for all benchmarks; there is nothing to draw here")
    args = parser.parse_args(argv)
    if args.model and len(args.voice or ()) != 1:
        parser.error("--model needs exactly one --voice")
    return args


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        run(
            quick=args.quick,
            as_json=args.json,
            voices=args.voice or VOICES,
            threads=args.threads,
            model=args.model,
            cuda=args.cuda,
            save=args.save,
        )
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
