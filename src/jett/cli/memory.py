"""`jett memory`: what Jett was asked to remember; listed, searched, added to, forgotten. The work is in `memory`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from jett.app.memory import memories_of
from jett.cli.loading import user_settings
from jett.core.errors import ConfigError
from jett.memory import Memories, Memory

app = typer.Typer(no_args_is_help=True, help="What Jett was asked to remember.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command("list", epilog="Examples: jett memory list  ·  jett memory list -n 5 --json")
def list_memories(
    count: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many.", metavar="N")] = 20,
    as_json: Json = False,
) -> None:
    """What was remembered, newest first."""
    with _memories() as memories:
        _show(memories.newest(count).memories, "nothing is remembered", as_json=as_json)


@app.command(epilog='Examples: jett memory search "my sister"  ·  jett memory search keys --json')
def search(
    about: Annotated[str, typer.Argument(help="What it is about.", metavar="TEXT")],
    count: Annotated[int, typer.Option("--lines", "-n", min=1, help="At most so many.", metavar="N")] = 5,
    as_json: Json = False,
) -> None:
    """What was remembered about something, nearest in meaning first."""
    with _memories() as memories:
        _show(memories.recall(about, count), "nothing is remembered about that", as_json=as_json)


@app.command(epilog='Example: jett memory add "the spare key is under the blue flower pot"')
def add(
    text: Annotated[str, typer.Argument(help="What to remember, as a sentence.", metavar="TEXT")],
    as_json: Json = False,
) -> None:
    """Remember something. A text with a password or a key in it is refused."""
    if not text.strip():
        raise ConfigError("memory add: the text is empty; say what to remember")
    with _memories() as memories:
        memory = memories.remember(text, "terminal")
    typer.echo(json.dumps(_row(memory)) if as_json else memory.id)


@app.command(epilog="Examples: jett memory forget 0b6c2b3e-…  ·  jett memory forget --all")
def forget(
    memory_id: Annotated[str, typer.Argument(help="Its id, as `jett memory list` shows it.", metavar="ID")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Forget everything.")] = False,
    as_json: Json = False,
) -> None:
    """Delete one memory, or all: the words are in no file of Jett's afterwards."""
    if bool(memory_id) is everything:
        raise ConfigError("memory forget: name one memory or --all, not both; see: jett memory list")
    with _memories() as memories:
        gone = memories.forget_all() if everything else int(memories.forget(memory_id))
    if not gone and not everything:
        raise ConfigError("memory forget: there is no memory of that id; see: jett memory list")
    typer.echo(json.dumps({"forgotten": gone}) if as_json else f"forgotten: {gone}")


@contextmanager
def _memories() -> Iterator[Memories]:
    """Raises ConfigError where nothing is to be remembered."""
    memories = memories_of(user_settings(), beside=True)
    if memories is None:
        raise ConfigError("memory: memory.keep is off, so nothing is remembered; set memory.keep = true")
    try:
        yield memories
    finally:
        memories.close()


def _show(memories: list[Memory], nothing: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"memories": [_row(memory) for memory in memories]}, ensure_ascii=False))
        return
    for memory in memories:
        typer.echo(f"{memory.id}  {memory.at.astimezone():%Y-%m-%d}  {memory.text}")
    if not memories:
        typer.echo(nothing, err=True)


def _row(memory: Memory) -> dict[str, Any]:
    return {
        "id": memory.id,
        "text": memory.text,
        "at": memory.at.isoformat(timespec="seconds"),
        "source": memory.source,
        "score": None if memory.score is None else round(memory.score, 3),
    }
