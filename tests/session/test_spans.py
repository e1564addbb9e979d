"""Times of a turn: from the end of speech, or from when it was asked for where nobody spoke."""

from __future__ import annotations

import pytest

from jett.session.draft import Draft
from jett.session.ears import Ears
from jett.session.listening import Hearing
from jett.session.playback import Track
from jett.session.spans import Spans
from jett.turns.events import Commit, Speculate
from tests.session.test_ears import Silence


class Hand:
    """Port Clock, set by hand."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def now_s(self) -> float:
        return self.at_s


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_turn_that_was_typed_before_any_sound_came_begins_when_it_was_asked() -> None:
    """The audio clock stands still then, so it tells nothing."""
    clock = Hand(100.0)
    spans = Spans(Ears(Silence(), clock), {})
    draft = Draft(1, 0, "what is the capital of France", Track(1))
    spans.commit(Commit(1, 0, 0.0, 0.0), Hearing(Speculate(1, 0, 0.0, 0.0, 0.0)), draft, clock.now_s(), asked=True)
    draft.marks = {"llm_first_token": 100.2, "tts_first_audio": 100.4}
    spans.first_audio(1, 100.5)
    clock.at_s = 103.0
    report = spans.report(draft, interrupted=False)
    assert report.ttfa_ms == pytest.approx(500)
    assert report.stages_ms["llm_first_token"] == pytest.approx(200)
    assert [span.name for span in report.spans if span.start_ms < 0] == []
