"""From the microphone to the answer with a real wake word: the head that ships, stock heads, people and a voice."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import anyio.lowlevel
import pytest

from jett.app import load_stt
from jett.app.wake import sleeping_words, with_wake_phrases
from jett.app.wake_looks import LookingEngines
from jett.audio.file_duplex import FileDuplex
from jett.audio.files import read_audio
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.events import FellAsleep, LevelMeasured, SessionEvent, WakeRejected, Woken
from jett.models.store import Store
from jett.session.conversation import Conversation
from jett.session.parts import Parts
from jett.settings import Settings
from jett.tools.wake_phrase import WakePhrase
from jett.turns.phrases import normalise
from tests.session.conftest import Stage, stage
from tests.session.test_asleep_aloud import trimmed
from tests.system.recordings import Cue, Scene, at_once, clip, joined, play, seconds, understood
from tests.system.test_spoken_operations import user_says

__all__ = ["stage"]  # the fixture of real engines

pytestmark = [pytest.mark.models, pytest.mark.timeout(400)]

WAKE = Path(__file__).parents[1] / "data" / "wake"
TICK_SAMPLES = 320
STOCK = {"hey_jarvis": "wake-hey-jarvis", "alexa": "wake-alexa"}


@dataclass
class Heard:
    """What a conversation told."""

    scene: Scene | None = None
    told: list[SessionEvent] = field(default_factory=list)

    @property
    def calls(self) -> list[str]:
        """Whose name was called, and when it slept again, in order."""
        kinds = (Woken, FellAsleep, WakeRejected)
        events = [event for event in self.told if isinstance(event, kinds)]
        return [event.by if isinstance(event, Woken) else type(event).__name__ for event in events]

    @property
    def transcripts(self) -> list[str]:
        """Of what was answered."""
        assert self.scene is not None
        return [normalise(report.transcript) for report in self.scene.reports]


def person(name: str) -> Samples:
    """Somebody who calls, without quiet around it."""
    return trimmed(read_audio(WAKE / f"{name}.flac"))


def sleeping(stage: Stage, store: Store, *words: str) -> Parts:
    """Real parts that sleep until one of `words` is said, put together as `jett talk` does."""
    for model_id in ("wake-features", *(STOCK[word] for word in words if word in STOCK)):
        store.path(model_id)
    settings = Settings.load(env={}, overrides={"wake.enabled": True, "wake.words": list(words)})
    found = sleeping_words(settings, store)
    assert found is not None
    stt = load_stt(with_wake_phrases(settings, found.phrases), store)
    return replace(
        stage.brief,
        stt=stt,
        wake=found.detector,
        wake_rules=found.rules,
        second_look=found.second_look(LookingEngines(settings, store, stt)),
        after_name=WakePhrase(found.phrases).rest,
    )


def hold(stage: Stage, parts: Parts, *sayings: tuple[Cue, Samples]) -> Heard:
    """A conversation in which these are said, by somebody who must call again soon after each answer."""
    heard = Heard()
    settings = replace(stage.settings, asleep=replace(stage.settings.asleep, follow_up_s=1.5))

    async def scene() -> Scene:
        return await play(parts, settings, *sayings, observer=heard.told.append)

    heard.scene = stage.portal.call(scene)
    return heard


def once_asleep(scene: Scene) -> bool:
    """When it was awake and sleeps again."""
    return "idle" in scene.states and scene.states[-1] == "asleep"


def test_called_and_asked_in_one_breath_in_the_middle_of_talk_it_answers_that_and_nothing_else(
    stage: Stage, store: Store
) -> None:
    """People read aloud before and after; the voice is one of Jett's own."""
    called = trimmed(user_says(stage.app, "Hey Jett, what time is it?"))
    heard = hold(
        stage,
        sleeping(stage, store, "hey_jett"),
        (at_once, joined(clip("paced_up_and_down"), seconds(0.8), called)),
        (once_asleep, clip("confused_complaint")),
    )
    assert heard.calls == ["hey_jett", "FellAsleep"]
    assert heard.transcripts == ["what time is it"]
    assert heard.scene is not None
    assert heard.scene.conversation is not None
    (report,) = heard.scene.reports
    assert report.reply.startswith("It is ")
    assert heard.scene.output.any()
    assert [said.said for said in heard.scene.conversation.history.exchanges] == [report.transcript]


def test_a_real_person_calls_and_orders_in_one_breath(stage: Stage, store: Store) -> None:
    heard = hold(
        stage,
        sleeping(stage, store, "hey_jarvis"),
        (
            at_once,
            joined(clip("confused_complaint"), seconds(0.8), person("hey_jarvis_2"), seconds(0.1), clip("drip_coffee")),
        ),
        (once_asleep, clip("paced_up_and_down")),
    )
    assert heard.calls == ["hey_jarvis", "FellAsleep"]
    assert understood(heard.transcripts, "drip_coffee")
    assert heard.transcripts[0].startswith("make me")


def test_of_two_names_each_wakes_it_in_its_turn(stage: Stage, store: Store) -> None:
    heard = hold(
        stage,
        sleeping(stage, store, "hey_jarvis", "alexa"),
        (at_once, joined(seconds(1.0), person("hey_jarvis_3"), seconds(0.1), clip("drip_coffee"))),
        (once_asleep, joined(person("alexa_1"), seconds(0.1), clip("house_coffee"))),
    )
    assert heard.calls == ["hey_jarvis", "FellAsleep", "alexa"]
    assert understood(heard.transcripts, "drip_coffee", "house_coffee")


def test_both_names_in_one_breath_are_one_call(stage: Stage, store: Store) -> None:
    heard = hold(
        stage,
        sleeping(stage, store, "hey_jarvis", "alexa"),
        (at_once, joined(seconds(1.0), person("hey_jarvis_3"), person("alexa_1"), seconds(0.1), clip("drip_coffee"))),
    )
    assert [call for call in heard.calls if call in STOCK] == ["hey_jarvis"]
    assert len(heard.transcripts) == 1


def test_a_call_that_two_heads_take_for_theirs_wakes_once(stage: Stage, store: Store, tmp_path: Path) -> None:
    """The same head under two names is as alike as two can be."""
    alike = tmp_path / "computer.tflite"
    shutil.copy(store.file("wake-hey-jarvis"), alike)
    parts = sleeping(stage, store, "hey_jarvis", str(alike))
    assert parts.wake is not None
    assert parts.wake.names == ("hey_jarvis", "computer")
    heard = hold(
        stage, parts, (at_once, joined(seconds(1.0), person("hey_jarvis_2"), seconds(0.1), clip("drip_coffee")))
    )
    assert len([call for call in heard.calls if call in parts.wake.names]) == 1
    assert understood(heard.transcripts, "drip_coffee")


_MOST_TICKS = 200_000
"""More quiet than a second look takes, on any machine."""


@dataclass
class Night:
    """Port Microphone: a recording as fast as it can be heard, then quiet until somebody wakes; and what was told."""

    sound: Samples
    dropped_samples: int = 0
    levels: list[LevelMeasured] = field(default_factory=list)
    woken: list[Woken] = field(default_factory=list)

    def observe(self, event: SessionEvent) -> None:
        """Observer of the conversation."""
        if isinstance(event, LevelMeasured) and not self.woken:
            self.levels.append(event)
        elif isinstance(event, Woken):
            self.woken.append(event)

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        quiet = (silence(TICK_SAMPLES) for _ in range(_MOST_TICKS))
        said = (self.sound[at : at + TICK_SAMPLES] for at in range(0, self.sound.size, TICK_SAMPLES))
        for tick in chain(said, quiet):
            if self.woken:
                return
            yield tick
            await anyio.lowlevel.checkpoint()


def test_ten_minutes_of_talk_without_its_name_wake_nothing_and_then_the_name_does(stage: Stage, store: Store) -> None:
    """A meeting of several people, and thirty who read aloud."""
    talk = joined(*(read_audio(WAKE / f"nobody_called_{what}.ogg") for what in ("meeting", "reading")))
    assert talk.size > 10 * 60 * SAMPLE_RATE_HZ
    night = Night(joined(talk, seconds(1.0), user_says(stage.app, "Hey Jett."), seconds(1.0)))
    parts = sleeping(stage, store, "hey_jett")

    async def listen() -> None:
        conversation = Conversation(parts, stage.settings, night.observe)
        await conversation.run(night, FileDuplex(silence(0), rate_hz=parts.tts.rate_hz))

    stage.portal.call(listen)
    (woken,) = night.woken
    assert woken.by == "hey_jett"
    assert talk.size / SAMPLE_RATE_HZ + 1.0 < woken.at_s
    assert len(night.levels) > 10 * 60 * 30
    scored = [level for level in night.levels if level.speech_probability > 0]
    assert len(scored) < len(night.levels) / 4, "only around what was looked at again"
