"""The second look at a call: real speech-to-text on people who call, and on people who do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from jett.app import load_stt
from jett.audio.files import read_audio
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import SpeechToTextError
from jett.core.ports import PhraseScorer
from jett.models.store import Store
from jett.session.audio_ring import AudioRing
from jett.session.second_look import AFTER_S, BEFORE_S, SecondLook
from jett.session.worker import Worker
from jett.settings import Settings
from tests.session.test_asleep_aloud import trimmed
from tests.system.recordings import clip

WAKE = Path(__file__).parents[1] / "data" / "wake"
SPELLINGS = {"alexa": ("alexa",), "hey_jarvis": ("hey jarvis",), "hey_jett": ("hey jett", "hey jet")}
LOOKED_AT = round((BEFORE_S + AFTER_S) * SAMPLE_RATE_HZ)

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def look(store: Store) -> SecondLook:
    stt = load_stt(Settings(), store)
    assert isinstance(stt, PhraseScorer)
    return SecondLook(stt, SPELLINGS)


@pytest.mark.parametrize("recording", ["alexa_1", "alexa_2", "hey_jarvis_2", "hey_jarvis_3"])
def test_what_a_person_called_is_found_and_no_other_name(look: SecondLook, recording: str) -> None:
    """`hey_jarvis_1`, whose J is a CH to Whisper, is not: what this costs is in benchmarks/LOG.md."""
    speech = trimmed(read_audio(WAKE / f"{recording}.flac"))[-LOOKED_AT:]
    assert [name for name in SPELLINGS if look.holds(name, speech)] == [recording.rpartition("_")[0]]


@pytest.mark.parametrize("name", ["paced_up_and_down", "confused_complaint", "drip_coffee", "exercise_bike"])
def test_no_name_is_found_in_what_else_people_say(look: SecondLook, name: str) -> None:
    sound = clip(name)
    pieces = [sound[at : at + LOOKED_AT] for at in range(0, sound.size - LOOKED_AT, LOOKED_AT)]
    assert pieces
    assert not any(look.holds(name, piece) for piece in pieces for name in SPELLINGS)


@pytest.mark.parametrize("size", [0, 1, LOOKED_AT])
def test_in_silence_there_is_no_name(look: SecondLook, size: int) -> None:
    assert not look.holds("hey_jett", silence(size))


class _Broken:
    def log_likelihood(self, speech: Samples, spellings: Sequence[str]) -> float:
        raise SpeechToTextError("stt: it failed")


def test_what_cannot_look_does_not_tell() -> None:
    async def taken() -> bool | None:
        with Worker("stt") as worker:
            return await SecondLook(_Broken(), SPELLINGS).taken("alexa", 1.0, AudioRing(2.0), worker)

    assert anyio.run(taken) is None
