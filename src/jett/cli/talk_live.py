"""A conversation through the microphone and the speaker, until Ctrl-C. Called by `jett talk` and the first run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from jett.app import App, conversation_settings, with_echo_cancellation
from jett.app.history import keeping
from jett.app.servers import owner
from jett.audio.device_microphone import DeviceMicrophone
from jett.audio.device_speaker import DeviceSpeaker
from jett.audio.devices import choose, list_devices
from jett.audio.files import write_wav
from jett.audio.recording import Recording
from jett.audio.watch import DeviceLost, DeviceRestored, DeviceState, OnState, RenderFailed
from jett.cli.recordings import Keeper
from jett.cli.views import View
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import ungrouped
from jett.core.events import SessionEvent
from jett.core.ports import Render, Speaker
from jett.guard import Kind
from jett.session.conversation import Conversation
from jett.session.worker import Workers
from jett.settings import Settings


def check_devices(settings: Settings, *, with_speaker: bool = True) -> None:
    """Refuse at once what would fail after the engines have loaded. Raises AudioError with the fix."""
    found = list_devices()
    choose(found.inputs, "input", settings.audio.input or None)
    if with_speaker:
        choose(found.outputs, "output", settings.audio.output or None)


Beside = Callable[[Conversation], AbstractAsyncContextManager[None]]
"""What is done beside a conversation while it lasts."""


@dataclass(frozen=True, slots=True)
class Company:
    """What a live conversation has around it: something beside it, and the engines' threads where others share them."""

    beside: Beside
    workers: Workers | None = None
    push_to_talk: bool = False


async def converse(app: App, view: View, output: Path | None, company: Company) -> None:
    """Talk until cancelled; with `output`, Jett's side is written there at the end instead of played.

    Raises AudioError, and what the view raises, wherever it was told.
    """
    with ungrouped():
        async with anyio.create_task_group() as tasks:
            await _converse(app, view, output, _told_in(tasks, view), company)
            tasks.cancel_scope.cancel()


async def _converse(app: App, view: View, output: Path | None, told: OnState, company: Company) -> None:
    microphone = DeviceMicrophone(
        app.settings.audio.input or None,
        on_state=told,
        period_ms=app.settings.audio.block_ms,
        queue_samples=round(app.settings.audio.queue_s * SAMPLE_RATE_HZ),
    )
    view.listening_to("")
    try:
        if output is None:
            await _aloud(app, microphone, view, told, company)
        else:
            await _into_file(app, microphone, view, output, company)
    finally:
        if microphone.dropped_samples:
            lost_s = microphone.dropped_samples / SAMPLE_RATE_HZ
            view.note(f"audio: {lost_s:.2f} s of the microphone were lost because the machine was too busy")


async def _aloud(app: App, microphone: DeviceMicrophone, view: View, told: OnState, company: Company) -> None:
    speaker = DeviceSpeaker(
        app.settings.audio.output or None,
        rate_hz=app.parts.tts.rate_hz,
        on_state=told,
        period_ms=app.settings.audio.block_ms,
    )
    parts = with_echo_cancellation(app, speaker.rate_hz)
    await _run(replace(app, parts=parts), microphone, speaker, view, company)


async def _into_file(app: App, microphone: DeviceMicrophone, view: View, output: Path, company: Company) -> None:
    speaker = _RecordedSpeaker(app.parts.tts.rate_hz)
    try:
        await _run(app, _PacingMicrophone(microphone, speaker), speaker, view, company)
    finally:
        write_wav(output, speaker.recording.trimmed(0.5), speaker.rate_hz)
        view.note(f"what Jett said is in {output}")


async def _run(
    app: App, microphone: DeviceMicrophone | _PacingMicrophone, speaker: Speaker, view: View, company: Company
) -> None:
    keeper = Keeper.of(app.settings, view.note)
    listens = False

    def observe(event: SessionEvent) -> None:
        nonlocal listens
        if not listens:  # the first event is a level: sound comes in
            listens = True
            view.note(f"Jett {_how_it_listens(app, company)}; Ctrl-C ends it")
        app.trace(event)
        history.observe(event)
        history.sound(keeper.observe(event))

    with keeping(app.history, view, "local", owner(Kind.VOICE)) as history:
        settings = replace(conversation_settings(app.settings), push_to_talk=company.push_to_talk)
        conversation = Conversation(app.parts, settings, observe, workers=company.workers)
        async with company.beside(conversation):
            await conversation.run(keeper.hearing(microphone), keeper.speaking(speaker, speaker.rate_hz))


def _how_it_listens(app: App, company: Company) -> str:
    if company.push_to_talk:
        return "sleeps until you press the space bar"
    if app.parts.wake is None:
        return "listens"
    return f"sleeps until you say {' or '.join(name.replace('_', ' ') for name in app.parts.wake.names)}"


def _told_in(tasks: TaskGroup, view: View) -> OnState:
    """Devices report on threads of their own; the view lives on the event loop.

    It is told in a task of the group, so that what it raises ends the conversation; asyncio would only log it.
    """
    loop, context = asyncio.get_running_loop(), copy_context()

    async def note(line: str) -> None:
        view.note(line)

    def start(line: str) -> None:
        if not tasks.cancel_scope.cancel_called:
            tasks.start_soon(note, line)

    def tell(state: DeviceState) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(start, device_line(state), context=context)

    return tell


def device_line(state: DeviceState) -> str:
    """What happened to a device, for people."""
    match state:
        case DeviceLost(device, reason):
            return f"audio: lost {device!r} ({reason}); plug it in again, Jett goes on when it is back"
        case DeviceRestored(device):
            return f"audio: {device!r} is back"
        case RenderFailed(reason):
            return f"audio: a piece of sound could not be made ({reason}); silence was played"


class _RecordedSpeaker:
    """A speaker that nobody hears; whoever has a clock pulls."""

    latency_s = 0.0

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.recording = Recording(rate_hz)
        self._render: Render | None = None
        self._owed = 0.0

    def start(self, render: Render) -> None:
        self._render = render

    def stop(self) -> None:
        self._render = None

    def pull(self, seconds: float) -> None:
        """Play on for `seconds`; what is less than a sample is carried over."""
        self._owed += seconds * self.rate_hz
        n_samples = int(self._owed)
        self._owed -= n_samples
        if self._render is not None and n_samples:
            self.recording.add(self._render(n_samples))


class _PacingMicrophone:
    """A microphone that also is the clock of a recorded speaker."""

    def __init__(self, microphone: DeviceMicrophone, speaker: _RecordedSpeaker) -> None:
        self._microphone = microphone
        self._speaker = speaker
        self.dropped_samples = 0
        self.gather = microphone.gather

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._microphone.chunks()) as chunks:
            async for chunk in chunks:
                self._speaker.pull(chunk.size / SAMPLE_RATE_HZ)
                yield chunk
