"""What a turn's tools were asked and gave, for its report."""

from __future__ import annotations

import pytest

from jett.core.clock import FakeClock
from jett.core.errors import OperationError
from jett.core.events import Decided, ToolUsed, TurnReport
from jett.core.ports import ToolCall, ToolResult, ToolSpec
from jett.session.redacted import redacted_event
from jett.session.tools_used import NotedTools, Use

pytestmark = pytest.mark.anyio

AT = "2026-11-24T16:05:00.250Z"
SAID = Decided("op-1", "status", "n8n", "allow", "", AT)
CALL = ToolCall("status", '{"name": "n8n"}')


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Slow:
    """A tool that takes a quarter of a second."""

    def __init__(self, clock: FakeClock, result: ToolResult | OperationError) -> None:
        self._clock = clock
        self._result = result

    def specs(self) -> tuple[ToolSpec, ...]:
        return ()

    async def use(self, call: ToolCall) -> ToolResult:
        self._clock.advance(0.25)
        if isinstance(self._result, OperationError):
            raise self._result
        return self._result


async def test_a_use_is_told_from_the_end_of_speech_with_what_the_guard_said() -> None:
    clock, used, decisions = FakeClock(10.0), list[Use](), list[Decided]()
    tools = NotedTools(Slow(clock, ToolResult("n8n is up.", decided=SAID)), clock, used, decisions)
    await tools.use(CALL)
    assert [use.told(9.5) for use in used] == [ToolUsed("status", '{"name": "n8n"}', "n8n is up.", 500.0, 250.0)]
    assert decisions == [SAID]


async def test_a_use_that_fails_is_told_as_failed() -> None:
    clock, used = FakeClock(10.0), list[Use]()
    tools = NotedTools(Slow(clock, OperationError("ops: gone", unreachable=True)), clock, used, [])
    with pytest.raises(OperationError):
        await tools.use(CALL)
    (told,) = (use.told(10.0) for use in used)
    assert told.failed
    assert told.result == "I can't reach the server right now."


async def test_a_long_result_is_cut() -> None:
    told = Use(CALL, ToolResult("x" * 10_000), 0.0, 1.0).told(0.0)
    assert len(told.result) == 4000
    assert told.result.endswith(" …")


def test_no_tool_s_words_carry_a_secret_out_of_the_conversation() -> None:
    used = ToolUsed("logs", "name=hunter2", "the password is hunter2", 0.0, 1.0)
    report = TurnReport(1, 0, "a", "b", "b", interrupted=False, at=AT, tool_calls=(used,), guard=(SAID,))
    kept = redacted_event(report, lambda text: text.replace("hunter2", "[redacted]").replace("2026", "[year]"))
    assert isinstance(kept, TurnReport)
    assert "hunter2" not in str(kept)
    assert kept.at == AT
    assert kept.guard == (SAID,)
