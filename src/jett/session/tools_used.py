"""What a reply's tools were asked and gave, noted for the turn's report: the port Tools, overheard. Called by
`draft`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jett.core.clock import Clock
from jett.core.errors import JettError
from jett.core.events import Decided, ToolUsed
from jett.core.ports import ToolCall, ToolResult, Tools, ToolSpec

_MOST_CHARS = 4000
"""Of arguments and of a result: a log's end is told to the model, a report needs no more of it."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use, monotonic seconds."""

    call: ToolCall
    result: ToolResult
    start_s: float
    end_s: float

    def told(self, zero_s: float) -> ToolUsed:
        """As the report has it, from the end of speech at `zero_s`."""
        start_ms, took_ms = round((self.start_s - zero_s) * 1000, 1), round((self.end_s - self.start_s) * 1000, 1)
        result = self.result.text or self.result.spoken
        return ToolUsed(
            self.call.name, _cut(self.call.arguments), _cut(result), start_ms, took_ms, failed=self.result.failed
        )


class NotedTools:
    """Port Tools of one draft."""

    def __init__(self, inner: Tools, clock: Clock, used: list[Use], decisions: list[Decided]) -> None:
        self._inner = inner
        self._clock = clock
        self._used = used
        self._decisions = decisions

    def specs(self) -> tuple[ToolSpec, ...]:
        """Port Tools."""
        return self._inner.specs()

    async def use(self, call: ToolCall) -> ToolResult:
        """Port Tools. One that raises is noted as failed."""
        start_s, result = self._clock.now_s(), ToolResult(failed=True)
        try:
            result = await self._inner.use(call)
        except JettError as error:
            result = ToolResult(error.spoken, failed=True)
            raise
        finally:  # also of one that was cancelled
            self._used.append(Use(call, result, start_s, self._clock.now_s()))
            if result.decided is not None:
                self._decisions.append(result.decided)
        return result


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 2]} …"
