"""`jett history`: what was said, listed, searched, read, moved and deleted, without a server. The work is in
`history`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from jett.app.history import archive_of
from jett.cli.loading import user_settings, warn
from jett.cli.yes_or_no import ask
from jett.core.errors import HistoryError
from jett.history import Archive, Gone, KeptConversation, KeptTurn, Page, TurnInList
from jett.history.kept import time_of
from jett.history.reading import MOST_A_PAGE

app = typer.Typer(no_args_is_help=True, help="Read, search, export and delete what was said.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Count = Annotated[
    int, typer.Option("--lines", "-n", min=1, max=MOST_A_PAGE, help="How many turns at most.", metavar="N")
]
Before = Annotated[
    str | None, typer.Option(help="Go on after a page: what was printed at its end as next.", metavar="PLACE")
]


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise typer.BadParameter(f"{text!r} is no number of a turn or a conversation; see `jett history list`")
    return int(text)


Number = Annotated[
    int, typer.Argument(parser=_id, help="The number of a turn or a conversation, as list shows it.", metavar="ID")
]


@app.command("list", epilog="Examples: jett history list  ·  jett history list -n 100 --json")
def list_turns(count: Count = 20, before: Before = None, as_json: Json = False) -> None:
    """The newest turns, newest first. With --json one object a turn, and at the end one with next, if there is more."""
    with _archive() as archive:
        _print(archive.turns("", before, count), as_json)


@app.command(epilog="Examples: jett history search backup  ·  jett history search '\"good morning\" rest*'")
def search(
    query: Annotated[
        str, typer.Argument(help='Words, "phrases" and beginnings*; all of them must be there.', metavar="WORDS")
    ],
    count: Count = 20,
    before: Before = None,
    as_json: Json = False,
) -> None:
    """The newest turns in which all of it was said or answered. Case and accents do not count."""
    with _archive() as archive:
        _print(archive.turns(query or '""', before, count), as_json)


@app.command(epilog="Example: jett history show 246290604621824")
def show(id: Number, as_json: Json = False) -> None:
    """One turn with its times, tools and the guard's decisions; or a conversation with its turns."""
    with _archive() as archive:
        turn = archive.turn(id)
        if turn is not None:
            typer.echo(json.dumps(asdict(turn), ensure_ascii=False) if as_json else "\n".join(_whole(turn)))
            return
        conversation = archive.conversation(id)
        if conversation is None:
            raise HistoryError(f"history: there is nothing with the number {id}; see `jett history list`")
        _show_conversation(archive, conversation, as_json)


@app.command(epilog="Example: jett history export > history.jsonl")
def export() -> None:
    """Everything as JSON lines, oldest first: conversations, then turns."""
    with _archive() as archive:
        for line in archive.export():
            typer.echo(line, nl=False)


@app.command("import", epilog="Example: jett history import history.jsonl")
def import_lines(
    file: Annotated[
        typer.FileText, typer.Argument(help="What `jett history export` wrote; - is stdin.", metavar="FILE")
    ],
    as_json: Json = False,
) -> None:
    """Take in what was exported, such as from a file of this machine into PostgreSQL. What is there stays as it is."""
    with _archive() as archive:
        count = archive.bring_in(file)
    typer.echo(json.dumps({"turns": count}) if as_json else f"{count} turns")


@app.command(epilog="Examples: jett history delete 246290604621824  ·  jett history delete --all")
def delete(
    id: Annotated[
        int | None, typer.Argument(parser=_id, help="The number of a turn or a conversation.", metavar="ID")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was ever kept.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a turn, a conversation with all its turns, or everything; recordings of them too. It cannot be undone."""
    if (id is None) is not everything:
        raise typer.BadParameter("name one turn or conversation, or give --all")
    with _archive() as archive:
        what = "everything that was said" if id is None else _named(archive, id)
        if not yes and ask(f"Delete {what}, for good?", as_json) != "yes":
            typer.echo("Nothing was deleted.", err=True)
            raise typer.Exit(1)
        gone = archive.delete_everything() if id is None else _deleted(archive, id)
    if gone.traces:
        warn(gone.traces)
    row = {"conversations": gone.conversations, "turns": gone.turns}
    typer.echo(json.dumps(row) if as_json else f"deleted: {gone.turns} turns, {gone.conversations} conversations")


@contextmanager
def _archive() -> Iterator[Archive]:
    archive = archive_of(user_settings())
    try:
        yield archive
    finally:
        archive.close()


def _named(archive: Archive, id: int) -> str:
    if archive.turn(id) is not None:
        return f"turn {id}"
    found = archive.conversation(id)
    if found is None:
        raise HistoryError(f"history: there is nothing with the number {id}; see `jett history list`")
    return f"conversation {id} with its {found.turns} turns"


def _deleted(archive: Archive, id: int) -> Gone:
    gone = archive.delete_turn(id)
    return gone if gone.turns else archive.delete_conversation(id)


def _print(page: Page[TurnInList], as_json: bool) -> None:
    for turn in page.rows:
        typer.echo(json.dumps(asdict(turn), ensure_ascii=False) if as_json else _line(turn))
    if page.next is not None:
        typer.echo(json.dumps({"next": page.next}) if as_json else f"more: --before {page.next}")


def _line(turn: TurnInList) -> str:
    words = turn.excerpt or f"{turn.transcript} → {turn.reply}"
    marks = [mark for mark, there in (("interrupted", turn.interrupted), ("error", turn.error)) if there]
    return "  ".join([_when(turn.at_ms), str(turn.id), " ".join(words.split()), *marks])


def _show_conversation(archive: Archive, conversation: KeptConversation, as_json: bool) -> None:
    after, first = None, _line_of(conversation)
    typer.echo(json.dumps(asdict(conversation), ensure_ascii=False) if as_json else first)
    while True:
        page = archive.turns_of(conversation.id, after, MOST_A_PAGE)
        for turn in page.rows:
            text = json.dumps(asdict(turn), ensure_ascii=False) if as_json else "\n".join(_said(turn))
            typer.echo(text)
        if (after := page.next) is None:
            return


def _line_of(conversation: KeptConversation) -> str:
    began = f"{_when(conversation.started_ms)}  {conversation.source}, {conversation.identity}"
    return f"{began}, {conversation.turns} turns"


def _said(turn: KeptTurn) -> list[str]:
    lines = [f"{_when(turn.at_ms)}  {turn.id}", f"  you   {turn.transcript}"]
    lines += [f"  jett  {turn.reply}"] if turn.reply else []
    lines += [f"        (interrupted; heard: {turn.heard or 'nothing'})"] if turn.interrupted else []
    return lines + ([f"        error: {turn.error}"] if turn.error else [])


def _whole(turn: KeptTurn) -> list[str]:
    lines = [*_said(turn), f"  in conversation {turn.conversation_id}"]
    lines += [f"  woken by {turn.woken_by}"] if turn.woken_by else []
    lines += [f"  {span.name:<8} {span.start_ms:>9.1f} to {span.end_ms:>9.1f} ms" for span in turn.spans]
    lines += [f"  tool {used.name} {used.arguments}: {_one_line(used.result)}" for used in turn.tool_calls]
    for said in turn.guard:
        words: list[Any] = [said.verb, said.target, said.verdict, said.rule, said.operation]
        lines.append(f"  guard {' '.join(word for word in words if word)}")
    return lines


def _one_line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 200 else f"{flat[:199]}…"


def _when(at_ms: int) -> str:
    return time_of(at_ms).astimezone().isoformat(sep=" ", timespec="seconds")
