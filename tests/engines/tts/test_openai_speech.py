"""A voice behind a URL, against a real server on loopback that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from jett.app import load_tts
from jett.app.needs import needed_models
from jett.app.voices import close_voice
from jett.core.errors import ConfigError, TextToSpeechError
from jett.engines.tts.openai_speech import MOST_SECONDS, RATE_HZ, OpenAITextToSpeech
from jett.models.store import Store
from jett.settings import Settings

TONE = (np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000).astype("<i2")
QUIET = np.zeros(RATE_HZ // 2, "<i2")


class _Voice(HTTPServer):
    def __init__(self, status: int, body: bytes, kind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.body, self.kind = status, body, kind
        self.requests: list[tuple[str, str, dict[str, object]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Answer(BaseHTTPRequestHandler):
    server: _Voice

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers.get("Authorization", ""), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
        except OSError:  # who has heard enough hangs up
            return

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def voice(body: bytes, status: int = 200, kind: str = "audio/pcm") -> Iterator[tuple[_Voice, OpenAITextToSpeech]]:
    with _Voice(status, body, kind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        tts = OpenAITextToSpeech(server.url, "m", "v", speed=1.25, api_key="k", timeout_s=5)
        try:
            yield server, tts
        finally:
            tts.close()
            server.shutdown()
            thread.join()


def test_a_clause_is_sent_and_its_sound_comes_back_without_the_silence_before_it() -> None:
    with voice(np.concatenate([QUIET, TONE, QUIET]).tobytes()) as (server, tts):
        sound = tts.synthesize("Sure.")
    ((path, authorization, asked),) = server.requests
    assert (path, authorization) == ("/v1/audio/speech", "Bearer k")
    assert asked == {"model": "m", "voice": "v", "speed": 1.25, "response_format": "pcm", "input": "Sure."}
    assert sound.dtype == np.int16
    assert np.abs(sound[: RATE_HZ // 20]).max() > 4000
    assert RATE_HZ < sound.size < 1.5 * RATE_HZ


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (500, b"", "audio/pcm", "HTTP 500"),
        (401, b"", "audio/pcm", "HTTP 401"),
        (200, b"{}", "application/json", "sent 'application/json', need sound"),
        (200, b"\0" * 3, "audio/pcm", "half a sample"),
        (200, b"\0\1" * (RATE_HZ * MOST_SECONDS + 1), "audio/pcm", "more than 60 s"),
    ],
)
def test_what_is_no_sound_is_an_error_that_names_the_address(status: int, body: bytes, kind: str, says: str) -> None:
    with voice(body, status, kind) as (server, tts):
        with pytest.raises(TextToSpeechError, match=says) as raised:
            tts.synthesize("Sure.")
        assert server.url in str(raised.value)


def test_a_server_that_is_down_is_an_error() -> None:
    with voice(b"") as (server, _):
        url = server.url
    tts = OpenAITextToSpeech(url, "m", "v")
    with pytest.raises(TextToSpeechError, match="ConnectError"):
        tts.synthesize("Sure.")
    tts.close()


def test_the_settings_choose_it_and_need_no_voice_in_the_store(store: Store) -> None:
    with voice(TONE.tobytes()) as (server, _):
        chosen = {"tts.backend": "openai", "tts.url": server.url, "tts.voice": "anything"}
        settings = Settings.load(env={}, overrides=chosen)
        tts, reason = load_tts(settings, store)
        assert tts.synthesize("Sure.").size
        close_voice(tts)
        assert server.requests[0][2]["voice"] == "anything"
    assert reason == "openai, as the settings ask"
    assert not [name for name in needed_models(settings) if "piper" in name or "kokoro" in name]
    with pytest.raises(ConfigError, match=r"set tts\.url"):
        load_tts(Settings.load(env={}, overrides={"tts.backend": "openai"}), store)
