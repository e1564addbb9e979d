"""Whose voice a turn is: which verdict counts, and that nothing waits for one that nobody asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import numpy as np
import pytest

from jett.core.audio import Samples
from jett.core.errors import EngineError
from jett.core.events import TurnReport
from jett.core.ports import SpeakerScore
from jett.session.audio_ring import AudioRing
from jett.session.identifying import Identifying
from jett.turns.events import Speculate

pytestmark = pytest.mark.anyio
ANNA, NOBODY = SpeakerScore("anna", 0.81), SpeakerScore(None, 0.42)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Judges:
    """Port SpeakerVerifier: what it is told to say."""

    def __init__(self, *says: SpeakerScore | EngineError | None) -> None:
        self._says = list(says)
        self.heard: list[int] = []

    def verify(self, speech: Samples) -> SpeakerScore | None:
        self.heard.append(speech.size)
        said = self._says.pop(0)
        if isinstance(said, EngineError):
            raise said
        return said


class AtOnce:
    """Port Caller, on this very thread; `held` calls wait until they are let go."""

    busy = False

    def __init__(self) -> None:
        self.let_go = anyio.Event()
        self.let_go.set()

    async def call(self, function: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        await self.let_go.wait()
        return function(*args, **more)

    def within(self, needed_in_s: float) -> AtOnce:
        return self


def said(turn: int, revision: int = 0) -> Speculate:
    return Speculate(turn, revision, 0.0, 1.0, 1.0)


def ring() -> AudioRing:
    held = AudioRing(3.0)
    held.write(np.ones(32_000, np.int16))
    return held


def report(turn: int) -> TurnReport:
    return TurnReport(turn, 0, "restart n8n", "Restart n8n?", "Restart n8n?", interrupted=False)


@pytest.mark.parametrize(("score", "name"), [(ANNA, "anna"), (NOBODY, ""), (None, None), (EngineError("no"), None)])
async def test_a_turns_verdict_is_told_to_commands_and_in_its_report(
    score: SpeakerScore | EngineError | None, name: str | None
) -> None:
    """Too little speech and a failed engine are no verdict; neither ends anything."""
    judges = Judges(score)
    who = Identifying(judges)
    await who.judge(said(1), ring(), AtOnce())
    assert judges.heard == [16_000]
    assert who.so_far == name
    who.commit(1)
    assert await who.name() == name
    told = who.told(report(1))
    assert isinstance(told, TurnReport)
    assert told.speaker == name
    assert told.speaker_score == (score.score if isinstance(score, SpeakerScore) else None)
    assert who.told(report(2)) == report(2)


async def test_the_newest_revision_counts() -> None:
    """Whoever goes on speaking is judged by all of it."""
    who = Identifying(Judges(NOBODY, ANNA))
    await who.judge(said(1, 0), ring(), AtOnce())
    await who.judge(said(1, 1), ring(), AtOnce())
    who.commit(1)
    assert await who.name() == "anna"


async def test_a_verdict_is_never_taken_from_another_turn() -> None:
    """Not by one that was typed, nor by the first of another conversation."""
    who = Identifying(Judges(ANNA))
    await who.judge(said(1), ring(), AtOnce())
    who.commit(2)
    assert await who.name() is None
    assert who.told(report(2)) == report(2)
    who.forget()
    who.commit(1)
    assert await who.name() is None


async def test_who_acts_on_the_words_waits_and_speech_that_follows_changes_nothing() -> None:
    """The next turn is heard while the command of this one asks."""
    who, worker = Identifying(Judges(ANNA, NOBODY)), AtOnce()
    worker.let_go = anyio.Event()
    names: list[str | None] = []

    async def ask() -> None:
        names.append(await who.name())

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(who.judge, said(1), ring(), worker)
            await anyio.wait_all_tasks_blocked()
            who.commit(1)
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            assert names == []
            tasks.start_soon(who.judge, said(2), ring(), worker)
            await anyio.wait_all_tasks_blocked()
            worker.let_go.set()
    assert names == ["anna"]
    assert await who.name() == "anna"
    assert who.so_far == ""
