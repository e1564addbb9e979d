"""One engine for several conversations: one thread, a lane for each, and a rota that is fair to all.

    with Lanes("stt") as stt:            one thread
        with stt.lane() as lane:         one conversation's Caller
            await lane.call(...)         as soon as can be
            await lane.within(2).call()  when it is needed in 2 s: what others need sooner goes first

A call that was cancelled before it began is never run. One that has begun runs on, and its result goes nowhere.
What others may call through a lane is short: a clause, half a minute of speech; so nobody waits longer than that.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import EngineError
from jett.session.rota import MOST_WAITING, Rota
from jett.session.worker import told_as_engine_error

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """What somebody waits for."""

    work: Callable[[], Any]
    future: Future[Any]

    def run(self) -> None:
        """On the engine's thread, unless nobody waits any more."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work()
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: who called is told
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def give_up(self, why: EngineError) -> None:
        """It will not be run."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(why)


class Lanes:
    """The thread of one engine, and who waits for it."""

    def __init__(self, name: str, clock: Clock | None = None, *, most_waiting: int = MOST_WAITING) -> None:
        """`most_waiting` calls of one lane; one more is refused with an EngineError."""
        self.name = name
        self._clock = clock or MonotonicClock()
        self._rota: Rota[_Call] = Rota(most_waiting)
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._running = False
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"jett-{name}")

    @property
    def busy(self) -> bool:
        """Whether a call runs or waits, whoever's."""
        with self._changed:
            return self._running or len(self._rota) > 0

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """One conversation's place; what still waits at its end is given up."""
        with self._changed:
            number = self._rota.join()
        try:
            yield Lane(self, number)
        finally:
            with self._changed:
                left = self._rota.leave(number)
            self._give_up(left)

    def submit(self, lane: int, work: Callable[[], T], needed_in_s: float) -> Future[T]:
        """Let `work` wait for the thread. Raises EngineError where too much of this lane waits already."""
        call = _Call(work, Future())
        with self._changed:
            if not self._rota.put(lane, call, self._clock.now_s() + needed_in_s):
                raise EngineError(
                    f"{self.name}: {self._most_waiting} calls of one conversation wait already, or it is over; "
                    "see: jett doctor"
                )
            self._changed.notify()
        call.future.add_done_callback(partial(self._forget, lane, call))
        return call.future

    def _forget(self, lane: int, call: _Call, future: Future[Any]) -> None:
        """Cancelled, it takes no place any more."""
        if future.cancelled():
            with self._changed:
                self._rota.withdraw(lane, call)

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call.run()

    def _next(self) -> _Call | None:
        """The next call, waited for; None at the end."""
        with self._changed:
            self._running = False
            while not self._closed:
                if (call := self._rota.take(self._clock.now_s())) is not None:
                    self._running = True
                    return call
                self._changed.wait()
        return None

    def _give_up(self, calls: list[_Call]) -> None:
        for call in calls:
            call.give_up(EngineError(f"{self.name}: the conversation is over; begin another one"))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            left = self._rota.close()
            self._changed.notify()
        self._give_up(left)
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Lane:
    """Port Caller: one conversation's place at an engine that it shares."""

    lanes: Lanes
    number: int
    needed_in_s: float = 0.0

    @property
    def busy(self) -> bool:
        """Whether anybody's call runs or waits: then a partial would only delay what is needed more."""
        return self.lanes.busy

    def within(self, needed_in_s: float) -> Lane:
        """Port Caller."""
        return replace(self, needed_in_s=max(0.0, needed_in_s))

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Port Caller."""
        with told_as_engine_error(self.lanes.name):
            work = partial(function, *args, **kwargs)
            return await asyncio.wrap_future(self.lanes.submit(self.number, work, self.needed_in_s))
