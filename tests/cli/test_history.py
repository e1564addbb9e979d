"""`jett history` as a process: what is kept is listed, found, shown, moved and deleted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jett.history import Archive
from jett.history.sqlite import FILE, SqliteDatabase
from tests.cli.conftest import HANG_LIMIT_S, Jett
from tests.history.support import say


@pytest.fixture
def ids(bare: Jett) -> list[int]:
    """Three turns of one conversation, as another Jett has written them."""
    archive = Archive(SqliteDatabase(bare.folder / "history" / FILE))
    made = say(archive, ("Is n8n up?", "It is up."), ("Run the backup.", "Done."), ("Thanks.", "Gladly."))
    archive.close()
    return made


def test_turns_are_listed_searched_and_shown(bare: Jett, ids: list[int]) -> None:
    first, *rest = bare.lines("history", "list", "-n", "2")
    assert first["id"] == ids[2]
    assert rest[0]["id"] == ids[1]
    assert bare.lines("history", "list", "--before", rest[1]["next"])[0]["id"] == ids[0]
    (found,) = bare.lines("history", "search", "back*")
    assert found["excerpt"] == "Run the ‹backup›."
    assert bare.lines("history", "search", "?!") == []
    shown = bare("history", "show", ids[0])
    assert "you   Is n8n up?" in shown.stdout
    assert "guard status n8n allow op-1" in shown.stdout
    assert "woken by hey_jett" in shown.stdout
    assert bare.lines("history", "show", ids[0], "--json")[0]["woken_by"] == "hey_jett"
    conversation = bare.lines("history", "show", found["conversation_id"])
    assert [row["id"] for row in conversation] == [found["conversation_id"], *ids]


def test_what_is_exported_is_taken_in_elsewhere(bare: Jett, ids: list[int], tmp_path: Path) -> None:
    exported = bare("history", "export").stdout
    elsewhere = {"JETT_HISTORY__DIR": str(tmp_path / "elsewhere")}
    (bare.folder / "export.jsonl").write_text(exported, encoding="utf-8")
    assert bare.lines("history", "import", "export.jsonl", **elsewhere) == [{"turns": 3}]
    assert bare("history", "export", **elsewhere).stdout == exported


def test_deleting_asks_and_without_a_terminal_wants_a_yes(bare: Jett, ids: list[int]) -> None:
    asked = bare("history", "delete", ids[0])
    assert asked.returncode == 7
    assert "--yes" in asked.stderr
    assert bare.lines("history", "delete", ids[0], "--yes") == [{"conversations": 0, "turns": 1}]
    assert bare.lines("history", "delete", "--all", "--yes") == [{"conversations": 1, "turns": 2}]
    assert bare.lines("history", "list") == []
    gone = bare("history", "delete", ids[0], "--yes", "--json")
    assert gone.returncode == 1
    assert "there is nothing with the number" in json.loads(gone.stdout)["error"]
    assert bare("history", "delete").returncode == 2


def test_what_is_no_number_is_told_what_one_is(bare: Jett) -> None:
    said = bare("history", "show", "abc")
    assert said.returncode == 2
    assert "'abc' is no number of a turn or a conversation; see `jett history list`" in " ".join(said.stderr.split())


def test_a_no_to_deleting_says_that_nothing_was_deleted(bare: Jett, ids: list[int]) -> None:
    """Asked at a real terminal."""
    ours, theirs = os.openpty()
    asked = subprocess.Popen(
        [sys.executable, "-m", "jett", "history", "delete", "--all"],
        cwd=bare.folder, env=bare.env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.write(ours, b"n\n")
    out, err = asked.communicate(timeout=HANG_LIMIT_S)
    os.close(ours)
    os.close(theirs)
    assert (asked.returncode, out) == (1, "")
    assert err.endswith("Nothing was deleted.\n")
    assert len(bare.lines("history", "list")) == len(ids)
