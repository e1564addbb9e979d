"""`jett voice`: the real command and encoder, recordings of real people, a folder of the test's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jett.cli.voice_microphone import one_sentence
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import VoiceProfileError
from jett.engines.vad.silero import SileroVoiceActivityDetector
from jett.models.store import Store
from tests.cli.conftest import Jett

pytestmark = [pytest.mark.models, pytest.mark.anyio]
RECORDINGS = Path(__file__).parents[1] / "data" / "speaker"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def of(speaker: str) -> list[str]:
    return [str(path) for path in sorted(RECORDINGS.glob(f"{speaker}-*.flac"))]


def inputs(files: list[str]) -> list[str]:
    return [word for file in files for word in ("--input", file)]


def test_a_voice_is_enrolled_known_listed_and_deleted(jett: Jett, store: Store) -> None:
    """By one sentence that was no part of the enrolment; somebody else is nobody."""
    store.path("ge2e")
    *three, fourth = of("1688")
    enrolled = jett("voice", "enroll", "anna", *inputs(three))
    assert (enrolled.returncode, enrolled.stdout) == (0, "enrolled: anna\n")
    assert "set speaker.enabled = true" in enrolled.stderr
    assert json.loads(jett("voice", "list", "--json").stdout) == {"voices": ["anna"], "enabled": False}
    rows = [json.loads(line) for line in jett("voice", "test", fourth, of("2609")[0], "--json").stdout.splitlines()]
    assert [row["name"] for row in rows] == ["anna", None]
    assert rows[0]["score"] > 0.7 > rows[1]["score"]
    again = jett("voice", "enroll", "anna", *inputs(three))
    assert again.returncode == 10
    assert "'anna' is enrolled already" in again.stderr
    assert jett("voice", "delete", "anna").stdout == "deleted: anna\n"
    assert jett("voice", "list").stdout == ""
    assert jett("voice", "test", fourth).returncode == 10


def test_a_file_that_is_no_sound_keeps_no_other_from_being_tried(jett: Jett, store: Store, tmp_path: Path) -> None:
    """The first one's exit code is that of the command."""
    store.path("ge2e")
    *three, fourth = of("1688")
    assert jett("voice", "enroll", "anna", *inputs(three)).returncode == 0
    broken, missing = tmp_path / "broken.wav", tmp_path / "missing.wav"
    broken.write_bytes(b"no sound")
    tried = jett("voice", "test", broken, fourth, missing, "--json")
    assert tried.returncode == 3
    rows = [json.loads(line) for line in tried.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(broken), fourth, str(missing)]
    assert [row.get("exit_code") for row in rows] == [3, None, 3]
    assert (rows[1]["name"], "score" in rows[0]) == ("anna", False)
    assert tried.stderr.count("error: ") == 2
    in_words = jett("voice", "test", broken, fourth)
    assert (in_words.returncode, in_words.stdout.startswith(f"{fourth}: anna (")) == (3, True)


def test_two_people_in_one_enrolment_are_refused_and_nothing_is_kept(jett: Jett, store: Store) -> None:
    store.path("ge2e")
    refused = jett("voice", "enroll", "anna", *inputs([*of("1688")[:2], of("2609")[0]]))
    assert refused.returncode == 10
    assert "is not like the others" in refused.stderr
    assert jett("voice", "list").stdout == ""


def test_a_name_that_is_none_and_too_few_recordings_are_refused_before_anything_is_loaded(bare: Jett) -> None:
    """`bare` has no model."""
    assert "is no possible name" in bare("voice", "enroll", "../anna", *inputs(of("1688")[:3])).stderr
    assert "2 recordings, need 3" in bare("voice", "enroll", "anna", *inputs(of("1688")[:2])).stderr
    assert "jett models pull ge2e" in bare("voice", "enroll", "anna", *inputs(of("1688")[:3])).stderr


class Plays:
    """Port Microphone: a recording in chunks of 20 ms."""

    dropped_samples = 0

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self.given = 0

    async def chunks(self):  # type: ignore[no-untyped-def]
        for at in range(0, self._sound.size, 320):
            self.given = at
            yield self._sound[at : at + 320]


async def test_a_sentence_ends_with_a_second_of_silence(store: Store) -> None:
    from jett.audio.files import read_audio

    spoken = read_audio(of("1688")[0])
    sound = np.concatenate((silence(8_000), spoken, silence(20 * SAMPLE_RATE_HZ)))
    vad = SileroVoiceActivityDetector(store.file("silero-vad"))
    heard = await one_sentence(Plays(sound), vad)
    assert spoken.size < heard.size < spoken.size + 8_000 + round(1.2 * SAMPLE_RATE_HZ)
    assert np.array_equal(heard, sound[: heard.size])


async def test_who_says_nothing_is_told_so(store: Store) -> None:
    vad = SileroVoiceActivityDetector(store.file("silero-vad"))
    microphone = Plays(silence(60 * SAMPLE_RATE_HZ))
    with pytest.raises(VoiceProfileError, match="nobody spoke within 15 s"):
        await one_sentence(microphone, vad)
    assert microphone.given < 16 * SAMPLE_RATE_HZ
