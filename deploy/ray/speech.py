"""Jett's ears and voice on Ray Serve: replicas on one machine or many, behind the paths that OpenAI's clients know.

    serve run deploy.ray.speech:app          # in a checkout, with `pip install -e .[ray]`

then, where Jett runs, `stt.backend = "openai"`, `stt.url = "http://HOST:8000/v1"`, and the same under `tts`. Nothing
here asks who calls: keep it inside the tunnel. Ears hear clips that come together in one pass; the exported voices take
one sentence at a time, so the voice has replicas only.

Annotations are evaluated at once here, and helpers stand before the classes: Ray copies a class with what it names as
soon as it is decorated.
"""

import io
import os
import wave
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import numpy as np
import soundfile
from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from pydantic import BaseModel, Field
from ray.serve.handle import DeploymentHandle
from starlette.responses import Response, StreamingResponse

from jett.app import load_stt, load_tts, store
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.engines.stt.whisper import WhisperSpeechToText
from jett.settings import Settings
from jett.turns.clauses import ClauseSplitter
from jett.turns.spoken_text import spoken_text
from ray import serve

REPLICAS = int(os.environ.get("JETT_RAY_REPLICAS", "2"))
GPUS = float(os.environ.get("JETT_RAY_GPUS", "0"))
"""Of one replica; 0.5 has two share a card."""
MOST_TOGETHER = 8
TOGETHER_WITHIN_S = 0.01
PCM_HZ = 24_000
_MOST_BYTES = 100 << 20
_MOST_WAITING = 32
"""Requests in line for one replica; then `503`, so that Jett says so instead of waiting."""

web = FastAPI(title="Jett's ears and voice", docs_url=None, redoc_url=None)


def _clip(content: bytes) -> Samples:
    if len(content) > _MOST_BYTES:
        raise HTTPException(413, f"the clip is longer than {_MOST_BYTES} bytes")
    try:
        sound, rate_hz = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError:
        raise HTTPException(400, "the clip is no sound that can be decoded") from None
    return resample(np.ascontiguousarray(sound[:, 0]), rate_hz, SAMPLE_RATE_HZ)


def _wav(sound: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(PCM_HZ)
        file.writeframes(sound)
    return buffer.getvalue()


@serve.deployment(
    num_replicas=REPLICAS,
    max_ongoing_requests=MOST_TOGETHER,
    max_queued_requests=_MOST_WAITING,
    ray_actor_options={"num_cpus": 1, "num_gpus": GPUS},
)
class Ears:
    """Whisper, as the settings of the machine name it."""

    def __init__(self) -> None:
        settings = Settings.load()
        self._stt = load_stt(settings, store(settings))

    @serve.batch(max_batch_size=MOST_TOGETHER, batch_wait_timeout_s=TOGETHER_WITHIN_S)  # type: ignore[untyped-decorator]
    async def transcribe(self, speeches: list[Samples]) -> list[str]:
        """The text of each clip (16 kHz)."""
        if isinstance(self._stt, WhisperSpeechToText):
            return [heard.text for heard in self._stt.transcribe_many(speeches)]
        return [self._stt.transcribe(speech).text for speech in speeches]

    async def who(self) -> int:
        """The process, so that a test can count replicas."""
        return os.getpid()


@serve.deployment(
    num_replicas=REPLICAS,
    max_ongoing_requests=1,
    max_queued_requests=_MOST_WAITING,
    ray_actor_options={"num_cpus": 1, "num_gpus": GPUS},
)
class Voice:
    """The voice that the settings of the machine name."""

    def __init__(self) -> None:
        settings = Settings.load()
        self._tts, _ = load_tts(settings, store(settings))
        self._pronunciations = settings.tts.pronunciations

    async def clause(self, clause: str) -> bytes:
        """16-bit mono at 24 kHz."""
        words = spoken_text(clause, pronunciations=self._pronunciations)
        sound = self._tts.synthesize(words)
        return resample(sound, self._tts.rate_hz, PCM_HZ).astype("<i2").tobytes()


class Speech(BaseModel):
    """The body of `/v1/audio/speech`; the voice and its pace are this deployment's."""

    input: Annotated[str, Field(min_length=1, max_length=4096)]
    model: str = ""
    voice: Any = ""
    response_format: str = "pcm"
    speed: float = 1.0


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 0})
@serve.ingress(web)
class Paths:
    """What OpenAI's clients call."""

    def __init__(self, ears: DeploymentHandle, voice: DeploymentHandle) -> None:
        self._ears = ears
        self._voice = voice

    @web.post("/v1/audio/transcriptions")
    async def transcriptions(
        self, file: Annotated[UploadFile, File()], model: Annotated[str, Form()] = ""
    ) -> dict[str, str]:
        """The text of one clip, in any format that libsndfile reads."""
        return {"text": await self._ears.transcribe.remote(_clip(await file.read(_MOST_BYTES + 1)))}

    @web.post("/v1/audio/speech")
    async def speech(self, asked: Speech) -> Response:
        """The sound, streamed clause by clause as PCM, or as one WAV."""
        if asked.response_format == "pcm":
            return StreamingResponse(self._clauses(asked.input), media_type="audio/pcm")
        if asked.response_format == "wav":
            sound = b"".join([piece async for piece in self._clauses(asked.input)])
            return Response(_wav(sound), media_type="audio/wav")
        raise HTTPException(400, "response_format is pcm or wav here")

    @web.get("/v1/models")
    async def models(self) -> dict[str, Any]:
        """Whatever a client names, these answer."""
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in ("ears", "voice")]}

    async def _clauses(self, text: str) -> AsyncGenerator[bytes, None]:
        """The next clause is made while the one before is sent."""
        splitter = ClauseSplitter()
        clauses = [clause for clause in (*splitter.feed(text), *splitter.flush()) if clause.strip()]
        coming = [self._voice.clause.remote(clause) for clause in clauses[:2]]
        for at in range(len(clauses)):
            if at + 2 < len(clauses):
                coming.append(self._voice.clause.remote(clauses[at + 2]))
            yield await coming[at]


app = Paths.bind(Ears.bind(), Voice.bind())  # type: ignore[attr-defined]
