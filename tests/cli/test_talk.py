"""`jett talk` with recordings in place of a person: real models, real time, a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jett.audio.files import audio_seconds, write_wav
from jett.cli.words import agreement
from jett.core.audio import silence
from tests.cli.conftest import QUESTION, UNDERSTOOD, Jett

STAGES = {"speech_end", "pause_seen", "stt_final", "llm_first_token", "tts_first_audio", "commit", "first_audio"}


@pytest.mark.models
def test_the_spoken_answer_says_what_the_line_of_json_says(jett: Jett) -> None:
    reply = jett.folder / "reply.wav"
    (turn,) = jett.lines("talk", "--input", QUESTION, "--output", reply)

    assert agreement("what is the capital of france", turn["transcript"]) == 1.0
    assert "paris" in turn["reply"].lower()
    assert turn["heard"] == turn["reply"]
    assert (turn["interrupted"], turn["error"], turn["withdrawn"]) == (False, "", 0)
    assert turn["file"] == str(QUESTION)
    assert set(turn["stages_ms"]) == STAGES
    assert turn["ttfa_ms"] == turn["stages_ms"]["first_audio"] > 0
    assert set(turn["engines"]) == {"vad", "turn", "stt", "llm", "tts"}

    (written,) = jett.lines("transcribe", reply)
    assert agreement(turn["reply"], written["text"]) >= UNDERSTOOD


@pytest.mark.models
def test_each_file_is_a_conversation_of_its_own_and_a_bad_one_does_not_stop_the_next(jett: Jett) -> None:
    (jett.folder / "empty.wav").touch()
    done = jett("talk", "--input", "empty.wav", QUESTION, QUESTION, "-o", "both.wav", "--json")
    failed, first, second = (json.loads(line) for line in done.stdout.splitlines())

    assert done.returncode == 3
    assert (failed["file"], "0 bytes" in failed["error"]) == ("empty.wav", True)
    assert (first["turn"], second["turn"]) == (1, 1)
    assert audio_seconds(jett.folder / "both.wav") > 2.0
    assert "Traceback" not in done.stderr


@pytest.mark.models
def test_a_recording_that_is_cut_short_is_answered_and_told(jett: Jett) -> None:
    (jett.folder / "cut.wav").write_bytes(QUESTION.read_bytes()[:-2_000])
    done = jett("talk", "--input", "cut.wav", "--json")
    (warning,) = json.loads(done.stdout)["warnings"]

    assert done.returncode == 0
    assert "'cut.wav' is cut short" in warning
    assert done.stderr.count(f"warning: {warning}\n") == 1


@pytest.mark.models
def test_a_turn_that_ends_in_an_error_is_told_once_and_gives_its_exit_code(jett: Jett) -> None:
    address = "http://127.0.0.1:9"
    done = jett("talk", "--input", QUESTION, "--json", JETT_LLM__BACKEND="ollama", JETT_LLM__URL=address)

    assert done.returncode == 5, done.stderr
    assert address in json.loads(done.stdout)["error"]
    assert done.stderr.count(address) == 1


@pytest.mark.models
@pytest.mark.parametrize("loudness", [0, 300])
def test_nobody_speaking_is_said_and_nothing_is_written(jett: Jett, loudness: int) -> None:
    noise = np.random.default_rng(3).normal(0, 1, 32_000) * loudness
    write_wav(jett.folder / "nobody.wav", noise.astype(np.int16) if loudness else silence(32_000), 16_000)
    done = jett("talk", "--input", "nobody.wav", "--output", "reply.wav")

    assert done.returncode == 3
    assert "nobody can be heard speaking in 'nobody.wav' (2.0 s)" in done.stderr
    assert not (jett.folder / "reply.wav").exists()


@pytest.mark.models
def test_recordings_are_kept_only_when_asked_for(jett: Jett) -> None:
    (turn,) = jett.lines("talk", "--input", QUESTION, "--keep-recordings", "kept")
    kept = sorted((jett.folder / "kept").iterdir())

    assert [path.name.rsplit("-", 1)[1] for path in kept] == ["heard.wav", "said.wav"]
    said = jett.lines("transcribe", *kept)
    assert agreement("what is the capital of france", said[0]["text"]) >= 0.8
    assert agreement(turn["reply"], said[1]["text"]) >= UNDERSTOOD


@pytest.mark.models
@pytest.mark.skipif(os.name != "posix", reason="/dev/stdin is POSIX's")
def test_a_recording_from_a_pipe_is_answered(jett: Jett) -> None:
    command = f"cat {QUESTION} | {sys.executable} -m jett talk --input /dev/stdin --json"
    done = subprocess.run(command, shell=True, env=jett.env, cwd=jett.folder, capture_output=True, check=True)
    turn = json.loads(done.stdout)

    assert (turn["file"], turn["warnings"]) == ("/dev/stdin", [])
    assert agreement("what is the capital of france", turn["transcript"]) == 1.0


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/x"])
def test_a_folder_for_recordings_that_cannot_be_used_is_refused_before_anything_is_loaded(
    bare: Jett, place: str
) -> None:
    (bare.folder / "file").touch()
    for done in (
        bare("talk", "--input", QUESTION, "--keep-recordings", place),
        bare("talk", "--input", QUESTION, JETT_PRIVACY__KEEP_RECORDINGS="true", JETT_PRIVACY__RECORDINGS_DIR=place),
    ):
        assert done.returncode == 3, done.stderr
        assert done.stderr.startswith(f"error: audio: cannot keep recordings in '{place}': ")
        assert "name another folder" in done.stderr


@pytest.mark.models
def test_the_first_run_without_a_sound_system_answers_the_example_into_a_file(jett: Jett) -> None:
    done = jett("talk", "--first-run")
    if "no microphone found" not in done.stderr:
        pytest.skip("this machine has a microphone")

    assert done.returncode == 0, done.stderr
    assert "self-test: voice and ears agree" in done.stderr
    assert "paris" in done.stdout.lower()
    assert "first sound" in done.stdout
    assert audio_seconds(jett.folder / "reply.wav") > 0.5


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("talk", "--input", "absent.wav"), 3, "cannot read 'absent.wav'"),
        (("talk", "--input", "."), 3, "is a folder"),
        (("talk", "--input", "empty.wav"), 3, "is empty, 0 bytes"),
        (("talk", "--input", "corrupt.wav"), 3, "not sound that can be decoded"),
        (("talk", "--input", QUESTION, "--output", "absent/reply.wav"), 3, "choose another place"),
        (("talk", "--input", QUESTION), 4, "fix: jett models pull"),
        (("transcribe", "empty.wav"), 4, "fix: jett models pull"),
        (("ask", "Hello?"), 4, "fix: jett models pull"),
        (("say", "Hello.", "-o", "hello.wav"), 4, "jett models pull"),
        (("say", "Hello."), 3, "; or write a file instead: jett say TEXT -o FILE"),
        (("say", "Hello.", "--output-device", "nowhere"), 3, "; or write a file instead: jett say TEXT -o FILE"),
        (("say", "Hello.", "-o", "hello.mp3"), 3, "name it hello.wav"),
        (("talk", "--input", QUESTION, "--output", "reply.ogg"), 3, "name it reply.wav"),
        (("say", "Hello.", "-o", "."), 3, "it is a folder"),
        (("say", "Hello.", "-o", "hello.wav", "--voice", "zz"), 2, "no voice is called 'zz'; use one of: "),
        (("say", " ", "-o", "hello.wav"), 2, "the text is empty"),
        (("--profile", "gpu-9gb", "ask", "Hello?"), 2, "'gpu-9gb'"),
        (("--config", "absent.toml", "ask", "Hello?"), 2, "absent.toml"),
    ],
)
def test_a_failure_is_one_line_an_exit_code_and_one_json_object(
    bare: Jett, words: tuple[str | Path, ...], code: int, says: str
) -> None:
    (bare.folder / "empty.wav").touch()
    (bare.folder / "corrupt.wav").write_bytes(b"RIFF" + bytes(range(256)) * 8)
    done = bare(*words, "--json", PIP_NO_INDEX="1")

    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout) == {"error": errors[0].removeprefix("error: "), "exit_code": code}
    assert not list(bare.folder.glob("*.part"))
