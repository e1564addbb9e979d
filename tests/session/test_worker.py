"""The thread of an engine: calls in order, faults told as Jett's own."""

from __future__ import annotations

import threading

import anyio
import pytest

from jett.core.errors import EngineError, TextToSpeechError
from jett.session.worker import Worker


def test_calls_run_one_after_another_on_one_thread() -> None:
    """An engine is never entered twice."""
    names: list[str] = []

    def work() -> str:
        names.append(threading.current_thread().name)
        return names[-1]

    async def both() -> None:
        with Worker("stt") as worker:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(worker.call, work)
                tasks.start_soon(worker.call, work)
            assert not worker.busy

    anyio.run(both)
    assert len(names) == 2
    assert set(names) == {"jett-stt_0"}


@pytest.mark.parametrize(
    ("fault", "expected"), [(IndexError("list index"), EngineError), (TextToSpeechError("tts: x"), TextToSpeechError)]
)
def test_a_fault_in_an_engine_is_told_and_the_next_call_works(fault: Exception, expected: type[Exception]) -> None:
    """Jett's own errors pass as they are, all others as EngineError without their words."""

    def fail() -> None:
        raise fault

    async def scene() -> str:
        with Worker("tts") as worker:
            with pytest.raises(expected) as raised:
                await worker.call(fail)
            assert "list index" not in str(raised.value)
            return await worker.call(lambda: "fine")

    assert anyio.run(scene) == "fine"
