"""`jett voice`: whose voices Jett knows. Enrolled, listed, tried, deleted; the work is in `engines.speaker`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from jett import app as jett_app
from jett.app.voice_identity import load_encoder, voice_profiles
from jett.audio.files import held, read_audio
from jett.cli.failures import show_each
from jett.cli.loading import progress, user_settings
from jett.cli.voice_microphone import sentence_heard
from jett.core.audio import Samples
from jett.core.errors import VoiceProfileError
from jett.core.ports import SpeakerScore
from jett.engines.speaker.enrolment import SENTENCES, UTTERANCES, agreed, checked
from jett.engines.speaker.verifier import LEAST_SPEECH_S, ProfileSpeakerVerifier
from jett.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Whose voices Jett knows: a soft signal, never the only lock.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command(
    epilog="Examples: jett voice enroll anna  ·  jett voice enroll anna --input a.wav --input b.wav --input c.wav"
)
def enroll(
    name: Annotated[str, typer.Argument(help="Whose voice: 1 to 32 of a-z, 0-9, _ and -.", metavar="NAME")],
    files: Annotated[
        list[Path] | None,
        typer.Option("--input", help="A recording of one sentence, instead of the microphone; three.", metavar="FILE"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Learn a voice from three sentences, which are shown one after another. Their sound is not kept.

    What is kept is where the voice lies among voices, 256 numbers, encrypted.
    """
    settings = user_settings()
    profiles = voice_profiles(settings)
    profiles.check_new(name)
    if files and len(files) < UTTERANCES:
        raise VoiceProfileError(
            f"voice enroll: {len(files)} recordings, need {UTTERANCES}; give --input {UTTERANCES} times"
        )
    encoder = load_encoder(jett_app.store(settings))
    sounds = _recorded(files) if files else _spoken(settings)
    place = agreed([checked(encoder, sound, what) for what, sound in sounds])
    profiles.add(name, place, encoder.name)
    if as_json:
        typer.echo(json.dumps({"enrolled": name, "voices": profiles.names()}))
        return
    typer.echo(f"enrolled: {name}")
    if not settings.speaker.enabled:
        progress("Jett does not compare voices yet; set speaker.enabled = true")


@app.command("list", epilog="Examples: jett voice list  ·  jett voice list --json")
def list_voices(as_json: Json = False) -> None:
    """Who is enrolled."""
    settings = user_settings()
    names = voice_profiles(settings).names()
    if as_json:
        typer.echo(json.dumps({"voices": names, "enabled": settings.speaker.enabled}))
        return
    for name in names:
        typer.echo(name)
    if not names:
        progress("nobody is enrolled; see: jett voice enroll --help")


@app.command("test", epilog="Examples: jett voice test question.wav  ·  jett voice test *.flac --json | jq .score")
def compare(
    files: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC, OGG, MP3.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Whose voice recordings are, and how like it: one line a file. 1 is the same, two people are usually below 0.7.

    --json gives file, name and score, both null where too little was said, name alone for nobody's; or file, error and
    exit_code.
    """
    settings = user_settings()
    profiles = voice_profiles(settings)
    if not profiles.names():
        raise VoiceProfileError(
            "voice test: nobody is enrolled, need a voice to compare with; run: jett voice enroll NAME"
        )
    encoder = load_encoder(jett_app.store(settings))
    places = profiles.load(encoder.name, encoder.dimensions)
    verifier = ProfileSpeakerVerifier(encoder, lambda: places, settings.speaker.threshold)

    def show(file: Path) -> None:
        typer.echo(_told(file, verifier.verify(read_audio(held(file))), as_json=as_json))

    show_each(files, show, as_json=as_json)


@app.command(epilog="Example: jett voice delete anna")
def delete(
    name: Annotated[str, typer.Argument(help="As `jett voice list` shows it.", metavar="NAME")],
    as_json: Json = False,
) -> None:
    """Forget a voice: the file is overwritten and gone, and with the last one the key. History keeps the name."""
    voice_profiles(user_settings()).delete(name)
    typer.echo(json.dumps({"deleted": name}) if as_json else f"deleted: {name}")


def _recorded(files: Iterable[Path]) -> Iterator[tuple[str, Samples]]:
    for file in files:
        yield f"'{file}'", read_audio(held(file))


def _spoken(settings: Settings) -> Iterator[tuple[str, Samples]]:
    for number, sentence in enumerate(SENTENCES, 1):
        progress(f'{number} of {len(SENTENCES)}, say: "{sentence}"')
        yield f"sentence {number}", sentence_heard(settings)


def _told(file: Path, score: SpeakerScore | None, *, as_json: bool) -> str:
    if as_json:
        known = {"name": score.name, "score": score.score} if score else {"name": None, "score": None}
        return json.dumps({"file": str(file), **known}, ensure_ascii=False)
    if score is None:
        return f"{file}: less than {LEAST_SPEECH_S} s of speech"
    return f"{file}: {score.name or 'nobody that is enrolled'} ({score.score:.2f})"
