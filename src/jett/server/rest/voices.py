"""Voices to try: which there are, and one sentence in one of them. One at a time, since a voice takes the processor
that a conversation may need; a few a minute; nothing of the text is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import Response

from jett.core.errors import JettError
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.settings import TryVoice, Voice, Voices
from jett.server.window import Window

MOST_A_MINUTE = 20
WAV = "audio/wav"


class VoicePort(Protocol):
    """The voices of this machine. Blocking: called in a thread."""

    def voices(self) -> Sequence[Voice]:
        """All that the backends have, installed or not."""

    def speak(self, wanted: TryVoice) -> bytes:
        """A WAV file. Raises Refusal for a voice that is none or is not here, JettError."""


def router(port: VoicePort, *, now_s: Callable[[], float]) -> APIRouter:
    """`now_s` is monotonic."""
    routes = APIRouter(prefix="/api/voices", tags=["voices"])
    spoken = Window(MOST_A_MINUTE, 60.0, now_s)
    one_at_a_time = anyio.Semaphore(1)

    @routes.get("", operation_id="getVoices", responses=failures())
    async def voices(_: Person) -> Voices:
        """All voices, and which of them is Jett's now."""
        return Voices(voices=list(await anyio.to_thread.run_sync(port.voices)))

    @routes.post(
        "/preview",
        operation_id="previewVoice",
        response_class=Response,
        responses={**failures(404, 409), 200: {"content": {WAV: {}}, "description": "The sentence, as a WAV file"}},
    )
    async def preview(_: Person, wanted: TryVoice) -> Response:
        """One sentence in a voice."""
        try:
            one_at_a_time.acquire_nowait()
        except anyio.WouldBlock:
            raise wait_for(429, "a voice is being tried already", "wait until it has spoken", 2) from None
        try:
            if not spoken.admits():
                raise wait_for(429, f"voices are tried at most {MOST_A_MINUTE} times a minute", "wait a minute", 60)
            sound = await anyio.to_thread.run_sync(port.speak, wanted)
        except JettError as error:
            what, _sep, fix = str(error).partition("; ")
            raise Refusal(503, what, fix.removeprefix("fix: ") or "look at Jett's terminal") from error
        finally:
            one_at_a_time.release()
        return Response(sound, media_type=WAV, headers={"Cache-Control": "no-store"})

    return routes
