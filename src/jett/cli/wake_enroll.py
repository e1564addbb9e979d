"""`jett wake enroll`: a head made surer of its owner's voice. The work is in `app.wake_enrolling`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jett.app import load_vad
from jett.app.needs import store
from jett.app.wake_looks import lookers
from jett.audio.files import held, read_audio
from jett.cli.loading import progress, user_settings
from jett.cli.pull_progress import fetch_missing
from jett.cli.voice_microphone import sentence_heard
from jett.cli.wake_train import TrainingProgress
from jett.core.audio import Samples
from jett.core.errors import ConfigError, VoiceProfileError
from jett.models.store import Store
from jett.settings import Settings

if TYPE_CHECKING:
    from jett.app.wake_enrolling import Sharpened


def enroll(
    head: Annotated[
        str | None, typer.Argument(help="The head to sharpen, by name; else the first of wake.words.", metavar="HEAD")
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--input", help="A recording of one call, instead of the microphone; three.", metavar="FILE"),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what was learnt: back to the head as it was.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Sharpen a wake word with your own voice: say it three times. Takes a minute or two; no sound is kept.

    The scores tell how sure it was of each call before, and is after hearing only the others.
    """
    from jett.app.wake_enrolling import enroll_calls, forget_calls, require_calls, sharpenable
    from jett.app.wake_heads import head_place

    settings = user_settings()
    word = head or next(iter(settings.wake.words), None)
    if word is None:
        raise ConfigError("wake: no head is named; name one, such as: jett wake enroll hey_jett")
    if forget:
        done = forget_calls(word)
        if not done:
            head_place(word, store(settings))  # one that is unknown is told
        _forgotten(word, done, as_json=as_json)
        return
    models = store(settings)
    base = sharpenable(word, models)  # before anybody is asked to speak
    fetch_missing(models, lookers((word,), settings), quiet=as_json)
    calls = list(_calls(settings, models, base.head.phrase, files))
    require_calls(base, calls, settings, models)
    with TrainingProgress() as bars:
        found = enroll_calls(base, calls, models, bars.tell)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "path": str(found.path)}))
        return
    for n, (before, after) in enumerate(zip(found.before, found.after, strict=True), 1):
        typer.echo(f"call {n}: {before:.2f} before, {after:.2f} after")
    typer.echo(_told(found))
    progress(f"head: {found.path}\nback to what it was: jett wake enroll {found.name} --forget")


def _told(found: Sharpened) -> str:
    if found.look_again is None:
        return f"{found.name} wakes from {found.threshold:.2f} on"
    return (
        f"{found.name}: calls are looked at again from {found.look_again:.2f} on; "
        f"by itself it wakes from {found.threshold:.2f} on"
    )


def _calls(settings: Settings, models: Store, phrase: str, files: list[Path] | None) -> Iterator[Samples]:
    """Raises VoiceProfileError, AudioError, ModelError."""
    from jett.app.wake_enrolling import UTTERANCES, checked_call

    if files and len(files) < UTTERANCES:
        raise VoiceProfileError(
            f"wake enroll: {len(files)} recordings, need {UTTERANCES}; give --input {UTTERANCES} times"
        )
    vad = load_vad(models)
    for file in files or []:
        yield checked_call(read_audio(held(file)), vad, f"'{file}'")
    for n in range(0 if files else UTTERANCES):
        progress(f'{n + 1} of {UTTERANCES}, say: "{phrase}"')
        yield checked_call(sentence_heard(settings), vad, f"call {n + 1}")


def _forgotten(word: str, done: bool, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"forgotten": word if done else None}))
    else:
        typer.echo(f"{word}: back to the head as it was" if done else f"{word}: nothing was learnt of any voice")
