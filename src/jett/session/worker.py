"""One owned thread for one blocking engine, so that the engine needs no locks and the event loop never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from jett.core.errors import EngineError, JettError

P = ParamSpec("P")
T = TypeVar("T")


class Caller(Protocol):
    """Where the calls of one engine run: a thread of this conversation alone, or its place in a shared one's queue."""

    @property
    def busy(self) -> bool:
        """Whether a call that is not urgent would have to wait, or make others wait."""

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)` on the engine's thread. Raises the engine's own JettError, or EngineError."""

    def within(self, needed_in_s: float) -> Caller:
        """The same for calls whose result is needed only so many seconds from now: others may go first."""


@contextmanager
def told_as_engine_error(name: str) -> Iterator[None]:
    """The boundary of an engine: a fault inside it costs one answer, not the conversation. Its own errors pass."""
    try:
        yield
    except JettError:
        raise
    except Exception as error:
        raise EngineError(f"{name}: the engine failed ({type(error).__name__}); see: jett doctor") from error


@dataclass(frozen=True, slots=True)
class Workers:
    """One conversation's callers. Whoever made them ends them."""

    stt: Caller
    turn: Caller
    tts: Caller


class Worker:
    """Runs calls one after another. A cancelled call that has begun runs on; its result goes nowhere."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"jett-{name}")
        self._pending = 0
        self._name = name

    @property
    def busy(self) -> bool:
        """Whether a call runs or waits."""
        return self._pending > 0

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)` on the owned thread. Raises the engine's own JettError, or EngineError."""
        self._pending += 1
        future = self._executor.submit(function, *args, **kwargs)
        future.add_done_callback(lambda _: self._count_down())
        with told_as_engine_error(self._name):
            return await asyncio.wrap_future(future)

    def within(self, needed_in_s: float) -> Worker:
        """Nobody else waits here, so that it makes no difference."""
        return self

    def _count_down(self) -> None:
        self._pending -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
