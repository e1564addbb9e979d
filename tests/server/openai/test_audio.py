"""Speech and transcriptions, judged by OpenAI's own client: what is spoken is heard."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import numpy as np
import openai
import pytest
import soundfile

from jett.audio.files import HeldFile, read_audio
from jett.cli.words import agreement
from jett.turns.phrases import normalise
from tests.server.openai.conftest import PHONE, Place
from tests.system.recordings import SPEECH, WORDS

SENTENCE = "The quick brown fox jumps over the lazy dog. Then it sleeps in the sun all afternoon."
CLIP = SPEECH / "dark_roast_cappuccino.flac"


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "opus"])
def test_what_is_spoken_in_any_format_is_heard(place: Place, kind: str) -> None:
    """`/v1/audio/speech` into `/v1/audio/transcriptions`; at 24 kHz, whatever the voice's own rate."""
    spoken = place.client.audio.speech.create(model="tts-1", voice="alloy", input=SENTENCE, response_format=kind)  # type: ignore[arg-type]
    assert soundfile.info(io.BytesIO(spoken.content)).samplerate in (24_000, 48_000)  # Opus has no other
    heard = place.client.audio.transcriptions.create(model="whisper-1", file=(f"a.{kind}", spoken.content))
    assert agreement(SENTENCE, heard.text) >= 0.7, heard.text  # the voice speaks anew each time; Whisper is small


def test_pcm_is_24_khz_and_comes_while_it_is_made(place: Place) -> None:
    """Several pieces, the first before the last is synthesised."""
    pieces: list[bytes] = []
    with place.client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="nova", input=SENTENCE * 3, response_format="pcm"
    ) as response:
        pieces = [piece for piece in response.iter_bytes() if piece]
    sound = np.frombuffer(b"".join(pieces), dtype="<i2")
    assert len(pieces) > 2
    assert 10 < sound.size / 24_000 < 40


def test_a_faster_voice_takes_less_time(place: Place) -> None:
    """`speed`."""
    lengths = [
        len(
            place.client.audio.speech.create(
                model="tts-1", voice="piper", input=SENTENCE, response_format="pcm", speed=speed
            ).content
        )
        for speed in (1.0, 1.5)
    ]
    assert lengths[1] < 0.8 * lengths[0]


def test_speech_as_events(place: Place) -> None:
    """`stream_format` sse: deltas in base64, then how it ended."""
    body = {"input": "Good morning.", "voice": "alloy", "response_format": "wav", "stream_format": "sse"}
    events = _events(place.http("POST", "/v1/audio/speech", json=body))
    assert events[-1]["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(str(one["audio"])) for one in events[:-1])
    assert read_audio(HeldFile("speech", sound)).size > 4_000


def test_the_shapes_of_a_transcript(place: Place) -> None:
    """json, text, verbose_json, srt and vtt, as OpenAI's client knows them."""
    shapes: dict[str, Any] = {
        kind: place.client.audio.transcriptions.create(
            model="whisper-1", file=CLIP, response_format=kind, language="en", prompt="coffee", temperature=0
        )
        for kind in ("json", "text", "verbose_json", "srt", "vtt")
    }
    said = WORDS["dark_roast_cappuccino"]
    assert normalise(shapes["json"].text) == said
    assert normalise(str(shapes["text"])) == said
    verbose = shapes["verbose_json"]
    assert verbose.language == "en"
    assert 0 <= verbose.segments[0].start < verbose.segments[0].end <= verbose.duration + 0.5
    assert str(shapes["srt"]).startswith("1\n00:00:0")
    assert str(shapes["vtt"]).startswith("WEBVTT\n\n00:00:0")


def test_a_transcript_as_events(place: Place) -> None:
    """`stream`: deltas that join to the whole."""
    stream = place.client.audio.transcriptions.create(model="gpt-4o-transcribe", file=CLIP, stream=True)
    events = list(stream)
    assert events[-1].type == "transcript.text.done"
    text = "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert text == events[-1].text
    assert normalise(text) == WORDS["dark_roast_cappuccino"]


def test_silence_is_no_words(place: Place, tmp_path: Path) -> None:
    """Whisper is not asked."""
    soundfile.write(tmp_path / "quiet.wav", np.zeros(32_000, dtype=np.int16), 16_000)
    assert place.client.audio.transcriptions.create(model="whisper-1", file=tmp_path / "quiet.wav").text == ""


@pytest.mark.parametrize(
    ("files", "data", "status", "param"),
    [
        ({"file": ("a.wav", b"no sound at all")}, {}, 400, "file"),
        ({"file": ("a.wav", b"")}, {}, 400, "file"),
        ({}, {"model": "whisper-1"}, 400, "file"),
        ({"file": ("a.wav", b"x")}, {"response_format": "docx"}, 400, "response_format"),
        ({"file": ("a.wav", b"x")}, {"temperature": "warm"}, 400, "temperature"),
        ({"file": ("a.wav", b"x" * (26 << 20))}, {}, 413, None),
    ],
)
def test_what_cannot_be_written_down_is_refused(
    place: Place, files: dict[str, tuple[str, bytes]], data: dict[str, str], status: int, param: str | None
) -> None:
    """In OpenAI's shape, with the field that is wrong; no seat is left taken."""
    answer = place.http("POST", "/v1/audio/transcriptions", files=files or None, data=data)
    _is_refusal(answer, status, param)
    assert not place.seats.taken


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"input": "hello", "voice": "hal"}, "voice"),
        ({"input": "hello", "response_format": "aac"}, "response_format"),
        ({"input": "hello", "speed": 9}, "speed"),
        ({}, "input"),
    ],
)
def test_what_cannot_be_spoken_is_refused(place: Place, body: dict[str, object], param: str) -> None:
    """Before a seat is taken."""
    _is_refusal(place.http("POST", "/v1/audio/speech", json=body), 400, param)


def test_where_every_seat_is_taken_the_client_is_told_when_to_come_again(place: Place) -> None:
    """429 and Retry-After, which OpenAI's client raises as its RateLimitError."""
    taken = place.portal.wrap_async_context_manager(place.seats.take(PHONE))
    with taken, pytest.raises(openai.RateLimitError) as refused:
        place.client.audio.speech.create(model="tts-1", voice="alloy", input="hello")
    assert refused.value.response.headers["retry-after"] == "5"
    assert refused.value.code == "sessions_full"
    assert place.client.audio.speech.create(model="tts-1", voice="alloy", input="hello").content


def test_a_client_that_leaves_in_the_middle_gives_its_seat_back(place: Place) -> None:
    """Its sound is not made to the end for nobody."""
    with (
        httpx.Client(base_url=place.url, trust_env=False) as http,
        http.stream("POST", "/v1/audio/speech", json={"input": SENTENCE * 40, "response_format": "pcm"}) as response,
    ):
        pieces = response.iter_bytes()
        next(pieces)
        assert place.seats.taken == {PHONE.key: 1}

    async def until_free() -> None:
        while place.seats.taken:
            await anyio.lowlevel.checkpoint()

    place.portal.call(until_free)


def _events(answer: httpx.Response) -> list[dict[str, object]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: {")]


def _is_refusal(answer: httpx.Response, status: int, param: str | None) -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
