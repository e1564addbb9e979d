"""What the fast path understands of real ways to say it, and what it must leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.tools.fast_path import FastPath, plain
from jett.tools.intent import CHANGES, Action, Intent, WhichOne
from jett.tools.names import Names

CONTAINERS = {
    "n8n": [],
    "postgres": ["database", "postgresql"],
    "qdrant": ["vector database"],
    "portainer": [],
    "socket-proxy": [],
}
WORKFLOWS: dict[str, list[str]] = {"backup": [], "morning-report": []}


def sentences() -> list[tuple[str, str, str]]:
    """The table beside this file: text, action or "-", target."""
    lines = (Path(__file__).parent / "sentences.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows]


@pytest.fixture(scope="module")
def fast_path() -> FastPath:
    return FastPath(CONTAINERS, WORKFLOWS)


@pytest.mark.parametrize(("text", "action", "target"), sentences())
def test_sentence(fast_path: FastPath, text: str, action: str, target: str) -> None:
    """Each row of the table, to the letter."""
    understood = fast_path.understand(text)
    if action == "-":
        assert understood is None
        return
    assert isinstance(understood, Intent)
    assert (understood.action.value, understood.target) == (action, target)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Show me the last 20 lines of the n8n logs.", 20),
        ("Show me the last twenty lines of n8n.", 20),
        ("Show me the n8n logs.", None),
    ],
)
def test_the_number_of_lines_is_kept(fast_path: FastPath, text: str, lines: int | None) -> None:
    """In digits or in words."""
    assert fast_path.understand(text) == Intent(Action.LOGS, "n8n", lines=lines)


def test_the_volume_is_a_number_from_0_to_100(fast_path: FastPath) -> None:
    """Beyond it nothing was understood."""
    assert fast_path.understand("Set the volume to 50%.") == Intent(Action.VOLUME_SET, percent=50)
    assert fast_path.understand("Set the volume to 500%.") is None


@pytest.mark.parametrize("heard", ["web", "webb"])
def test_two_names_that_are_close_are_asked_about(heard: str) -> None:
    """Both are given back, and no change is made of it."""
    path = FastPath({"web-server-1": [], "web-server-2": [], "postgres": []}, {})
    understood = path.understand("Restart web server.")
    assert understood == WhichOne(Action.RESTART, ("web-server-1", "web-server-2"))
    assert path.understand(f"Restart {heard}.") is None


def test_two_names_with_one_nickname_are_asked_about() -> None:
    """The owner called both "database"."""
    path = FastPath({"postgres": ["database"], "mysql": ["database"]}, {})
    assert path.understand("Stop the database.") == WhichOne(Action.STOP, ("mysql", "postgres"))


@given(st.text(max_size=400))
def test_no_text_breaks_it_or_makes_a_change_of_nothing(text: str) -> None:
    """A change names a container of the list that was heard in some form."""
    understood = FastPath(CONTAINERS, WORKFLOWS).understand(text)
    if isinstance(understood, Intent) and understood.action in CHANGES:
        assert understood.target in CONTAINERS or understood.target in WORKFLOWS


_COMMANDS = [(text, action) for text, action, _ in sentences() if action in {change.value for change in CHANGES}]


@given(
    st.sampled_from(_COMMANDS),
    st.sampled_from(["don't ", "do not ", "never ", "i will not ", "why did you ", "what if you ", "he said "]),
)
def test_a_command_that_is_negated_or_reported_is_no_command(command: tuple[str, str], before: str) -> None:
    """Whatever the command."""
    understood = FastPath(CONTAINERS, WORKFLOWS).understand(before + command[0])
    assert not (isinstance(understood, Intent) and understood.action in CHANGES)


@given(
    st.sampled_from([text.rstrip(".?!") for text, _ in _COMMANDS]),
    st.sampled_from([" tomorrow", " if it is down", " and portainer", " unless", " not", " at noon", " in an hour"]),
)
def test_a_command_with_a_condition_is_no_command(command: str, after: str) -> None:
    """What is said after it counts."""
    understood = FastPath(CONTAINERS, WORKFLOWS).understand(command + after)
    assert not (isinstance(understood, Intent) and understood.action in CHANGES)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("Hey Jett, what's the time?", "what's the time"),
        ("Restart n8n, Jett.", "restart n8n"),
        ("“Restart n8n”", "restart n8n"),
        ("Turn it up... please!", "turn it up please"),
    ],
)
def test_marks_and_addresses_are_left_out(heard: str, said: str) -> None:
    """As the templates are written."""
    assert plain(heard) == said


@given(st.sampled_from([*CONTAINERS]), st.sampled_from([str.upper, str.title, str.lower]))
def test_a_name_is_itself_in_any_case(name: str, change: object) -> None:
    """As it is written on the list."""
    assert callable(change)
    assert Names(CONTAINERS).resolve(change(name)) == (name,)
