"""A head that is corrupt, at the start and later, with `jett` as a process of its own: told at once, no half a start.

Each is a copy of a real one. What a damaged file itself may hold is tests/engines/wake/test_heads.py's.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jett.engines.wake.heads import load_head
from jett.models.store import Store
from tests.cli.conftest import QUESTION, Jett
from tests.cli.test_serve import free_address, served

pytestmark = [pytest.mark.models, pytest.mark.timeout(400)]

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda sound: sound[: len(sound) // 2],
    "another file": lambda sound: QUESTION.read_bytes(),
}


@pytest.fixture
def head(jett: Jett, store: Store) -> Path:
    """A head of the owner's own, which is as it should be."""
    store.path("wake-features")
    shipped = Path(__file__).parents[2] / "src" / "jett" / "engines" / "wake" / "heads" / "hey_jett.onnx"
    return Path(shutil.copy(shipped, jett.folder / "mine.onnx"))


def asleep(head: Path) -> dict[str, str]:
    """Settings under which Jett sleeps until `head` wakes it."""
    return {"JETT_WAKE__ENABLED": "true", "JETT_WAKE__WORDS": json.dumps([str(head)])}


def damage(head: Path, how: str = "cut short") -> None:
    head.write_bytes(DAMAGE[how](head.read_bytes()))


def only_error(done: subprocess.CompletedProcess[str]) -> str:
    """Of a command with --json that told an error of a model, and nothing else before it."""
    told: dict[str, str] = json.loads(done.stdout)
    assert (done.returncode, set(told), "Traceback" in done.stderr) == (4, {"error", "exit_code"}, False), done.stderr
    return told["error"]


@pytest.mark.parametrize("how", DAMAGE)
def test_a_talk_does_not_begin(jett: Jett, head: Path, how: str) -> None:
    """Not a word is answered, although the recording would be without a wake word."""
    damage(head, how)
    done = jett("talk", "--input", QUESTION, "--output", "reply.wav", "--json", **asleep(head))
    assert f"wake: '{head}' is no head" in only_error(done)
    assert "; give a head of openWakeWord, livekit-wakeword or `jett wake train`" in only_error(done)
    assert not (jett.folder / "reply.wav").exists()


def test_nothing_is_served_and_the_door_is_free_again(jett: Jett, head: Path) -> None:
    damage(head)
    address = free_address()
    done = jett("serve", "--json", "--no-open", JETT_SERVER__ADDRESS=address, **asleep(head))
    assert f"wake: '{head}' is no head" in only_error(done)
    host, port = address.split(":")
    socket.create_server((host, int(port))).close()


def test_one_that_is_damaged_while_jett_runs_is_told_and_not_taken_again(jett: Jett, head: Path) -> None:
    """What runs goes on with what it has loaded; whatever loads the head from then on refuses it."""
    (jett.folder / "jett.toml").write_text(f'[wake]\nenabled = true\nwords = ["{head}"]\n', "utf-8")
    address = free_address()
    with (
        served(jett, JETT_SERVER__ADDRESS=address) as (told, process),
        httpx.Client(base_url=told["address"], trust_env=False, follow_redirects=True) as browser,
    ):
        browser.get(told["link"])
        assert state(browser, head) == "ready"
        damage(head)
        assert state(browser, head) == "damaged"
        assert process.poll() is None
        test = jett("wake", "test", QUESTION)
        assert (test.returncode, "is no head" in test.stderr) == (4, True)
    again = jett("serve", "--json", "--no-open", JETT_SERVER__ADDRESS=address)
    assert "is no head" in only_error(again)


def state(browser: httpx.Client, head: Path) -> str:
    """What the dashboard says of it."""
    heads = {each["name"]: each["state"] for each in browser.get("/api/wake").json()["heads"]}
    found: str = heads[str(head)]
    return found


def test_a_stock_head_whose_file_was_changed_in_the_store_is_not_used(bare: Jett, store: Store) -> None:
    """One weight is another: it would load and score, so the manifest's digest is what tells."""
    ours = bare.folder / "no-models" / "by-id"
    for model_id in ("wake-features", "wake-hey-jarvis"):
        shutil.copytree(store.path(model_id), ours / model_id)
    weights = ours / "wake-hey-jarvis" / store.file("wake-hey-jarvis").name
    words = {"JETT_WAKE__ENABLED": "true", "JETT_WAKE__WORDS": '["hey_jarvis"]'}
    assert bare("wake", "test", QUESTION, **words).returncode == 0
    changed = bytearray(weights.read_bytes())
    changed[len(changed) // 2] ^= 1
    weights.write_bytes(changed)
    load_head(weights)
    for command in (("wake", "test", QUESTION), ("talk", "--input", QUESTION)):
        told = only_error(bare(*command, "--json", **words))
        assert "is damaged (hey_jarvis.tflite is not the file of the manifest)" in told
        assert told.endswith("fix: jett models pull wake-hey-jarvis")
