"""`jett talk` through a real virtual sound card: heard, answered aloud, interrupted, unplugged, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from jett.audio.files import audio_seconds, read_audio, write_wav
from jett.cli.words import agreement
from jett.core.audio import silence
from jett.models.store import Store
from jett.turns.phrases import normalise
from tests.cli.conftest import HANG_LIMIT_S, QUESTION, UNDERSTOOD, Jett, children_of
from tests.system.sound_card import SoundCard, sound_card, why_no_sound_card

pytestmark = [pytest.mark.models, pytest.mark.root]


@pytest.fixture
def card() -> Iterator[SoundCard]:
    missing = why_no_sound_card()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert not missing, missing
    with sound_card() as running:
        yield running


def listening(jett: Jett, card: SoundCard, *words: str) -> subprocess.Popen[str]:
    """A live Jett on `card` that listens now."""
    process = jett.start("talk", *words, PULSE_SERVER=card.env["PULSE_SERVER"], PULSE_LATENCY_MSEC="30")
    assert process.stderr is not None
    for line in process.stderr:
        if "Jett listens" in line:
            return process
    pytest.fail("it ended before it listened")


def interrupted(process: subprocess.Popen[str]) -> str:
    """What it said last; it ends by Ctrl-C with nothing left behind."""
    children = children_of(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_LIMIT_S)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not any(child.is_running() for child in children)
    return said


def test_a_question_through_the_microphone_is_answered_through_the_speaker(jett: Jett, card: SoundCard) -> None:
    process = listening(jett, card, "--plain")
    assert process.stdout is not None
    with card.recording() as recording:
        card.speak(QUESTION)
        assert "capital of France" in process.stdout.readline()
        answer = process.stdout.readline().removeprefix("jett  ")
        second = jett("talk", PULSE_SERVER=card.env["PULSE_SERVER"])
        said = interrupted(process)

    assert (second.returncode, f"process {process.pid} has the microphone" in second.stderr) == (6, True)
    write_wav(jett.folder / "spoken.wav", recording.samples, 16_000)
    (heard,) = jett.lines("transcribe", "spoken.wav")
    assert "Paris" in answer
    assert agreement(answer, heard["text"]) >= UNDERSTOOD
    assert "lost" not in said


def test_an_unplugged_microphone_is_told_and_jett_hears_again_when_it_is_back(jett: Jett, card: SoundCard) -> None:
    process = listening(jett, card, "--plain")
    assert process.stderr is not None
    assert process.stdout is not None
    card.unplug("microphone")
    assert "lost 'JettMicrophone'" in process.stderr.readline()
    card.plug("microphone")
    assert "'JettMicrophone' is back" in process.stderr.readline()
    card.speak(QUESTION)

    assert process.stdout.readline().startswith("you   ")
    interrupted(process)


def test_a_reader_who_leaves_before_a_device_is_lost_ends_it_with_an_exit_code(jett: Jett, card: SoundCard) -> None:
    process = listening(jett, card, "--plain")
    assert process.stderr is not None
    process.stderr.close()
    card.unplug("microphone")
    process.communicate(timeout=HANG_LIMIT_S)
    assert process.returncode == 1


def test_without_a_speaker_the_answer_goes_to_a_file_which_ctrl_c_completes(jett: Jett, card: SoundCard) -> None:
    process = listening(jett, card, "--json", "--output", "reply.wav")
    card.speak(QUESTION)
    assert process.stdout is not None
    turn = json.loads(process.stdout.readline())
    interrupted(process)

    assert audio_seconds(jett.folder / "reply.wav") > 0.5
    (heard,) = jett.lines("transcribe", "reply.wav")
    assert agreement(turn["reply"], heard["text"]) >= UNDERSTOOD


def test_say_without_a_file_is_heard_through_the_speaker(jett: Jett, card: SoundCard) -> None:
    with card.recording() as recording:
        done = jett("say", "The kettle is hot.", PULSE_SERVER=card.env["PULSE_SERVER"], PULSE_LATENCY_MSEC="30")
    assert done.returncode == 0, done.stderr
    write_wav(jett.folder / "spoken.wav", recording.samples, 16_000)

    (heard,) = jett.lines("transcribe", "spoken.wav")
    assert agreement("The kettle is hot.", heard["text"]) >= UNDERSTOOD


def test_a_sleeper_whose_speaker_stood_still_is_called_and_asked_in_one_breath_and_not_stopped_by_its_own_echo(
    jett: Jett, card: SoundCard, store: Store
) -> None:
    """Twice, with a quiet in between after which it rests again; the microphone hears the speaker."""
    store.path("wake-features")
    said = jett("say", "Hey Jett, what time is it?", "--output", "call.wav")
    assert said.returncode == 0, said.stderr
    call = read_audio(jett.folder / "call.wav")
    quiet = silence(4 * 16_000)
    card.echo(True)
    process = jett.start(
        "talk",
        "--json",
        PULSE_SERVER=card.env["PULSE_SERVER"],
        PULSE_LATENCY_MSEC="30",
        JETT_WAKE__ENABLED="true",
        JETT_WAKE__WORDS='["hey_jett"]',
        JETT_WAKE__FOLLOW_UP_S="1.0",
    )
    assert process.stderr is not None
    assert process.stdout is not None
    assert any("Jett sleeps" in line for line in process.stderr)
    with card.recording() as recording:
        for number in range(2):
            begun = recording.samples.size
            card.speak(np.concatenate([quiet, call]))
            turn = json.loads(process.stdout.readline())
            assert (turn["woken_by"], turn["interrupted"]) == ("hey_jett", False)
            assert normalise(turn["transcript"]) == "what time is it"
            write_wav(jett.folder / f"spoken-{number}.wav", recording.samples[begun:], 16_000)
    interrupted(process)
    for number in range(2):
        (heard,) = jett.lines("transcribe", f"spoken-{number}.wav")
        assert agreement(turn["reply"], heard["text"]) >= UNDERSTOOD
