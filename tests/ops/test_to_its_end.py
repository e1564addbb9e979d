"""What was begun ends, also when Ctrl-C cancels the main task."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from jett.core.errors import OperationError
from jett.ops.to_its_end import to_its_end

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Change:
    """Something that is begun, and ends when it is let."""

    def __init__(self) -> None:
        self.begun, self.let, self.ended = anyio.Event(), anyio.Event(), False

    async def carry_out(self) -> str:
        self.begun.set()
        await self.let.wait()
        self.ended = True
        return "done"


async def test_a_cancel_as_ctrl_c_makes_it_waits_for_the_end() -> None:
    """asyncio's own cancel, which no scope of anyio's holds off."""
    change = Change()
    caller = asyncio.ensure_future(to_its_end(change.carry_out))
    await change.begun.wait()
    caller.cancel()
    await anyio.wait_all_tasks_blocked()
    assert not caller.done()
    change.let.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert change.ended


async def test_a_cancelled_scope_waits_too() -> None:
    """anyio's cancel."""
    change = Change()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(to_its_end, change.carry_out)
        await change.begun.wait()
        tasks.cancel_scope.cancel()
        change.let.set()
    assert change.ended


async def test_its_result_and_its_error_are_handed_on_as_they_are() -> None:
    """Not in a group of errors."""
    change = Change()
    change.let.set()
    assert await to_its_end(change.carry_out) == "done"

    async def fails() -> None:
        raise OperationError("docker: no")

    with pytest.raises(OperationError, match="docker: no"):
        await to_its_end(fails)
