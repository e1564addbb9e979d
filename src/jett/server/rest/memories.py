"""`/api/memories`: what Jett was asked to remember, for the dashboard to show, add to and delete. Mounted by `app`.

Only a browser's session may: a token, which a program holds, neither reads the owner's memories nor puts words there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query

from jett.core.errors import EngineError, MemoryFull, MemoryUnavailable, ModelError, SecretRefused
from jett.memory import Memories, Memory
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.failures import failures, person
from jett.server.rest.shapes import memory as shapes
from jett.server.rest.shapes.base import DeleteAll, Deleted

_MOST_ON_A_PAGE = 50
_SOURCE = "dashboard"


def router(memories: Memories | None) -> APIRouter:
    """The routes over `memories`; None where nothing is remembered. They block, so FastAPI runs each in a thread."""
    routes = APIRouter(
        prefix="/api/memories", tags=["memories"], dependencies=[Depends(person)], responses=failures(404)
    )

    @routes.get("", operation_id="listMemories")
    def list_memories(
        query: Annotated[
            str, Query(max_length=200, description="Nearest in meaning first; empty is newest first.")
        ] = "",
        before: Annotated[str, Query(max_length=60, description="The `next` of the page before.")] = "",
    ) -> shapes.Memories:
        """What is remembered: newest first, or what is about `query`."""
        kept = _kept(memories)
        with _refusing():
            if query.strip():
                found = kept.recall(query, _MOST_ON_A_PAGE)
                return shapes.Memories(memories=[_shape(one) for one in found], next=None)
            page = kept.newest(_MOST_ON_A_PAGE, before)
        return shapes.Memories(memories=[_shape(one) for one in page.memories], next=page.next)

    @routes.post("", operation_id="addMemory", status_code=201, responses=failures(409))
    def add_memory(remember: shapes.Remember) -> shapes.Remembered:
        """Remember one thing; the same words again are kept once, as of now."""
        kept = _kept(memories)
        if not remember.text.strip():
            raise Refusal(422, "the text says nothing", "send a sentence")
        with _refusing():
            return _shape(kept.remember(remember.text, _SOURCE))

    @routes.delete("", operation_id="deleteAllMemories")
    def delete_all_memories(confirm: Annotated[DeleteAll, Body()]) -> Deleted:
        """Forget everything, really: the words are in no file afterwards."""
        kept = _kept(memories)
        with _refusing():
            return Deleted(memories=kept.forget_all())

    @routes.delete("/{id}", operation_id="deleteMemory")
    def delete_memory(id: UUID) -> Deleted:
        """Forget one, really."""
        kept = _kept(memories)
        with _refusing():
            if not kept.forget(str(id)):
                raise Refusal(404, "there is no such memory", "read the list again")
        return Deleted(memories=1)

    return routes


def _kept(memories: Memories | None) -> Memories:
    if memories is None:
        raise Refusal(404, "nothing is remembered: memory.keep is off", "set memory.keep = true and start again")
    return memories


@contextmanager
def _refusing() -> Iterator[None]:
    """Our errors, as what a browser is told."""
    try:
        yield
    except SecretRefused:
        raise Refusal(422, "the text holds a password or a key, which is never kept", "leave it out") from None
    except MemoryFull as full:
        raise Refusal(409, str(full), "delete what is not needed any more") from None
    except (MemoryUnavailable, ModelError, EngineError) as error:
        _unavailable(error)


def _unavailable(error: MemoryUnavailable | ModelError | EngineError) -> NoReturn:
    raise wait_for(503, str(error), "see: jett doctor", 30) from None


def _shape(memory: Memory) -> shapes.Remembered:
    score = None if memory.score is None else round(memory.score, 3)
    return shapes.Remembered(id=memory.id, text=memory.text, at=memory.at, source=memory.source, score=score)
