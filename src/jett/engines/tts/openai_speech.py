"""Text-to-speech behind a URL: any server with OpenAI's `POST /audio/speech`, such as Jett's own or one on Ray Serve.

What Jett says leaves this process, so the address is the owner's to choose; nothing else is sent.
"""

from __future__ import annotations

import httpx
import numpy as np

from jett.core.audio import Samples, to_float32
from jett.core.errors import ConfigError, TextToSpeechError
from jett.engines.tts.waveform import finished

RATE_HZ = 24_000
"""Of `response_format: pcm`, by OpenAI's API reference: 16-bit little-endian mono."""
MOST_SECONDS = 60
"""A clause is a few seconds; a server that does not stop is not listened to for ever."""
_SOUND = ("audio/", "application/octet-stream")


class OpenAITextToSpeech:
    """Port TextToSpeech over HTTP; blocking, one connection kept open."""

    rate_hz = RATE_HZ

    def __init__(
        self, base_url: str, model: str, voice: str, *, speed: float = 1.0, api_key: str = "", timeout_s: float = 20.0
    ) -> None:
        """`voice` and `model` as the server names them. Raises ConfigError."""
        if not base_url:
            raise ConfigError("tts: backend 'openai' has no address; set tts.url, such as http://127.0.0.1:8000/v1")
        self._asked = {"model": model or "tts-1", "voice": voice or "alloy", "speed": speed, "response_format": "pcm"}
        self._url = f"{base_url.rstrip('/')}/audio/speech"
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout_s, trust_env=False)

    def synthesize(self, clause: str) -> Samples:
        """The sound of `clause` at 24 kHz, trimmed. Raises TextToSpeechError."""
        sound = self._received(clause)
        if len(sound) % 2:
            raise TextToSpeechError(f"tts: {self._url} sent half a sample, need 16-bit PCM; check tts.url")
        samples = to_float32(np.frombuffer(sound, "<i2").astype(np.int16))
        return finished(samples, RATE_HZ, clause.rstrip()[-1:])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _received(self, clause: str) -> bytes:
        try:
            with self._client.stream("POST", self._url, json={**self._asked, "input": clause}) as response:
                response.raise_for_status()
                kind = response.headers.get("content-type", "")
                if not kind.startswith(_SOUND):
                    raise TextToSpeechError(
                        f"tts: {self._url} sent {kind[:40] or 'no type'!r}, need sound; check tts.url"
                    )
                return self._bounded(response)
        except httpx.HTTPError as error:
            raise TextToSpeechError(f"tts: no sound from {self._url} ({_reason(error)}); check tts.url") from error

    def _bounded(self, response: httpx.Response) -> bytes:
        sound = b""
        for piece in response.iter_bytes():
            sound += piece
            if len(sound) > MOST_SECONDS * RATE_HZ * 2:
                raise TextToSpeechError(f"tts: {self._url} sent more than {MOST_SECONDS} s for a clause; check tts.url")
        return sound


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
