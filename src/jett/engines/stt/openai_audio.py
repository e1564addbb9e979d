"""Speech-to-text behind a URL: any server with OpenAI's `POST /audio/transcriptions`, such as speaches or vLLM.

Audio leaves this process, so the address is the owner's to choose; nothing else is sent.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import httpx

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import ConfigError, SpeechToTextError
from jett.core.ports import Transcript


class OpenAISpeechToText:
    """Port SpeechToText over HTTP; blocking, one connection kept open."""

    def __init__(self, base_url: str, model: str, *, api_key: str = "", timeout_s: float = 30.0) -> None:
        if not base_url:
            raise ConfigError("stt: backend 'openai' has no address; set stt.url, such as http://127.0.0.1:8000/v1")
        self._model = model
        self._url = f"{base_url.rstrip('/')}/audio/transcriptions"
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout_s, trust_env=False)

    def transcribe(self, speech: Samples, *, earlier: Sequence[Transcript] = (), partial: bool = False) -> Transcript:
        files = {"file": ("speech.wav", _wav(speech), "audio/wav")}
        try:
            response = self._client.post(self._url, files=files, data={"model": self._model, "response_format": "json"})
            response.raise_for_status()
            text = response.json()["text"]
        except httpx.HTTPError as error:
            raise SpeechToTextError(f"stt: no transcript from {self._url} ({_reason(error)}); check stt.url") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SpeechToTextError(f"stt: {self._url} did not answer with a 'text'; check stt.url") from error
        if not isinstance(text, str):
            raise SpeechToTextError(f"stt: {self._url} gave a 'text' that is no string; check stt.url")
        return Transcript(text.strip(), audio_samples=speech.size)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__


def _wav(speech: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.writeframes(speech.astype("<i2").tobytes())
    return buffer.getvalue()
