"""`jett ask`, `jett say` and `jett transcribe`, on real models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from jett.audio.files import read_audio
from jett.cli.transcribe import windows
from jett.cli.words import agreement
from jett.core.audio import Samples, silence
from tests.cli.conftest import QUESTION, UNDERSTOOD, Jett

pytestmark = pytest.mark.models


def test_what_is_said_into_a_file_is_transcribed_from_it(jett: Jett) -> None:
    text = "The kettle is hot. Please take 3 cups from the shelf."
    (said,) = jett.lines("say", text, "-o", "tea.wav")
    (heard,) = jett.lines("transcribe", "tea.wav")

    assert said["seconds"] == pytest.approx(heard["seconds"], abs=0.01)
    assert agreement(text.replace("3", "three"), heard["text"].replace("3", "three")) >= 0.8
    assert [set(segment) for segment in heard["segments"]] == [{"start_s", "end_s", "text"}]


def test_an_answer_is_printed_as_text_and_spoken_into_a_file(jett: Jett) -> None:
    (answer,) = jett.lines("ask", "What is the capital of France?", "--speak", "answer.wav")
    (heard,) = jett.lines("transcribe", "answer.wav")

    assert "paris" in answer["reply"].lower()
    assert agreement(answer["reply"], heard["text"]) >= UNDERSTOOD
    assert 0 < answer["ttft_ms"] <= answer["total_ms"]


def test_a_question_may_come_from_standard_input(jett: Jett) -> None:
    done = jett("ask", "-", stdin="What is the capital of France?")

    assert done.returncode == 0
    assert "paris" in done.stdout.lower()
    assert done.stdout.endswith("\n")


def test_any_rate_width_and_number_of_channels_is_transcribed(jett: Jett) -> None:
    sound = read_audio(QUESTION) / 32_768
    soundfile.write(jett.folder / "8bit.wav", sound, 16_000, subtype="PCM_U8")
    soundfile.write(jett.folder / "96k.wav", np.repeat(sound, 6), 96_000)
    soundfile.write(jett.folder / "stereo.flac", np.stack((sound, sound), axis=1), 16_000)

    for row in jett.lines("transcribe", "8bit.wav", "96k.wav", "stereo.flac"):
        assert agreement("what is the capital of france", row["text"]) >= 0.8, row["file"]


def test_a_bad_file_among_good_ones_is_reported_and_the_others_are_transcribed(jett: Jett) -> None:
    (jett.folder / "corrupt.wav").write_bytes(b"RIFF and nothing else")
    done = jett("transcribe", "corrupt.wav", QUESTION)

    assert done.returncode == 3
    assert "capital of France" in done.stdout
    assert done.stderr.count("error: ") == 1
    assert json.loads(jett("transcribe", "corrupt.wav", "--json").stdout)["exit_code"] == 3


def test_a_recording_that_is_cut_short_is_used_and_told(jett: Jett) -> None:
    whole = QUESTION.read_bytes()
    (jett.folder / "cut.wav").write_bytes(whole[:-2_000])
    done = jett("transcribe", "cut.wav", QUESTION, "--json")
    cut, good = (json.loads(line) for line in done.stdout.splitlines())

    assert (done.returncode, len(cut["warnings"]), good["warnings"]) == (0, 1, [])
    assert "'cut.wav' is cut short" in cut["warnings"][0]
    assert done.stderr == f"warning: {cut['warnings'][0]}\n"
    assert agreement("what is the capital of france", cut["text"]) >= 0.8


def test_a_recording_may_come_through_a_pipe(jett: Jett) -> None:
    command = f"cat {QUESTION} | {sys.executable} -m jett transcribe - --json"
    done = subprocess.run(command, shell=True, env=jett.env, cwd=jett.folder, capture_output=True, check=True)
    row = json.loads(done.stdout)

    assert (row["file"], row["warnings"]) == ("-", [])
    assert agreement("what is the capital of france", row["text"]) >= 0.8


@pytest.mark.skipif(os.name != "posix", reason="/dev/stdin is POSIX's")
def test_what_can_be_read_only_once_is_transcribed_by_its_name(jett: Jett) -> None:
    command = f"cat {QUESTION} | {sys.executable} -m jett transcribe /dev/stdin --json"
    done = subprocess.run(command, shell=True, env=jett.env, cwd=jett.folder, capture_output=True, check=True)
    row = json.loads(done.stdout)

    assert (row["file"], row["warnings"]) == ("/dev/stdin", [])
    assert agreement("what is the capital of france", row["text"]) >= 0.8


@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes only on POSIX")
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("word", ["-", b"Gr\xfc\xdfe"])
@pytest.mark.parametrize("command", [("ask",), ("say", "-o", "a.wav")])
def test_bytes_that_are_no_text_are_refused(
    bare: Jett, command: tuple[str, ...], word: str | bytes, locale: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jett", *command, word, "--json"],
        env=bare.env | {"LC_ALL": locale},
        cwd=bare.folder,
        input=b"Gr\xfc\xdfe",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["exit_code"] == 2
    assert done.stderr.startswith(b"error: jett: the text is not UTF-8")


def test_nothing_in_the_pipe_is_told(jett: Jett) -> None:
    done = jett("transcribe", "-")
    assert done.returncode == 3
    assert done.stderr.startswith("error: audio: 'standard input' is empty, 0 bytes; give a WAV")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_a_terminal_is_no_recording(bare: Jett) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jett", "transcribe", "-"]
    done = subprocess.run(command, env=bare.env, cwd=bare.folder, stdin=theirs, capture_output=True, text=True)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert done.stderr.startswith("error: transcribe: standard input is a terminal, need a recording; pipe one in: ")


def test_where_nobody_speaks_there_is_no_text(jett: Jett) -> None:
    soundfile.write(jett.folder / "noise.wav", np.random.default_rng(0).normal(0, 0.01, 64_000), 16_000)
    (row,) = jett.lines("transcribe", "noise.wav")
    assert (row["text"], row["segments"]) == ("", [])


def test_three_hours_pass_in_windows_that_fit_the_model() -> None:
    def three_hours() -> Iterator[Samples]:
        block = np.random.default_rng(0).integers(-99, 99, 160_000, np.int16)
        yield from (block for _ in range(1_080))

    next_sample = 0
    for start, window in windows(three_hours()):
        assert start == next_sample
        assert window.size <= 27 * 16_000
        next_sample = start + window.size
    assert next_sample == 3 * 3_600 * 16_000


def test_a_window_shorter_than_the_longest_is_given_whole() -> None:
    assert [(start, window.size) for start, window in windows(iter([silence(10), silence(5)]))] == [(0, 15)]
