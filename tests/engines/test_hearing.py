"""The engines that listen, on real recordings: what they score and write down, and what they make of nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from jett.app import load_stt, load_turn_detector, load_vad
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence, to_float32
from jett.core.errors import SpeechToTextError
from jett.core.ports import SpeechToText, Transcript, TurnDetector, VoiceActivityDetector
from jett.engines.log_mel import log_mel
from jett.engines.stt.openai_audio import OpenAISpeechToText
from jett.engines.stt.whisper import WhisperSpeechToText
from jett.models.store import Store
from jett.settings import Settings
from jett.turns.phrases import normalise
from tests.system.recordings import PAUSE_S, WORDS, clip, joined, seconds

JSON = "application/json"
STABLE = ["dark_roast_cappuccino", "drip_coffee", "house_coffee", "confused_complaint", "paced_up_and_down", "stop"]


def _spoken_s(vad: VoiceActivityDetector, sound: Samples) -> tuple[float, float]:
    """Where speech begins and ends."""
    at_s = np.flatnonzero(_scores(vad, sound) >= 0.5) * vad.frame_samples / SAMPLE_RATE_HZ
    return float(at_s[0]), float(at_s[-1])


def _until(samples: Samples, end_s: float) -> Samples:
    return samples[: round(end_s * SAMPLE_RATE_HZ)]


@pytest.fixture(scope="module")
def vad(store: Store) -> VoiceActivityDetector:
    store.path("silero-vad")
    return load_vad(store)


@pytest.fixture(scope="module")
def turn_detector(store: Store) -> TurnDetector:
    store.path("smart-turn-v3.2")
    return load_turn_detector(store)


@pytest.fixture(scope="module")
def stt(store: Store) -> SpeechToText:
    settings = Settings()
    store.path(settings.stt.model)
    return load_stt(settings, store)


def _scores(vad: VoiceActivityDetector, sound: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    vad.reset()
    size = vad.frame_samples
    return np.array([vad.score(sound[at : at + size]) for at in range(0, sound.size - size + 1, size)])


# ---- voice activity ---------------------------------------------------------------------------------------------


@pytest.mark.models
def test_speech_is_found_where_it_is_and_not_in_the_silence_around_it(vad: VoiceActivityDetector) -> None:
    scores = _scores(vad, joined(seconds(1), clip("confused_complaint"), seconds(1)))
    second = round(SAMPLE_RATE_HZ / vad.frame_samples)
    assert (scores[:second] < 0.5).all()
    assert (scores[-second + 2 :] < 0.5).all()
    assert (scores[second + 10 : -second - 10] >= 0.5).mean() > 0.9


@pytest.mark.models
def test_the_pause_inside_a_sentence_is_seen(vad: VoiceActivityDetector) -> None:
    scores = _scores(vad, clip("paced_up_and_down"))
    frames = [round(at_s * SAMPLE_RATE_HZ / vad.frame_samples) for at_s in PAUSE_S]
    assert (scores[frames[0] : frames[1]] < 0.5).all()


@pytest.mark.models
@pytest.mark.parametrize("sound", [seconds(2), clip("exercise_bike")], ids=["silence", "exercise bike"])
def test_what_is_no_speech_is_not_taken_for_it(vad: VoiceActivityDetector, sound: Samples) -> None:
    assert (_scores(vad, sound) < 0.5).all()


@pytest.mark.models
def test_a_reset_forgets_the_recording_before(vad: VoiceActivityDetector) -> None:
    fresh = _scores(vad, clip("drip_coffee"))
    _scores(vad, clip("exercise_bike"))
    assert np.array_equal(_scores(vad, clip("drip_coffee")), fresh)


# ---- the end of a turn ------------------------------------------------------------------------------------------


@pytest.mark.models
@pytest.mark.parametrize("name", ["dark_roast_cappuccino", "drip_coffee", "house_coffee"])
def test_a_finished_request_sounds_finished(turn_detector: TurnDetector, vad: VoiceActivityDetector, name: str) -> None:
    request = clip(name)
    _, end_s = _spoken_s(vad, request)
    assert turn_detector.probability_finished(_until(request, end_s + 0.3)) > 0.8


@pytest.mark.models
@pytest.mark.parametrize("name", ["dark_roast_cappuccino", "house_coffee"])
def test_the_first_half_of_a_request_does_not_sound_finished(
    turn_detector: TurnDetector, vad: VoiceActivityDetector, name: str
) -> None:
    """Not asked of "make me a drip coffee": half of so short a clip scores 0.1 to 0.9, by the processor's rounding."""
    request = clip(name)
    start_s, end_s = _spoken_s(vad, request)
    assert turn_detector.probability_finished(_until(request, (start_s + end_s) / 2)) < 0.5


@pytest.mark.models
@pytest.mark.parametrize("n_samples", [0, 1, 512, 9 * SAMPLE_RATE_HZ])
def test_any_length_gets_a_probability(turn_detector: TurnDetector, n_samples: int) -> None:
    assert 0 <= turn_detector.probability_finished(silence(n_samples)) <= 1


# ---- speech-to-text ---------------------------------------------------------------------------------------------


@pytest.mark.models
@pytest.mark.parametrize("name", STABLE)
def test_clear_speech_is_written_down_word_for_word(stt: SpeechToText, name: str) -> None:
    speech = clip(name)
    transcript = stt.transcribe(speech)
    assert normalise(transcript.text) == WORDS[name]
    assert transcript.audio_samples == speech.size
    assert transcript.tokens
    assert transcript.mean_logprob < 0


@pytest.mark.models
def test_a_first_word_that_nothing_goes_before_is_heard_right(stt: SpeechToText) -> None:
    """Jett's own voice, cut to its first sound: "parishes the capital of France" before there was a lead."""
    assert stt.transcribe(clip("paris_own_voice")).text == "Paris is the capital of France."


@pytest.mark.models
@pytest.mark.parametrize("name", ["exercise_bike", "murmur"])
def test_noise_has_no_words(stt: SpeechToText, name: str) -> None:
    assert stt.transcribe(clip(name)).text == ""


@pytest.mark.models
@pytest.mark.parametrize("n_samples", [0, 1, 159, 1_600, 5 * SAMPLE_RATE_HZ])
def test_silence_of_any_length_has_no_words(stt: SpeechToText, n_samples: int) -> None:
    transcript = stt.transcribe(silence(n_samples))
    assert transcript.text == ""
    assert transcript.audio_samples == n_samples


@pytest.mark.models
def test_what_was_transcribed_before_a_pause_is_kept_and_joined_to_the_rest(stt: SpeechToText) -> None:
    speech = clip("paced_up_and_down")
    before = stt.transcribe(_until(speech, sum(PAUSE_S) / 2))
    whole = stt.transcribe(speech, earlier=[before])
    assert whole.text.startswith(before.text)
    assert whole.tokens[: len(before.tokens)] == before.tokens
    assert agreement(WORDS["paced_up_and_down"], whole.text) >= 0.9
    assert whole.audio_samples == speech.size


@pytest.mark.models
def test_nothing_new_after_what_was_transcribed_changes_nothing(stt: SpeechToText) -> None:
    speech = clip("drip_coffee")
    before = stt.transcribe(speech)
    assert stt.transcribe(speech, earlier=[before]).text == before.text


@pytest.mark.models
def test_a_word_after_a_long_beginning_is_transcribed(stt: SpeechToText) -> None:
    """The text before it goes to the decoder too and must not use up the length of the answer."""
    beginning = Transcript("word " * 60, tokens=(1573,) * 60, audio_samples=16_000)
    stop = clip("stop")
    speech = np.concatenate([silence(16_000), stop])
    assert stt.transcribe(speech, earlier=[beginning]).text.startswith("word word")


@pytest.mark.models
def test_what_is_said_twice_is_written_twice(stt: SpeechToText) -> None:
    """A loop of the decoder looks the same: the second time was cut once, and all that followed."""
    said = "I told him to stop. I told him to stop. Then he went home and ate dinner."
    assert stt.transcribe(clip("said_again_own_voice")).text == said


@pytest.mark.models
def test_speech_longer_than_the_models_window_is_written_down_whole(stt: SpeechToText) -> None:
    sentences = [name for name in STABLE if name != "stop"]
    speech = joined(*(joined(clip(name), seconds(3)) for name in sentences))
    assert speech.size > 30 * SAMPLE_RATE_HZ
    assert agreement(" ".join(WORDS[name] for name in sentences), stt.transcribe(speech).text) >= 0.9


# ---- features ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["confused_complaint", "exercise_bike", "stop"])
def test_features_are_those_of_whisper(name: str) -> None:
    whisper = pytest.importorskip("faster_whisper.feature_extractor", exc_type=ImportError)
    signal = to_float32(clip(name))
    theirs = whisper.FeatureExtractor()(signal, padding=0, chunk_length=None)
    ours = log_mel(signal)
    frames = min(theirs.shape[-1], ours.shape[-1])
    assert frames >= signal.size // 160 - 1
    assert np.abs(theirs[:, :frames] - ours[:, :frames]).max() < 1e-4


# ---- speech-to-text behind a URL --------------------------------------------------------------------------------


class _Transcriber(HTTPServer):
    """A real server on loopback that answers each request alike and keeps what it was sent."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.body = status, body
        self.requests: list[tuple[str, str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Answer(BaseHTTPRequestHandler):
    server: _Transcriber

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers.get("Authorization", ""), body))
        self.send_response(self.server.status)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def _transcriber(body: bytes, status: int = 200) -> Iterator[_Transcriber]:
    with _Transcriber(status, body) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _asking(url: str, **options: str) -> Iterator[OpenAISpeechToText]:
    stt = OpenAISpeechToText(url, "whisper-1", timeout_s=5, **options)
    try:
        yield stt
    finally:
        stt.close()


def test_a_server_gets_the_speech_as_a_wav_and_its_text_is_the_transcript() -> None:
    speech = clip("drip_coffee")
    with (
        _transcriber(json.dumps({"text": " Make me a drip coffee. "}).encode()) as server,
        _asking(server.url, api_key="k") as stt,
    ):
        transcript = stt.transcribe(speech)
    assert (transcript.text, transcript.audio_samples) == ("Make me a drip coffee.", speech.size)
    ((path, authorization, body),) = server.requests
    assert path == "/v1/audio/transcriptions"
    assert authorization == "Bearer k"
    assert speech.tobytes() in body
    assert b"RIFF" in body
    assert b"whisper-1" in body


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (500, b"{}", "HTTP 500"),
        (404, b"not here", "HTTP 404"),
        (200, b"<html>", "did not answer with a 'text'"),
        (200, b"{}", "did not answer with a 'text'"),
        (200, b"[]", "did not answer with a 'text'"),
        (200, b"null", "did not answer with a 'text'"),
        (200, b"\xff\xfe", "did not answer with a 'text'"),
        (200, b'{"text": 7}', "no string"),
        (200, b"", "did not answer with a 'text'"),
    ],
)
def test_a_server_that_answers_badly_is_an_error_that_names_it(status: int, body: bytes, says: str) -> None:
    with _transcriber(body, status) as server, _asking(server.url) as stt:
        with pytest.raises(SpeechToTextError, match=says) as raised:
            stt.transcribe(clip("stop"))
        assert server.url in str(raised.value)


def test_a_server_that_is_down_is_an_error() -> None:
    with _transcriber(b"{}") as server:
        url = server.url
    with _asking(url) as stt, pytest.raises(SpeechToTextError, match="ConnectError"):
        stt.transcribe(clip("stop"))


def test_a_server_is_asked_again_after_it_failed() -> None:
    with _transcriber(b"{}", 500) as server, _asking(server.url) as stt:
        with pytest.raises(SpeechToTextError):
            stt.transcribe(clip("stop"))
        server.status, server.body = 200, b'{"text": "Stop."}'
        assert stt.transcribe(clip("stop")).text == "Stop."


@pytest.mark.models
def test_the_language_is_found_where_nobody_named_one(store: Store) -> None:
    """By the model of many languages, which no default profile fetches."""
    store.path("whisper-base")
    settings = Settings.load(env={}, overrides={"stt.model": "whisper-base", "stt.language": "auto"})
    heard = load_stt(settings, store).transcribe(clip("drip_coffee"))
    assert agreement(WORDS["drip_coffee"], heard.text) >= 0.6


@pytest.mark.models
def test_many_clips_at_once_are_heard_as_each_alone(stt: SpeechToText) -> None:
    """Short and long ones together, with one that is nothing and one of no words."""
    assert isinstance(stt, WhisperSpeechToText)
    names = ["drip_coffee", "confused_complaint", "stop"]
    speeches = [silence(0), *map(clip, names), seconds(1)]
    heard = stt.transcribe_many(speeches)
    assert [each.audio_samples for each in heard] == [speech.size for speech in speeches]
    assert heard[0].text == heard[-1].text == ""
    for name, each in zip(names, heard[1:-1], strict=True):
        assert agreement(WORDS[name], each.text) >= agreement(WORDS[name], stt.transcribe(clip(name)).text) - 0.2
