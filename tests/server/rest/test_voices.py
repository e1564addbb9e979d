"""Voices tried from a browser, with the real Piper voice: what comes back is a WAV file with speech in it."""

from __future__ import annotations

import io
import re
import threading
import wave
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.from_thread
import httpx
import numpy as np
import pytest

from jett.app.voice_previews import VoicePreviews
from jett.models.store import Store
from jett.server.rest import voices as voice_routes
from jett.server.rest.shapes.settings import TryVoice, Voice
from jett.settings import Settings
from tests.server.rest.place import failure, served

pytestmark = [pytest.mark.anyio, pytest.mark.models]

PIPER = {"backend": "piper", "voice": "", "text": "Hello, I am Jett."}
PHONE = {"X-Who": "phone"}


@asynccontextmanager
async def place(models: Store, *, now_s: Callable[[], float] = lambda: 0.0) -> AsyncGenerator[httpx.AsyncClient, None]:
    previews = VoicePreviews(Settings(), models, running="piper")
    async with served(voice_routes.router(previews, now_s=now_s)) as http:
        yield http
    previews.close()


async def heard(answer: httpx.Response) -> np.ndarray:
    """The sound of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (22_050, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")


async def test_a_sentence_is_spoken_and_faster_when_asked(store: Store) -> None:
    store.path("piper-en-us-joe")
    text = "Hello, I am Jett, and this is a sentence that is long enough to compare two paces."
    async with place(store) as http:
        usual = await heard(await http.post("/api/voices/preview", json={**PIPER, "text": text}))
        fast = await heard(await http.post("/api/voices/preview", json={**PIPER, "text": text, "speed": 2.0}))
    assert 2 < usual.size / 22_050 < 10
    assert np.abs(usual).max() > 2000
    assert fast.size < 0.75 * usual.size


async def test_all_voices_are_listed_and_the_one_that_speaks_now(store: Store) -> None:
    store.path("piper-en-us-joe")
    async with place(store) as http:
        found = (await http.get("/api/voices")).json()["voices"]
    assert found[0] == {
        "backend": "piper",
        "voice": "",
        "label": "Joe (American man)",
        "installed": True,
        "current": True,
    }
    kokoro = {one["voice"]: one for one in found[1:]}
    assert kokoro["bf_emma"]["label"] == "Emma (British woman)"
    assert kokoro["ef_dora"]["label"] == "Dora (Spanish woman)"
    assert kokoro["zm_yunxi"]["label"] == "Yunxi (Chinese man)"
    assert all(re.fullmatch(r"\w+ \([A-Z]\w+ (?:wo)?man\)", one["label"]) for one in found)
    assert not any(one["current"] for one in kokoro.values())


def test_of_kokoro_the_voice_that_the_settings_name_is_the_one_that_speaks(store: Store) -> None:
    named = Settings.load(env={}, overrides={"tts.backend": "kokoro", "tts.voice": "am_puck"})
    for settings, voice in ((named, "am_puck"), (Settings(), "af_heart")):
        found = VoicePreviews(settings, store, running="kokoro").voices()
        assert [one.voice for one in found if one.current] == [voice]


async def test_a_voice_that_is_not_here_is_told_with_the_command_that_brings_it(tmp_path: Path) -> None:
    async with place(Store(tmp_path)) as http:
        answer = await http.post("/api/voices/preview", json=PIPER)
        failure(answer, 409)
    assert answer.json()["error"]["fix"] == "jett models pull piper-en-us-joe"


REFUSED = [
    ("no such backend", {**PIPER, "backend": "festival"}, 404),
    ("a voice of another backend", {**PIPER, "voice": "af_heart"}, 404),
    ("a path for a voice", {**PIPER, "backend": "kokoro", "voice": "../../../etc/passwd"}, 404),
    ("nothing to say", {**PIPER, "text": "🎉 … —"}, 422),
    ("no text", {**PIPER, "text": ""}, 422),
    ("a long text", {**PIPER, "text": "x" * 201}, 422),
    ("too fast", {**PIPER, "speed": 99}, 422),
    ("something else besides", {**PIPER, "device": "cuda"}, 422),
]


async def test_what_cannot_be_said_is_refused(store: Store) -> None:
    store.path("piper-en-us-joe")
    async with place(store) as http:
        for name, body, status in REFUSED:
            answer = await http.post("/api/voices/preview", json=body)
            assert answer.status_code == status, (name, answer.text)
            failure(answer, status)
        failure(await http.post("/api/voices/preview", json=PIPER, headers=PHONE), 403)
        failure(await http.get("/api/voices", headers=PHONE), 403)


class Slow:
    """A voice that speaks when it is told to."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.may_end = threading.Event()

    def voices(self) -> Sequence[Voice]:
        return []

    def speak(self, wanted: TryVoice) -> bytes:
        anyio.from_thread.run_sync(self.begun.set)
        self.may_end.wait(30)
        return b""


async def test_one_voice_is_tried_at_a_time() -> None:
    """The second is told to wait, and may try when the first has spoken."""
    slow = Slow()
    codes: list[int] = []
    async with served(voice_routes.router(slow, now_s=lambda: 0.0)) as http:

        async def preview() -> None:
            codes.append((await http.post("/api/voices/preview", json=PIPER)).status_code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(preview)
            await slow.begun.wait()
            await preview()
            slow.may_end.set()
        await preview()
    assert codes == [429, 200, 200]


async def test_voices_are_tried_a_few_times_a_minute() -> None:
    slow = Slow()
    slow.may_end.set()
    async with served(voice_routes.router(slow, now_s=lambda: 0.0)) as http:
        codes = [(await http.post("/api/voices/preview", json=PIPER)).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
