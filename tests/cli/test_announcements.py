"""`jett talk` takes announcements: from a token made with `jett token`, heard through a real virtual sound card."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from jett.app.sockets import open_sockets
from jett.audio.files import write_wav
from jett.cli.words import agreement
from jett.settings import Settings
from tests.cli.conftest import HANG_LIMIT_S, UNDERSTOOD, Jett
from tests.system.sound_card import SoundCard, sound_card, why_no_sound_card

TEXT = "The washing machine is ready, and the door of the garage is open."
POLICY = 'version = 1\n[identities.token]\nverbs = ["announce"]\n'


@pytest.fixture
def card() -> Iterator[SoundCard]:
    missing = why_no_sound_card()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert not missing, missing
    with sound_card() as running:
        yield running


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def token(jett: Jett) -> str:
    """As docs/operations.md says."""
    (jett.folder / "policy.toml").write_text(POLICY, "utf-8")
    made = jett("token", "create", "laundry", "--verb", "announce", "--json")
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["secret"])


def test_a_token_for_announcements_needs_no_targets_and_is_listed_without_any(bare: Jett) -> None:
    assert token(bare).startswith("jett_")
    assert bare("token", "list").stdout == "laundry: announce; good\n"


@pytest.mark.models
@pytest.mark.root
def test_an_announcement_is_heard_through_the_speaker_told_and_recorded(jett: Jett, card: SoundCard) -> None:
    """With its sender in front; Ctrl-C ends the server with everything else."""
    secret, port = token(jett), free_port()
    process = jett.start(
        "talk", "--json",
        PULSE_SERVER=card.env["PULSE_SERVER"], PULSE_LATENCY_MSEC="30", JETT_OPS__ANNOUNCEMENTS=f"127.0.0.1:{port}",
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    assert any("Jett listens" in line for line in process.stderr)
    with card.recording() as recording:
        answer = httpx.post(
            f"http://127.0.0.1:{port}/v1/announcements",
            json={"text": TEXT},
            headers={"Authorization": f"Bearer {secret}"},
            trust_env=False,
        )
        told = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANG_LIMIT_S)

    assert answer.status_code == 202, answer.text
    assert (told["announcement"], told["interrupted"]) == (f"Announcement from laundry: {TEXT}", False)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert TEXT not in err
    write_wav(jett.folder / "spoken.wav", recording.samples, 16_000)
    (heard,) = jett.lines("transcribe", "spoken.wav")
    assert agreement(told["announcement"], heard["text"]) >= UNDERSTOOD
    records = jett("audit", "tail").stdout
    assert answer.json()["operation"] in records or "announce" in records
    assert "done" in records
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


@pytest.mark.models
def test_where_no_conversation_can_say_it_each_request_is_answered_at_once(jett: Jett) -> None:
    """`jett serve` without a local conversation: the door is answered all the same, and the start says so."""
    secret, port = token(jett), free_port()
    process = jett.start(
        "serve", "--json", "--no-open",
        JETT_SERVER__ADDRESS=f"127.0.0.1:{free_port()}", JETT_SERVER__LOCAL_LOOP="off",
        JETT_OPS__ANNOUNCEMENTS=f"127.0.0.1:{port}",
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "address" in json.loads(process.stdout.readline())
        url = f"http://127.0.0.1:{port}/v1/announcements"
        with httpx.Client(trust_env=False, timeout=HANG_LIMIT_S) as client:
            answer = client.post(url, json={"text": TEXT}, headers={"Authorization": f"Bearer {secret}"})
            stranger = client.post(url, json={"text": TEXT})
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_LIMIT_S)
    assert (answer.status_code, stranger.status_code) == (503, 401)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["what"] == "Jett holds no conversation here that could say it"
    assert "microphone" in answer.json()["error"]["fix"]
    assert "ops.announcements: Jett holds no conversation here that could say them" in err


@pytest.mark.models
@pytest.mark.root
def test_a_port_in_use_is_told_before_anything_is_loaded(jett: Jett, card: SoundCard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = jett("talk", "--plain", PULSE_SERVER=card.env["PULSE_SERVER"], JETT_OPS__ANNOUNCEMENTS=address)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: ops.announcements: {address} is in use by another program; end that one, or name another port in "
        "ops.announcements\n"
    )


def test_an_address_for_everybody_is_refused(bare: Jett) -> None:
    done = bare("talk", JETT_OPS__ANNOUNCEMENTS="0.0.0.0:8765")
    assert done.returncode == 2
    assert "ops.announcements is '0.0.0.0:8765', need an address of this machine or of a private network" in done.stderr


def test_without_the_setting_no_web_server_is_imported(bare: Jett) -> None:
    code = "import sys, jett.cli.talk; sys.exit(bool({'uvicorn', 'starlette'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=bare.env, check=False).returncode == 0


def test_doctor_knows_what_the_open_port_is_for() -> None:
    """And calls no other port by that name."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)):
        port = taken.getsockname()[1]
        settings = Settings.load(env={}, overrides={"ops.announcements": f"127.0.0.1:{port}"})
        found = {one.local: one for one in open_sockets(os.getpid(), settings) if one.status == "LISTEN"}
    named = [local for local, one in found.items() if one.purpose.startswith("announcements")]
    assert named == [f"127.0.0.1:{port}"]
    assert found[named[0]].expected
