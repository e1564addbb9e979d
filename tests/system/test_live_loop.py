"""`jett talk` live on a virtual sound card: a person speaks into the microphone, and the speaker is listened to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from jett.app import load_stt, needed_models
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.ports import SpeechToText
from jett.models.store import Store
from jett.settings import Settings
from tests.system.recordings import clip, understood
from tests.system.sound_card import Recording, SoundCard

pytestmark = [pytest.mark.models, pytest.mark.root]

HANG_LIMIT_S = 60.0
BLOCK = SAMPLE_RATE_HZ // 50
AUDIBLE = 60
"""Peak of a 20 ms block, in 16-bit steps, from which the speaker is not silent."""
UNDERSTOOD = 0.7
SILENT_WITHIN_S = 1.0
"""Generous: the virtual card alone holds up to 0.2 s of sound, and machines that run tests are crowded."""
SETTINGS = {"llm.model": "smollm2-135m-instruct-q4_1", "llm.temperature": 0.0, "tts.backend": "piper"}
BRIEF, TALKATIVE = 14, 90


@pytest.fixture(scope="module")
def ears(store: Store) -> SpeechToText:
    """To understand what the speaker plays."""
    settings = Settings()
    store.path(settings.stt.model)
    return load_stt(settings, store)


class Talk:
    """A live Jett on a card."""

    def __init__(self, card: SoundCard, store: Store, folder: Path, max_tokens: int) -> None:
        settings = Settings.load(env={}, overrides=SETTINGS)
        for model in needed_models(settings):
            store.path(model)
        named = {**SETTINGS, "llm.max_tokens": max_tokens, "models.dir": store.root, "profile": "cpu"}
        ours = {f"JETT_{name.replace('.', '__').upper()}": str(value) for name, value in named.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jett", "talk", "--json"],
            env={**card.env, **ours, "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def wait_until_it_listens(self) -> None:
        """Its engines are loaded and sound comes in."""
        assert self.process.stderr is not None
        seen = []
        for line in self.process.stderr:
            seen.append(line)
            if "Jett listens" in line:
                return
        pytest.fail("".join(seen))

    def turn(self) -> dict[str, object]:
        """The next finished turn."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "Jett ended"
        turn = json.loads(line)
        assert isinstance(turn, dict)
        return turn

    def end(self) -> tuple[str, str]:
        """Ctrl-C; what it still wrote."""
        self.process.send_signal(signal.SIGINT)
        written, said = self.process.communicate(timeout=HANG_LIMIT_S)
        return written, said


@contextmanager
def _talking(card: SoundCard, store: Store, folder: Path, max_tokens: int) -> Iterator[Talk]:
    talk = Talk(card, store, folder, max_tokens)
    try:
        talk.wait_until_it_listens()
        yield talk
    finally:
        if talk.process.poll() is None:
            os.killpg(talk.process.pid, signal.SIGKILL)
            talk.process.communicate()


def _wait_until_it_speaks(recording: Recording, from_s: float, for_s: float = 0.3) -> float:
    """Where (seconds of the recording) the speaker has sounded for `for_s` after `from_s`."""
    needed = round(for_s * SAMPLE_RATE_HZ / BLOCK)
    end_s = from_s
    while True:
        end_s += 0.1
        assert end_s < from_s + HANG_LIMIT_S, "the speaker stays silent"
        loud = np.flatnonzero(_loud(recording.wait_for(end_s)[round(from_s * SAMPLE_RATE_HZ) :]))
        if loud.size >= needed:
            return from_s + float(loud[0]) * BLOCK / SAMPLE_RATE_HZ


def _loud(sound: Samples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which blocks of 20 ms are not silent."""
    blocks = sound[: sound.size // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.int32)
    loud: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.abs(blocks).max(axis=1) > AUDIBLE
    return loud


def test_requests_are_answered_aloud_and_the_echo_of_the_answers_is_not_taken_for_the_user(
    card: SoundCard, store: Store, ears: SpeechToText, tmp_path: Path
) -> None:
    card.echo(True)
    with _talking(card, store, tmp_path, BRIEF) as talk, card.recording() as recording:
        turns, heard = [], []
        for name in ("drip_coffee", "dark_roast_cappuccino"):
            start = recording.samples.size
            card.speak(clip(name))
            turns.append(talk.turn())
            recording.wait_for(recording.samples.size / SAMPLE_RATE_HZ + 1.0)
            heard.append(ears.transcribe(recording.samples[start:]).text)
        written, said = talk.end()
    assert talk.process.returncode == 130
    assert [turn["interrupted"] for turn in turns] == [False, False], f"Jett heard itself: {turns} {written}"
    assert written == "", f"a third turn: Jett heard itself, after {turns}"
    assert "Traceback" not in said
    assert understood([str(turn["transcript"]) for turn in turns], "drip_coffee", "dark_roast_cappuccino")
    for turn, words in zip(turns, heard, strict=True):
        assert not turn["error"]
        assert turn["heard"] == turn["reply"]
        assert agreement(str(turn["reply"]), words) >= UNDERSTOOD


def test_jett_falls_silent_when_it_is_spoken_to_while_it_speaks(card: SoundCard, store: Store, tmp_path: Path) -> None:
    card.echo(True)
    with _talking(card, store, tmp_path, TALKATIVE) as talk, card.recording() as recording:
        card.speak(clip("drip_coffee"))
        began_s = _wait_until_it_speaks(recording, 0.0)
        recording.wait_for(began_s + 2.6)
        spoken_at_s = recording.samples.size / SAMPLE_RATE_HZ
        card.speak(clip("house_coffee"))
        first = talk.turn()
        sound = recording.samples
        talk.end()
    assert (first["interrupted"], first["reason"]) == (True, "interrupted")
    assert len(str(first["heard"])) < len(str(first["reply"]))
    onset_s = spoken_at_s + _first_speech_s(clip("house_coffee"))
    after = _loud(sound[round(onset_s * SAMPLE_RATE_HZ) :])
    last_s = _last_before_a_silence(after)
    print(f"silent {last_s:.2f} s after the onset of speech, in samples of the speaker's monitor")
    assert last_s <= SILENT_WITHIN_S


def _first_speech_s(said: Samples) -> float:
    """When the clip becomes loud: its words, not its room."""
    loud = np.flatnonzero(np.abs(said.astype(np.int32)) > np.abs(said.astype(np.int32)).max() / 4)
    return float(loud[0]) / SAMPLE_RATE_HZ


def _last_before_a_silence(loud: np.ndarray[tuple[int], np.dtype[np.bool_]], silence_s: float = 0.7) -> float:
    """End (seconds) of the last loud block that is followed by at least `silence_s` without one."""
    needed = round(silence_s * SAMPLE_RATE_HZ / BLOCK)
    for at in range(loud.size - needed):
        if not loud[at : at + needed].any():
            return at * BLOCK / SAMPLE_RATE_HZ
    raise AssertionError("the speaker never fell silent")
