"""Whole conversations with a Jett that sleeps: real recordings, real engines, and a detector that follows a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace

import anyio
import numpy as np
import pytest
import soxr

from jett.app import load_stt
from jett.app.wake import with_wake_phrases
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import FellAsleep, PartialHeard, SessionEvent, WakeRejected, Woken
from jett.core.ports import VoiceActivityDetector
from jett.models.store import Store
from jett.session.conversation import Conversation
from jett.session.parts import ConversationSettings, Parts
from jett.settings import Settings
from jett.tools.wake_phrase import WakePhrase
from tests.session.conftest import Stage
from tests.session.test_sleeping import ScriptedDetector
from tests.system.recordings import Cue, Scene, at_once, at_rest, clip, into_reply, joined, play, seconds, understood

pytestmark = pytest.mark.models

LEAD_S = 1.5
TELLS_AFTER_S = 0.15
"""A detector tells so long after the name's last sample."""


@dataclass
class Watched:
    """A scene, and what it told besides."""

    scene: Scene
    told: list[SessionEvent] = field(default_factory=list)
    frames_scored: int = 0

    def names(self) -> list[str]:
        """Of wakings and fallings asleep, in order."""
        return [type(event).__name__ for event in self.told if isinstance(event, Woken | FellAsleep | WakeRejected)]


class _Counting:
    """Port VoiceActivityDetector: how often the real one is asked."""

    def __init__(self, inner: VoiceActivityDetector) -> None:
        self.frame_samples = inner.frame_samples
        self.count = 0
        self._inner = inner

    def score(self, frame: Samples) -> float:
        self.count += 1
        return self._inner.score(frame)

    def reset(self) -> None:
        self._inner.reset()


@pytest.fixture(scope="module")
def parts(stage: Stage, store: Store) -> Parts:
    """Brief ones, whose speech-to-text knows the name."""
    stt = load_stt(with_wake_phrases(Settings(), ("hey jett",)), store)
    return replace(stage.brief, stt=stt, after_name=WakePhrase(["hey_jett"]).rest)


@pytest.fixture(scope="module")
def name(stage: Stage) -> Samples:
    """ "Hey Jett", said by a voice, without silence around it."""
    voice = stage.app.parts.tts
    spoken = voice.synthesize("Hey Jett.")
    return trimmed(soxr.resample(spoken.astype(np.float32), voice.rate_hz, SAMPLE_RATE_HZ).astype(np.int16))


def trimmed(samples: Samples) -> Samples:
    """Without what is quieter than a fiftieth of the loudest, at both ends."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > np.abs(samples.astype(int)).max() / 50)
    return samples[loud[0] : loud[-1]]


def after(name: Samples) -> int:
    """The sample at which the detector is sure of a name that was said at the beginning of a scene."""
    return round((LEAD_S + TELLS_AFTER_S) * SAMPLE_RATE_HZ) + name.size


Beside = Callable[[Conversation], AbstractAsyncContextManager[None]]


def watch(
    stage: Stage,
    parts: Parts,
    called_at: list[int],
    *sayings: tuple[Cue, Samples],
    follow_up_s: float = 6.0,
    beside: Beside = lambda conversation: nullcontext(),
) -> Watched:
    told: list[SessionEvent] = []
    vad = _Counting(stage.app.parts.vad)
    sleeping = replace(parts, vad=vad, wake=ScriptedDetector(called_at))
    asleep = replace(stage.settings.asleep, follow_up_s=follow_up_s)
    settings: ConversationSettings = replace(stage.settings, asleep=asleep)

    async def scene() -> Scene:
        return await play(sleeping, settings, *sayings, observer=told.append, beside=beside)

    return Watched(stage.portal.call(scene), told, vad.count)


def test_a_command_in_one_breath_with_the_name_is_answered_without_losing_a_syllable(
    stage: Stage, parts: Parts, name: Samples
) -> None:
    breath = joined(seconds(LEAD_S), name, seconds(0.06), trimmed(clip("drip_coffee")))
    watched = watch(stage, parts, [after(name)], (at_once, breath))
    scene = watched.scene
    (report,) = scene.reports
    assert understood([report.transcript], "drip_coffee")
    assert report.transcript.lower().startswith("make me")
    assert scene.states[:3] == ["asleep", "called", "pausing"]
    assert report.woken_by == "hey_jett"
    assert watched.names()[0] == "Woken"
    assert scene.conversation is not None
    assert [exchange.said for exchange in scene.conversation.history.exchanges] == [report.transcript]
    partials = [event.text for event in watched.told if isinstance(event, PartialHeard)]
    assert all("jet" not in text.lower() for text in partials)


def test_the_bare_name_makes_it_listen_and_the_command_comes_later(stage: Stage, parts: Parts, name: Samples) -> None:
    watched = watch(
        stage,
        parts,
        [after(name)],
        (at_once, joined(seconds(LEAD_S), name)),
        (at_rest(0.4), clip("house_coffee")),
    )
    scene = watched.scene
    (report,) = scene.reports
    assert report.woken_by == "hey_jett"
    assert understood([report.transcript], "house_coffee")
    assert scene.conversation is not None
    assert len(scene.conversation.history.exchanges) == 1
    earcon = scene.output[: round((LEAD_S + name.size / SAMPLE_RATE_HZ + 1.0) * scene.rate_hz)]
    sounding = np.flatnonzero(np.abs(earcon.astype(int)) > 100)
    begins_s = sounding[0] / scene.rate_hz - LEAD_S - name.size / SAMPLE_RATE_HZ
    assert 0.2 < begins_s < 0.6
    assert (sounding[-1] - sounding[0]) / scene.rate_hz < 0.16


def test_speech_without_the_name_is_dropped_and_it_sleeps_again(stage: Stage, parts: Parts) -> None:
    complaint = clip("confused_complaint")
    watched = watch(stage, parts, [round(1.2 * SAMPLE_RATE_HZ)], (at_once, complaint))
    scene = watched.scene
    assert watched.names() == ["Woken", "WakeRejected"]
    assert not scene.reports
    assert not scene.output.any()
    assert scene.conversation is not None
    assert not scene.conversation.history.exchanges
    assert not [event for event in watched.told if isinstance(event, PartialHeard)]
    assert scene.states[1] == "called"
    assert not {"hearing", "pausing"} & set(scene.states)
    assert scene.states[-1] == "asleep"


def test_ten_seconds_of_reading_do_nothing_while_it_sleeps(stage: Stage, parts: Parts) -> None:
    reading = joined(clip("confused_complaint"), clip("paced_up_and_down"))
    assert reading.size > 10 * SAMPLE_RATE_HZ
    watched = watch(stage, parts, [], (at_once, reading))
    assert watched.frames_scored == 0
    assert watched.scene.states == ["asleep"]
    assert not watched.scene.reports
    assert not watched.scene.output.any()


def test_after_a_reply_no_name_is_needed_for_a_while_and_then_it_is(stage: Stage, parts: Parts, name: Samples) -> None:
    watched = watch(
        stage,
        parts,
        [after(name)],
        (at_once, joined(seconds(LEAD_S), name, seconds(0.06), trimmed(clip("drip_coffee")))),
        (at_rest(0.5), clip("house_coffee")),
        (at_rest(2.5), clip("dark_roast_cappuccino")),
        follow_up_s=1.5,
    )
    scene = watched.scene
    assert understood([report.transcript for report in scene.reports], "drip_coffee", "house_coffee")
    assert [report.woken_by for report in scene.reports] == ["hey_jett", None]
    assert watched.names() == ["Woken", "FellAsleep"]
    (fell,) = [event for event in watched.told if isinstance(event, FellAsleep)]
    last = scene.reports[-1]
    assert last.first_audio_s is not None
    assert fell.at_s > last.first_audio_s + 1.5


def test_sent_to_sleep_in_the_middle_of_a_reply_it_falls_silent_and_hears_nothing(
    stage: Stage, parts: Parts, name: Samples
) -> None:
    sent = anyio.Event()

    @asynccontextmanager
    async def beside(conversation: Conversation) -> AsyncGenerator[None, None]:
        async def send() -> None:
            await sent.wait()
            conversation.sleep()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            yield

    def once_it_speaks(scene: Scene) -> bool:
        """The person says nothing, but their hand is on the keyboard."""
        if into_reply(0.5)(scene):
            sent.set()
        return sent.is_set() and at_rest(0.5)(scene)

    watched = watch(
        stage,
        replace(parts, llm=stage.talkative.llm),
        [after(name)],
        (at_once, joined(seconds(LEAD_S), name, seconds(0.06), trimmed(clip("drip_coffee")))),
        (once_it_speaks, clip("house_coffee")),
        beside=beside,
    )
    (report,) = watched.scene.reports
    assert (report.interrupted, report.reason) == (True, "stopped")
    assert watched.names() == ["Woken", "FellAsleep"]
    assert watched.scene.states[-1] == "asleep"
