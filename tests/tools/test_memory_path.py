"""What is understood of remembering, and that no sentence is both a command to the servers and one to the memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.tools.fast_path import FastPath
from jett.tools.memory_path import MemoryAction, Remembering, understand_memory
from jett.turns.phrases import is_stop_phrase

CONTAINERS = {"n8n": [], "postgres": ["database"], "qdrant": [], "portainer": [], "socket-proxy": []}
WORKFLOWS: dict[str, list[str]] = {"backup": [], "morning-report": []}
PATH = FastPath(CONTAINERS, WORKFLOWS)


def table(name: str) -> list[list[str]]:
    """Rows of a table beside this file."""
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [[*line.split("\t"), "", ""][:3] for line in lines if not line.startswith("#")]


MEMORY, SERVERS = table("memory_sentences.tsv"), table("sentences.tsv")
REMEMBERING = [text for text, action, _ in MEMORY if action != "-"]
COMMANDS = [text for text, action, _ in SERVERS if action != "-"]


@pytest.mark.parametrize(("text", "action", "slot"), MEMORY)
def test_sentence(text: str, action: str, slot: str) -> None:
    """Each row of the table, to the letter, as it was heard."""
    expected = None if action == "-" else Remembering(MemoryAction(action), slot)
    assert understand_memory(text) == expected


@pytest.mark.parametrize("text", [text for text, _, _ in SERVERS])
def test_no_sentence_about_servers_is_one_about_the_memory(text: str) -> None:
    """Every row of the fast path's own table, those that it leaves to the model too."""
    assert understand_memory(text) is None


@pytest.mark.parametrize("text", [text for text, action, _ in MEMORY if action != "-"])
def test_no_sentence_about_the_memory_is_a_command(text: str) -> None:
    """With every name on the list."""
    assert PATH.understand(text) is None


@given(st.sampled_from(COMMANDS), st.sampled_from(["Remember that ", "please remember that ", "Don't forget that "]))
def test_a_command_that_is_to_be_remembered_is_remembered_and_not_done(command: str, before: str) -> None:
    """Whatever the command."""
    understood = understand_memory(before + command)
    assert understood is not None
    assert understood.action is MemoryAction.REMEMBER
    assert PATH.understand(before + command) is None


@given(st.sampled_from(["What did I say about ", "Forget what I said about "]), st.sampled_from(COMMANDS))
def test_what_was_said_about_a_command_is_no_command(before: str, command: str) -> None:
    assert PATH.understand(before + command) is None
    assert understand_memory(before + command) is not None


@given(st.text(max_size=700) | st.sampled_from(REMEMBERING).flatmap(lambda one: st.text(max_size=20).map(one.__add__)))
def test_no_text_breaks_it_and_none_is_both(text: str) -> None:
    assert understand_memory(text) is None or PATH.understand(text) is None


@given(st.text("abcxyzABCXYZäéñÖ0189", min_size=1, max_size=12), st.sampled_from(["is", "has", "likes"]))
def test_what_is_remembered_is_what_was_said_to_the_letter(name: str, verb: str) -> None:
    """Capitals too, which a template does not see."""
    understood = understand_memory(f"Remember that {name} {verb} Blue.")
    assert understood == Remembering(MemoryAction.REMEMBER, f"{name} {verb} Blue")


@pytest.mark.parametrize("text", ["Forget that.", "Jett, forget that please"])
def test_forget_that_reaches_the_memory_and_forget_it_is_a_never_mind(text: str) -> None:
    """A stop phrase never reaches a command."""
    assert not is_stop_phrase(text)
    assert is_stop_phrase("Forget it.")
    assert is_stop_phrase("forget about it, Jett")
    assert is_stop_phrase("Forget.")
