"""Who may talk with Jett at once, and what is said to who may not."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import anyio
import pytest

from jett.core.errors import EngineError, SessionsFull
from jett.session.seats import Seat, Seats


@dataclass(frozen=True)
class Guest:
    """Somebody with a key."""

    key: str


ANN, BOB, EVE = Guest("dashboard/ann"), Guest("token/bob"), Guest("token/eve")


@dataclass
class House:
    """Furnishes seats, and counts those that stand."""

    standing: int = 0

    @asynccontextmanager
    async def furnish(self, who: Guest) -> AsyncGenerator[Seat, None]:
        self.standing += 1
        try:
            if who is EVE:
                raise EngineError("vad: no model")
            yield cast("Seat", who)
        finally:
            self.standing -= 1


def test_a_seat_is_free_again_when_its_conversation_ends() -> None:
    """However it ends."""

    async def scene() -> None:
        house = House()
        seats = Seats(house.furnish, most=1)
        with suppress(KeyError):
            async with seats.take(ANN):
                assert (house.standing, seats.taken) == (1, {ANN.key: 1})
                raise KeyError
        async with seats.take(BOB):
            assert house.standing == 1
        assert (house.standing, seats.taken) == (0, {})

    anyio.run(scene)


def test_who_finds_no_seat_is_told_at_once_with_value_limit_and_fix() -> None:
    """And there is a sentence for the ear."""

    async def scene() -> SessionsFull:
        seats = Seats(House().furnish, most=2, most_each=2)
        async with seats.take(ANN), seats.take(ANN):
            with pytest.raises(SessionsFull) as refused:
                async with seats.take(BOB):
                    pass
            return refused.value

    full = anyio.run(scene)
    assert "2 of 2" in str(full)
    assert "server.most_sessions" in str(full)
    assert full.spoken.endswith("in a moment.")


def test_a_request_that_may_wait_has_the_next_seat() -> None:
    """Whoever waits longest first; one that is called off leaves no trace."""

    async def scene() -> list[str]:
        seats, order = Seats(House().furnish, most=1, most_each=1), list[str]()

        async def request(who: Guest) -> None:
            async with seats.take(who, within_s=3_600):
                order.append(who.key)

        async with anyio.create_task_group() as tasks, seats.take(ANN):
            tasks.start_soon(request, BOB)
            await anyio.wait_all_tasks_blocked()
            with anyio.CancelScope() as given_up:
                given_up.cancel()
                await request(ANN)
            tasks.start_soon(request, ANN)
            await anyio.wait_all_tasks_blocked()
            assert order == []
        assert seats.taken == {}
        return order

    assert anyio.run(scene) == [BOB.key, ANN.key]


def test_one_visitor_cannot_take_every_seat() -> None:
    """The last one is left for somebody else."""

    async def scene() -> None:
        seats = Seats(House().furnish, most=3)
        async with AsyncExitStack() as taken:
            for _ in range(2):
                await taken.enter_async_context(seats.take(ANN))
            with pytest.raises(SessionsFull, match="dashboard/ann has 2 of the 2"):
                await taken.enter_async_context(seats.take(ANN))
            await taken.enter_async_context(seats.take(BOB))

    anyio.run(scene)


def test_the_microphone_of_this_machine_always_has_its_seat() -> None:
    """And takes nobody else's."""

    async def scene() -> None:
        seats = Seats(House().furnish, most=1)
        async with seats.take(ANN), seats.local(BOB):
            assert seats.taken == {ANN.key: 1}

    anyio.run(scene)


def test_a_seat_that_could_not_be_furnished_is_not_taken() -> None:
    """What went wrong is told as it is."""

    async def scene() -> None:
        seats = Seats(House().furnish, most=1)
        with pytest.raises(EngineError, match="no model"):
            async with seats.take(EVE):
                pass
        assert seats.taken == {}

    anyio.run(scene)
