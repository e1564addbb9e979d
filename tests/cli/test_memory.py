"""`jett memory`: the real command, the real model, a folder of the test's own."""

from __future__ import annotations

import json

import pytest
from filelock import FileLock

from tests.cli.conftest import Jett

pytestmark = pytest.mark.models
BIRTHDAY = "my sister's birthday is the third of May"
KEY = "the spare key is under the blue flower pot"


def test_what_is_added_is_listed_found_and_forgotten(jett: Jett) -> None:
    """By five commands, of which the last leaves no byte of it."""
    added = json.loads(jett("memory", "add", BIRTHDAY, "--json").stdout)
    jett("memory", "add", KEY)
    rows = json.loads(jett("memory", "list", "--json").stdout)["memories"]
    assert [(row["text"], row["source"]) for row in rows] == [(KEY, "terminal"), (BIRTHDAY, "terminal")]
    found = jett("memory", "search", "my sister")
    assert BIRTHDAY in found.stdout
    assert KEY not in found.stdout
    gone = jett("memory", "forget", added["id"], "--json")
    assert json.loads(gone.stdout) == {"forgotten": 1}
    files = [file for file in (jett.folder / "memory").rglob("*") if file.is_file()]
    assert not any(b"sister" in file.read_bytes() for file in files)
    assert any(b"flower" in file.read_bytes() for file in files)
    assert jett("memory", "forget", "--all").stdout == "forgotten: 1\n"


def test_nothing_remembered_is_said_on_stderr_and_is_no_failure(jett: Jett) -> None:
    listed = jett("memory", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "nothing is remembered" in listed.stderr


def test_a_secret_is_refused_and_not_repeated(jett: Jett) -> None:
    refused = jett("memory", "add", "my password is swordfish")
    assert refused.returncode == 9
    assert "swordfish" not in refused.stderr + refused.stdout


def test_while_another_jett_has_the_memory_it_is_read_and_not_changed(jett: Jett) -> None:
    """As `jett serve` has it all day."""
    jett("memory", "add", KEY)
    with FileLock(jett.folder / "memory" / "jett.lock"):
        assert KEY in jett("memory", "list").stdout
        assert json.loads(jett("memory", "search", "keys", "--json").stdout)["memories"][0]["text"] == KEY
        refused = [jett("memory", "add", BIRTHDAY), jett("memory", "forget", "--all")]
    assert [one.returncode for one in refused] == [9, 9]
    for one in refused:
        assert "in use by another Jett, which alone may change it now; tell that one" in one.stderr
    assert KEY in jett("memory", "list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("forget",), "name one memory or --all"),
        (("forget", "no-such-id"), "there is no memory of that id"),
        (("add", " "), "the text is empty"),
    ],
)
def test_a_wrong_use_says_what_is_right(jett: Jett, words: tuple[str, ...], said: str) -> None:
    wrong = jett("memory", *words)
    assert wrong.returncode == 2
    assert said in wrong.stderr


def test_with_memory_off_nothing_is_opened(jett: Jett) -> None:
    off = jett("memory", "list", JETT_MEMORY__KEEP="false")
    assert off.returncode == 2
    assert "memory.keep" in off.stderr
    assert not (jett.folder / "memory").exists()
