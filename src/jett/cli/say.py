"""`jett say`: a text in Jett's voice, into a WAV file or through the speaker."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from jett import app
from jett.audio.device_speaker import DeviceSpeaker
from jett.audio.devices import choose, list_devices
from jett.audio.files import check_wav_target, write_wav
from jett.cli import completion
from jett.cli.loading import progress, spoken_clauses, user_settings, voice
from jett.core.audio import Samples, silence
from jett.core.errors import AudioError, ConfigError
from jett.core.ports import TextToSpeech
from jett.session.playback import Clip, Playback, Track
from jett.settings import Settings

EPILOG = (
    'Examples: jett say "Dinner is ready." -o dinner.wav  ·  jett say "Good morning"  ·  '
    "jett say - --output book.wav < chapter.txt"
)
_OF_TALK = "; `jett talk --output FILE` needs none"
_LOOK_EVERY_S = 0.1
"""A wait without end cannot be interrupted on Windows."""


def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.", metavar="TEXT")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="WAV file; without it the speaker says it.", metavar="FILE")
    ] = None,
    voice_name: Annotated[
        str | None,
        typer.Option(
            "--voice",
            help="A voice of the backend, such as af_heart.",
            metavar="NAME",
            autocompletion=completion.voices,
        ),
    ] = None,
    output_device: Annotated[
        str | None, typer.Option(help="Speaker, or part of its name (`jett devices`).", metavar="NAME")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Say a text: numbers, units and names are spoken as a person would.

    --json gives text, file, seconds, rate_hz, engines and voice_reason.
    """
    from jett.cli.ask import written

    text = written(text)
    settings = user_settings(tts__voice=voice_name, audio__output=output_device)
    if output is not None:
        check_wav_target(output)
    else:
        _check_speaker(settings)
    with voice(settings) as (tts, reason):
        seconds = speak_into(output, settings, tts, text) if output else speak_aloud(settings, tts, text)
        engines = {"tts": app.engine_names(settings, tts)["tts"]}
    if as_json:
        row = {"text": text, "file": str(output) if output else None, "seconds": seconds, "rate_hz": tts.rate_hz}
        typer.echo(json.dumps(row | {"engines": engines, "voice_reason": reason}, ensure_ascii=False))
    elif output is not None:
        progress(f"{output}: {seconds:.1f} s")


def _check_speaker(settings: Settings) -> None:
    """Refuse before the voice is loaded. Raises AudioError with what helps here."""
    try:
        choose(list_devices().outputs, "output", settings.audio.output or None)
    except AudioError as error:
        what = str(error).removesuffix(_OF_TALK)
        raise AudioError(f"{what}; or write a file instead: jett say TEXT -o FILE") from None


def speak_into(file: Path, settings: Settings, tts: TextToSpeech, text: str) -> float:
    """Write `text` as speech; its length in seconds. The file is there whole or not at all."""
    sounds = [tts.synthesize(clause) for clause in spoken_clauses(settings, text)]
    sound = _whole(sounds)
    write_wav(file, sound, tts.rate_hz)
    return round(sound.size / tts.rate_hz, 3)


def speak_aloud(settings: Settings, tts: TextToSpeech, text: str) -> float:
    """Say `text` through the speaker and return when it has been heard; its length in seconds."""
    ended = threading.Event()
    track = Track(0)
    playback = Playback(tts.rate_hz, on_started=lambda _: None, on_ended=lambda _: ended.set())
    speaker = DeviceSpeaker(settings.audio.output or None, rate_hz=tts.rate_hz)
    speaker.start(playback.render)
    try:
        playback.play(track)
        for clause in spoken_clauses(settings, text):
            playback.append(track, Clip(clause, tts.synthesize(clause)))
        playback.append(track, Clip("", silence(round(speaker.latency_s * tts.rate_hz) + 1)))
        playback.complete(track)
        while not ended.wait(_LOOK_EVERY_S):
            pass
    finally:
        speaker.stop()
    return round(track.total_samples / tts.rate_hz, 3)


def _whole(sounds: list[Samples]) -> Samples:
    if not sounds:
        raise ConfigError("tts: there is nothing in the text that can be said; write words")
    return np.concatenate(sounds)
