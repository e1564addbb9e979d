"""Ctrl-C, a polite kill and a closed pipe at many moments: nothing is left running, nothing is half-written."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jett.audio.files import audio_seconds
from tests.cli.conftest import HANG_LIMIT_S, QUESTION, Jett, children_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX sends them")


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"it ended without saying {words!r}")


def ended_by(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """Its exit code after the signal, and the rest of what it said; its children must be gone with it."""
    children = children_of(process)
    process.send_signal(number)
    _, said = process.communicate(timeout=HANG_LIMIT_S)
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=HANG_LIMIT_S)[1] == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return process.returncode, said


@pytest.mark.models
@pytest.mark.parametrize("moment", ["loading", "engines:"])
def test_ctrl_c_ends_a_conversation_cleanly(jett: Jett, moment: str) -> None:
    process = jett.start("talk", "--input", QUESTION, "--output", "reply.wav", "--json")
    read_until(process, moment)

    assert ended_by(process, signal.SIGINT)[0] == 130
    assert {path.name for path in jett.folder.iterdir()} == {"jett.toml"}


@pytest.mark.models
def test_ctrl_c_after_an_answer_keeps_what_was_said_until_then(jett: Jett) -> None:
    process = jett.start("talk", "--input", QUESTION, QUESTION, "--output", "reply.wav", "--json")
    assert process.stdout is not None
    assert '"turn": 1' in process.stdout.readline()

    code, said = ended_by(process, signal.SIGINT)
    assert code == 130
    assert "what Jett said until it was interrupted is in reply.wav" in said
    assert audio_seconds(jett.folder / "reply.wav") > 0.5
    assert {path.name for path in jett.folder.iterdir()} == {"jett.toml", "reply.wav"}


@pytest.mark.models
def test_a_polite_kill_cleans_up_like_ctrl_c(jett: Jett) -> None:
    process = jett.start("talk", "--input", QUESTION, "--output", "reply.wav")
    read_until(process, "engines:")

    assert ended_by(process, signal.SIGTERM)[0] == 128 + signal.SIGTERM


@pytest.mark.models
def test_ctrl_c_ends_an_answer_in_writing(jett: Jett) -> None:
    process = jett.start("ask", "Count from one to one hundred in words.", PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    assert process.stdout.read(1)

    assert ended_by(process, signal.SIGINT)[0] == 130


def test_ctrl_c_while_models_are_fetched_leaves_no_model_half_there(bare: Jett) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mirror:  # takes the call and never answers
        address = f"http://127.0.0.1:{mirror.getsockname()[1]}"
        process = bare.start("talk", "--first-run", JETT_MODELS__MIRROR=address, PIP_NO_INDEX="1")
        read_until(process, "fetching")
        mirror.accept()[0].close()

        assert ended_by(process, signal.SIGINT)[0] == 130
    assert not list((bare.folder / "no-models").glob("by-id/*/*"))


@pytest.mark.models
def test_a_reader_who_leaves_ends_it_quietly(jett: Jett) -> None:
    done = subprocess.run(
        f"{sys.executable} -m jett config reference | head -n 1",
        shell=True,
        env=jett.env,
        cwd=jett.folder,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT_S,
        check=False,
    )
    assert done.stdout.startswith("#")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.models
def test_a_reader_who_leaves_after_the_first_line_ends_a_transcription(jett: Jett) -> None:
    process = jett.start("transcribe", *[QUESTION] * 6)
    assert process.stdout is not None
    assert process.stdout.readline().endswith("What is the capital of France?\n")
    process.stdout.close()
    _, said = process.communicate(timeout=HANG_LIMIT_S)
    assert (process.returncode, said) == (1, "")


@pytest.mark.models
def test_ctrl_c_ends_a_transcription_without_a_word(jett: Jett) -> None:
    process = jett.start("transcribe", *[QUESTION] * 40)
    assert process.stdout is not None
    assert process.stdout.readline()

    assert ended_by(process, signal.SIGINT) == (130, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_is_nobodys_mistake(bare: Jett, closed: str) -> None:
    done = subprocess.run(
        f"{sys.executable} -m jett config path {closed}",
        shell=True,
        env=bare.env,
        cwd=bare.folder,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_only_one_jett_has_the_microphone_and_a_killed_one_does_not_keep_it(tmp_path: Path) -> None:
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    holding = "from jett.cli.running import only_one\nwith only_one(): print('held', flush=True); input()"
    trying = [sys.executable, "-c", "from jett.cli.running import only_one\nwith only_one(): print('mine')"]
    first = subprocess.Popen(
        [sys.executable, "-c", holding], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdin is not None
    assert first.stdout.readline() == "held\n"
    second = subprocess.run(trying, env=env, capture_output=True, text=True, check=False, timeout=HANG_LIMIT_S)
    first.kill()
    first.communicate()
    third = subprocess.run(trying, env=env, capture_output=True, text=True, check=False, timeout=HANG_LIMIT_S)

    assert f"AlreadyRunning: talk: process {first.pid} has the microphone, allowed is one" in second.stderr
    assert third.stdout == "mine\n"
