"""History: what the model sees."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jett.core.ports import Message
from jett.session.history import History, estimated_tokens


def test_only_what_was_heard_is_remembered() -> None:
    """An interrupted reply counts as far as it was played; an unheard one not at all."""
    history = History("Be brief.", budget_tokens=1_000)
    history.commit(1, "tell me a story")
    history.heard(1, "Once upon a")
    history.commit(2, "shorter")
    assert history.messages("now") == [
        Message("system", "Be brief."),
        Message("user", "tell me a story"),
        Message("assistant", "Once upon a"),
        Message("user", "shorter"),
        Message("user", "now"),
    ]


def test_a_withdrawn_turn_leaves_no_trace() -> None:
    """The user had not finished: the whole turn comes once."""
    history = History("", budget_tokens=1_000)
    history.commit(1, "what is the")
    history.heard(1, "Do you")
    history.forget(1)
    assert history.messages("what is the time") == [Message("system", ""), Message("user", "what is the time")]


turns = st.lists(st.tuples(st.text(max_size=200), st.text(max_size=400)), max_size=40)


@given(turns, st.integers(200, 3_000))
def test_requests_fit_the_budget_and_their_prefix_is_stable(pairs: list[tuple[str, str]], budget: int) -> None:
    """Each request begins with the one before, but for the rare trim; it never exceeds the budget by itself."""
    history = History("You are Jett.", budget_tokens=budget)
    before: list[Message] = []
    trims = 0
    for turn, (said, heard) in enumerate(pairs):
        messages = history.messages(said)
        if messages[: len(before)] != before:
            trims += 1
        total = sum(estimated_tokens(m.content) for m in messages)
        assert total <= budget or len(messages) == 2
        history.commit(turn, said)
        history.heard(turn, heard)
        before = messages
    assert trims <= len(pairs) // 2 + 1
