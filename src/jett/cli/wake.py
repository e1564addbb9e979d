"""`jett wake`: what Jett is called by; recordings and the microphone scored. The work is in `app.wake_listening`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console
from rich.table import Table

from jett.app.needs import store
from jett.app.wake import WakeWords, load_wake_words, looking_again, looking_models
from jett.app.wake_heads import FEATURES, is_path
from jett.app.wake_list import HeadRow, head_rows
from jett.app.wake_listening import Scored, scored
from jett.app.wake_looks import look_of
from jett.audio.files import held, stream_audio
from jett.cli import wake_plot
from jett.cli.failures import show_each
from jett.cli.loading import progress, user_settings
from jett.cli.wake_enroll import enroll
from jett.cli.wake_train import train
from jett.core.errors import ConfigError, ModelError
from jett.engines.wake.heads import name_of
from jett.models.store import Store
from jett.settings import Settings
from jett.settings.keys import did_you_mean
from jett.turns.wake import Woken

app = typer.Typer(no_args_is_help=True, help="What Jett is called by: heads, and how they score what is said.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Head = Annotated[
    list[str] | None,
    typer.Option("--head", help="A head by name or file, instead of wake.words; may be repeated.", metavar="HEAD"),
]
Sensitivity = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Instead of wake.sensitivity: 0.5 is a head's own threshold.", metavar="X"),
]

_WHERE = {"shipped": "ships with Jett", "stock": "model store"}

app.command("train", epilog='Examples: jett wake train "hey jett"  ·  jett wake train jarvis --quick --seed 2')(train)

app.command(
    "enroll",
    epilog="Examples: jett wake enroll hey_jett  ·  jett wake enroll --input a.wav --input b.wav --input c.wav",
)(enroll)


@app.command("list", epilog="Example: jett wake list --json")
def list_heads(as_json: Json = False) -> None:
    """Every head that `wake.words` can name: your own, those that ship with Jett, and stock ones to be fetched.

    A stock head is fetched with `jett models pull wake-NAME`, such as wake-hey-jarvis; its licence forbids commercial
    use. Threshold: the score from which a head by itself counts as called; look from: that from which a call is looked
    at again. Second look: how: by one trained with the head (jett wake train), by how likely the name is to your
    stt.model, or only by the transcript.
    """
    settings = user_settings()
    models = store(settings)
    rows = [_row(found, settings, models) for found in head_rows(models)]
    if as_json:
        typer.echo(json.dumps({"words": settings.wake.words, "heads": rows}, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    cells = ("name", "state", "threshold", "look_from", "second_look", "licence", "where")
    for column in ("", *cells):
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "name")
    for row in rows:
        table.add_row("*" if row["used"] else "", *("" if row[cell] is None else str(row[cell]) for cell in cells))
    Console(highlight=False).print(table)
    named = ", ".join(settings.wake.words) or "none"
    typer.echo(f"\nwake.words: {named}; wake.enabled: {str(settings.wake.enabled).lower()}")
    if not models.has(FEATURES):
        typer.echo(f"all of them need {FEATURES}, which is not here yet: jett models pull {FEATURES}")
    known = {row["name"] for row in rows}
    for word in settings.wake.words:
        if word not in known and not is_path(word):
            typer.echo(f"no head is called '{word}'{did_you_mean(name_of(word), known)}")


def _row(found: HeadRow, settings: Settings, models: Store) -> dict[str, Any]:
    place, head = found.place, found.head
    row: dict[str, Any] = {"name": place.name, "origin": place.origin, "licence": place.licence, "state": found.state}
    row |= {"used": place.name in settings.wake.words, "phrase": (head.phrase or None) if head else None}
    row |= {"threshold": head.threshold if head else None, "patience": head.patience if head else None}
    where = found.detail or _WHERE.get(place.origin, str(place.path))
    row["look_from"] = None
    try:
        row["second_look"] = look_of(head, settings, models)[0] if head else None
        if head is not None and row["second_look"] in ("trained", "likelihood"):
            row["look_from"] = head.look_again
    except ModelError as error:
        row["second_look"], where = "damaged", str(error)
    return row | {"path": str(place.path) if place.path else None, "where": where}


@app.command("test", epilog="Examples: jett wake test call.wav  ·  jett wake test *.flac --head hey_jarvis --json")
def score_recordings(
    files: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC, OGG, MP3.", metavar="FILE")],
    head: Head = None,
    sensitivity: Sensitivity = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Score recordings over time, and say where each would wake Jett.

    --json gives file, frame_s, thresholds and scores by name, woken (name, at_s, score), and rejected: the same of
    what a second look found to be none; or file, error and exit_code.
    """
    words, settings = _words(head, sensitivity), user_settings()
    look = looking_again(settings, words, store(settings))
    if words.looks and look is None:
        wanted = " ".join(looking_models(settings, words))
        progress(f"no call is looked at again without {wanted}; run: jett models pull {wanted}")
        words = words.strictly()

    def show(file: Path) -> None:
        frames = scored(words, stream_audio(held(file)), look)
        row = _scores(words, frames) | {"file": str(file)}
        text = "\n".join([str(file), *wake_plot.lines(words, frames)])
        typer.echo(json.dumps(row, ensure_ascii=False) if as_json else text)

    show_each(files, show, as_json=as_json)


def _scores(words: WakeWords, frames: list[Scored]) -> dict[str, Any]:
    woken, rejected = (
        [frame.woken for frame in frames if frame.woken is not None and frame.found is found] for found in (True, False)
    )
    names = words.detector.names
    return {
        "frame_s": words.detector.frame_samples / 16_000,
        "thresholds": {rule.name: round(rule.threshold, 4) for rule in words.rules},
        "scores": {name: [round(frame.scores[n], 4) for frame in frames] for n, name in enumerate(names)},
        "woken": [_woken_row(each) for each in woken],
        "rejected": [_woken_row(each) for each in rejected],
    }


def _woken_row(woken: Woken) -> dict[str, Any]:
    return {"name": woken.name, "at_s": woken.at_s, "score": round(woken.score, 4)}


@app.command(epilog="Examples: jett wake meter  ·  jett wake meter --head hey_jarvis --sensitivity 0.6")
def meter(head: Head = None, sensitivity: Sensitivity = None) -> None:
    """Show live how each head scores what the microphone hears, to choose a sensitivity; Ctrl-C ends it.

    Nothing is kept, and nothing but the wake word listens.
    """
    from jett.audio.device_microphone import DeviceMicrophone

    settings = user_settings()
    words = _words(head, sensitivity)
    microphone = DeviceMicrophone(settings.audio.input or None)
    progress("listening; Ctrl-C ends it")
    try:
        anyio.run(wake_plot.show_live, words, microphone, Console(highlight=False))
    except KeyboardInterrupt:
        typer.echo("")


def _words(heads: list[str] | None, sensitivity: float | None) -> WakeWords:
    settings = user_settings(**({} if sensitivity is None else {"wake.sensitivity": sensitivity}))
    words = tuple(heads or settings.wake.words)
    if not words:
        raise ConfigError("wake: no head is named; give --head NAME, or set wake.words; see: jett wake list")
    return load_wake_words(settings, store(settings), words)
