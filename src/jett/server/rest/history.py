"""Conversations and turns on the dashboard: listed, searched, opened, deleted, exported. For a browser of the owner's
alone.

A token is held by a program and says what it may do on servers; what was said at home is none of that, so it reads
nothing here. Queries run in threads, a few at a time, so that a slow database holds up neither the event loop nor
other routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path as FilePath
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import FileResponse, StreamingResponse

from jett.core.errors import HistoryError
from jett.history import Archive, Gone, KeptConversation, KeptTurn, TurnInList
from jett.history.ids import MOST, NoPlace
from jett.history.kept import time_of
from jett.history.reading import MOST_A_PAGE, PAGE
from jett.history.sound_files import SAID, is_recording
from jett.server.refusal import Refusal
from jett.server.rest.failures import failures, person
from jett.server.rest.shapes import history as shapes
from jett.server.rest.shapes.base import DeleteAll, Deleted

MOST_QUERY_CHARS = 200
MOST_AT_ONCE = 4
JSON_LINES = "application/x-ndjson"
T = TypeVar("T")

Id = Annotated[int, Path(ge=0, le=MOST)]
Before = Annotated[str | None, Query(max_length=12, description="`next` of the page before this one.")]
Limit = Annotated[int, Query(ge=1, le=MOST_A_PAGE)]


def router(archive: Archive | None, on_deleted: Callable[[], None] = lambda: None) -> APIRouter:
    """`archive` is None where nothing is kept; then every route says so. `on_deleted`: words are gone, forget them."""
    routes = APIRouter(prefix="/api", tags=["history"], dependencies=[Depends(person)])
    asked = _Asked(archive)
    _add_reading(routes, asked)
    _add_deleting(routes, asked, on_deleted)
    return routes


class _Asked:
    """The history in threads; its errors as refusals."""

    def __init__(self, archive: Archive | None) -> None:
        self._archive = archive
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    @property
    def archive(self) -> Archive:
        """Raises Refusal where there is none."""
        if self._archive is None:
            raise Refusal(409, "no history is kept", "set history.keep = true and start Jett again")
        return self._archive

    async def __call__(self, ask: Callable[[], T]) -> T:
        """What `ask` gives. Raises Refusal."""
        try:
            return await anyio.to_thread.run_sync(ask, limiter=self._limiter)
        except NoPlace as error:
            raise _refusal(422, error) from None
        except HistoryError as error:
            raise _refusal(503, error) from None

    async def found(self, ask: Callable[[], T | None]) -> T:
        """The same of something that may not be there. Raises Refusal."""
        there = await self(ask)
        if there is None:
            raise _not_there()
        return there


def _add_reading(routes: APIRouter, asked: _Asked) -> None:
    @routes.get("/conversations", operation_id="listConversations", responses=failures(409))
    async def list_conversations(before: Before = None, limit: Limit = PAGE) -> shapes.Conversations:
        """Newest first."""
        page = await asked(partial(asked.archive.conversations, before, limit))
        return shapes.Conversations(conversations=[_conversation(row) for row in page.rows], next=page.next)

    @routes.get("/conversations/{id}", operation_id="getConversation", responses=failures(404, 409))
    async def get_conversation(id: Id, after: Before = None, limit: Limit = PAGE) -> shapes.ConversationTurns:
        """With its turns, oldest first."""
        found = await asked.found(partial(asked.archive.conversation, id))
        page = await asked(partial(asked.archive.turns_of, id, after, limit))
        turns = [_turn(turn) for turn in page.rows]
        return shapes.ConversationTurns(conversation=_conversation(found), turns=turns, next=page.next)

    @routes.get("/turns", operation_id="listTurns", responses=failures(409))
    async def list_turns(
        query: Annotated[
            str, Query(max_length=MOST_QUERY_CHARS, description='Words, "phrases", beginnings*; empty lists all.')
        ] = "",
        before: Before = None,
        limit: Limit = PAGE,
    ) -> shapes.Turns:
        """Newest first: all, or those that hold what was searched for."""
        page = await asked(partial(asked.archive.turns, query, before, limit))
        return shapes.Turns(turns=[_line(row) for row in page.rows], next=page.next)

    @routes.get("/turns/{id}", operation_id="getTurn", responses=failures(404, 409))
    async def get_turn(id: Id) -> shapes.Turn:
        """With its spans, its tool calls and what the guard said."""
        return _turn(await asked.found(partial(asked.archive.turn, id)))

    @routes.get(
        "/turns/{id}/audio",
        operation_id="getTurnAudio",
        response_class=FileResponse,
        responses={**failures(404, 409), 200: {"content": {"audio/wav": {}}, "description": "What Jett said"}},
    )
    async def get_turn_audio(id: Id) -> FileResponse:
        """The reply as WAV, where recordings are kept."""
        turn = await asked.found(partial(asked.archive.turn, id))
        said = _said(turn.recordings)
        if not said or not await anyio.to_thread.run_sync(FilePath(said).is_file):
            raise Refusal(404, "there is no recording of it", "set privacy.keep_recordings for turns to come")
        return FileResponse(said, media_type="audio/wav", headers={"Cache-Control": "no-store"})

    @routes.get(
        "/history/export",
        operation_id="exportHistory",
        response_class=StreamingResponse,
        responses={
            **failures(409),
            200: {"content": {JSON_LINES: {}}, "description": "One conversation or turn a line"},
        },
    )
    async def export_history() -> StreamingResponse:
        """Everything, oldest first."""
        lines = asked.archive.export()
        first = await asked(partial(next, lines))  # a database out of reach is told before the answer begins
        headers = {"Content-Disposition": 'attachment; filename="jett-history.jsonl"', "Cache-Control": "no-store"}
        return StreamingResponse(_gathered(chain([first], lines)), media_type=JSON_LINES, headers=headers)


def _add_deleting(routes: APIRouter, asked: _Asked, on_deleted: Callable[[], None]) -> None:
    async def gone(delete: Callable[[], Gone]) -> Gone:
        try:
            return await asked(delete)
        finally:
            on_deleted()  # also where it failed half-way

    @routes.delete("/conversations/{id}", operation_id="deleteConversation", responses=failures(404, 409))
    async def delete_conversation(id: Id) -> Deleted:
        """With all its turns and their recordings."""
        return _deleted(await gone(partial(asked.archive.delete_conversation, id)))

    @routes.delete("/turns/{id}", operation_id="deleteTurn", responses=failures(404, 409))
    async def delete_turn(id: Id) -> Deleted:
        """With its recordings; its conversation too, if it was the last of it."""
        return _deleted(await gone(partial(asked.archive.delete_turn, id)))

    @routes.delete("/history", operation_id="deleteHistory", responses=failures(409))
    async def delete_history(_: DeleteAll) -> Deleted:
        """Every conversation, every turn and every recording that belongs to one."""
        return _told(await gone(asked.archive.delete_everything))


def _gathered(lines: Iterable[str], most_chars: int = 64 * 1024) -> Iterator[str]:
    """Some lines at a time: each piece is a way to a thread and back."""
    some, size = [], 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= most_chars:
            yield "".join(some)
            some, size = [], 0
    yield "".join(some)


def _deleted(gone: Gone) -> Deleted:
    if not gone.turns and not gone.conversations:
        raise _not_there()
    return _told(gone)


def _told(gone: Gone) -> Deleted:
    traces = gone.traces.removeprefix("history: ")
    return Deleted(conversations=gone.conversations, turns=gone.turns, traces=traces)


def _not_there() -> Refusal:
    return Refusal(404, "there is no such thing in the history", "it may be deleted; read the list again")


def _refusal(status: int, error: HistoryError) -> Refusal:
    what, _, fix = str(error).removeprefix("history: ").rpartition("; ")
    return Refusal(status, what or fix, fix)


def _conversation(kept: KeptConversation) -> shapes.Conversation:
    values = asdict(kept)
    started, ended = values.pop("started_ms"), values.pop("ended_ms")
    return shapes.Conversation(
        started_at=time_of(started), ended_at=None if ended is None else time_of(ended), **values
    )


def _line(kept: TurnInList) -> shapes.TurnLine:
    values = asdict(kept)
    return shapes.TurnLine(at=time_of(values.pop("at_ms")), **values)


def _turn(kept: KeptTurn) -> shapes.Turn:
    values = asdict(kept)
    recordings = values.pop("recordings")
    return shapes.Turn(at=time_of(values.pop("at_ms")), has_audio=bool(_said(recordings)), **values)


def _said(recordings: Iterable[str]) -> str:
    """The recording of the reply; empty where there is none."""
    return next((file for file in recordings if file.endswith(SAID) and is_recording(file)), "")
