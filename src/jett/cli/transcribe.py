"""`jett transcribe`: files to text, at the machine's pace and with memory for one window however long a file is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from jett import app
from jett.audio.files import HeldFile, Source, audio_warnings, held, stream_audio
from jett.cli.failures import show_each
from jett.cli.loading import user_settings, warn
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import ConfigError
from jett.core.ports import SpeechToText, VoiceActivityDetector
from jett.engines.stt.windows import split_at_pauses

EPILOG = (
    "Examples: jett transcribe meeting.wav  ·  jett transcribe *.flac --json | jq -r .text  ·  "
    "jett transcribe - < meeting.wav"
)

_WINDOW_S = 27.0
_MARGIN_S = 0.4
"""Kept around speech, and put before it where a file begins with a word: Whisper says a sentence thrice that begins at
once (measured with tiny.en: 0.1 s before it is too little, 0.3 s enough)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What was said between two times of a file."""

    start_s: float
    end_s: float
    text: str


def transcribe(
    files: Annotated[
        list[Path],
        typer.Argument(help="Recordings: WAV, FLAC, OGG, MP3; - reads one from standard input.", metavar="FILE"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Write down what is said in recordings of any length; text appears as it is found.

    --json gives file, text, seconds, segments (start_s, end_s, text), warnings and engines; or file, error and
    exit_code. What comes from standard input or a pipe is held in memory.
    """
    settings = user_settings()
    sources = iter([_source(file) for file in files])
    models = app.store(settings)
    stt, vad = app.load_stt(settings, models), app.load_vad(models)

    def show(file: Path) -> None:
        source = next(sources)
        for warning in (warnings := audio_warnings(source)):
            warn(warning)
        row = _transcribed(source, stt, vad, show=not as_json, titled=len(files) > 1)
        row |= {"file": str(file), "warnings": warnings}
        if as_json:
            named = {"engines": {"stt": f"{settings.stt.backend}/{settings.stt.model}"}}
            typer.echo(json.dumps(row | named, ensure_ascii=False))

    show_each(files, show, as_json=as_json)


def _source(file: Path) -> Source:
    """The file, or what standard input holds where it is -. Raises ConfigError when a person would have to type it."""
    if str(file) != "-":
        return held(file)
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError(
            "transcribe: standard input is a terminal, need a recording; pipe one in: jett transcribe - < FILE"
        )
    return HeldFile("standard input", sys.stdin.buffer.read())


def _transcribed(
    file: Source, stt: SpeechToText, vad: VoiceActivityDetector, *, show: bool, titled: bool
) -> dict[str, object]:
    vad.reset()
    found: list[Segment] = []
    n_samples = 0
    for start, window in windows(stream_audio(file)):
        n_samples = start + window.size
        segment = _heard(stt, vad, start, window)
        if segment.text:
            found.append(segment)
            if show:
                typer.echo(f"{file}: {segment.text}" if titled else segment.text)
    if show and not found:
        typer.echo(f"{file}: no words", err=True)
    return {
        "file": str(file),
        "text": " ".join(segment.text for segment in found),
        "seconds": round(n_samples / SAMPLE_RATE_HZ, 3),
        "segments": [asdict(segment) for segment in found],
    }


def windows(blocks: Iterator[Samples]) -> Iterator[tuple[int, Samples]]:
    """(first sample, window) of at most 27 s each, cut in pauses; together they are all of `blocks`."""
    held, start = silence(0), 0
    for block in blocks:
        held = np.concatenate((held, block))
        while held.size > _WINDOW_S * SAMPLE_RATE_HZ:
            window = next(split_at_pauses(held, max_s=_WINDOW_S))
            yield start, window
            held, start = held[window.size :], start + window.size
    if held.size:
        yield start, held


def _heard(stt: SpeechToText, vad: VoiceActivityDetector, start: int, window: Samples) -> Segment:
    """The text of a window; where nobody speaks Whisper is not asked, since it would make something up."""
    begin, end = speech_span(vad, window)
    lead_in = silence(max(0, round(_MARGIN_S * SAMPLE_RATE_HZ) - begin))
    text = stt.transcribe(np.concatenate((lead_in, window[begin:end]))).text if end > begin else ""
    return Segment(round((start + begin) / SAMPLE_RATE_HZ, 3), round((start + end) / SAMPLE_RATE_HZ, 3), text)


def speech_span(vad: VoiceActivityDetector, window: Samples, *, threshold: float = 0.5) -> tuple[int, int]:
    """First and last sample of the speech in `window`, with a margin; (0, 0) where there is none."""
    size = vad.frame_samples
    padded = np.concatenate((window, silence(-window.size % size)))
    spoken = [i for i in range(padded.size // size) if vad.score(padded[i * size : (i + 1) * size]) >= threshold]
    if not spoken:
        return 0, 0
    margin = round(_MARGIN_S * SAMPLE_RATE_HZ)
    return max(0, spoken[0] * size - margin), min(window.size, (spoken[-1] + 1) * size + margin)
