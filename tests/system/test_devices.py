"""The device adapters on a real (virtual) sound card: faithful, and back after they were unplugged."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import anyio
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from jett.audio.device_microphone import DeviceMicrophone
from jett.audio.device_speaker import DeviceSpeaker
from jett.audio.devices import list_devices
from jett.audio.echo import EchoReference, WebRtcEchoCanceller
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.audio.watch import DeviceLost, DeviceRestored, DeviceState, RenderFailed
from jett.cli.devices import devices
from jett.core.audio import Samples, level_dbfs, silence
from jett.core.errors import AudioError
from tests.system.sound_card import HANG_LIMIT_S, MICROPHONE, SPEAKER, SoundCard, similarity

pytestmark = pytest.mark.root

VOICE = read_audio(Path(__file__).parents[1] / "data" / "audio" / "librispeech_1089-134686-0001.flac")[:32_000]


class Player:
    """Says `spoken` again and again, from where it was."""

    def __init__(self, spoken: Samples) -> None:
        self.position = 0
        self._spoken = spoken

    def render(self, n_samples: int) -> Samples:
        places = np.arange(self.position, self.position + n_samples) % self._spoken.size
        self.position += n_samples
        return self._spoken[places]


class States:
    """What the device said of itself, one after another."""

    def __init__(self) -> None:
        self._queue: queue.Queue[DeviceState] = queue.Queue()
        self.put = self._queue.put

    def next(self) -> DeviceState:
        return self._queue.get(timeout=HANG_LIMIT_S)

    @property
    def empty(self) -> bool:
        return self._queue.empty()


def until_halted(speaker: DeviceSpeaker) -> None:
    """It halts on a thread of its own, soon."""
    until_s = time.monotonic() + HANG_LIMIT_S
    while not speaker.resting:
        assert time.monotonic() < until_s


class Listener:
    """Takes chunks while something else happens."""

    def __init__(self, microphone: DeviceMicrophone) -> None:
        self.heard = silence(0)
        self._microphone = microphone
        self._grown = anyio.Event()

    async def during(self, scene: Callable[[], Awaitable[None]]) -> Samples:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen)
            await self.wait_for_more(1_600)
            await scene()
            tasks.cancel_scope.cancel()
        return self.heard

    async def wait_for_more(self, n_samples: int) -> None:
        wanted = self.heard.size + n_samples
        with anyio.fail_after(HANG_LIMIT_S):
            while self.heard.size < wanted:
                await self._grown.wait()

    async def _listen(self) -> None:
        async with aclosing(self._microphone.chunks()) as chunks:
            async for chunk in chunks:
                self.heard = np.concatenate((self.heard, chunk))
                self._grown.set()
                self._grown = anyio.Event()


def test_the_card_is_listed_with_its_defaults(card: SoundCard) -> None:
    found = list_devices()
    assert found.backend == "PulseAudio"
    assert [(entry.name, entry.rates_hz) for entry in found.inputs if entry.is_default] == [(MICROPHONE, (48_000,))]
    assert [entry.name for entry in found.outputs if entry.is_default] == [SPEAKER]
    assert {entry.name for entry in found.inputs if entry.is_monitor} == {f"Monitor of {SPEAKER}", "Monitor of Feed"}


def test_jett_devices_shows_them_to_people_and_scripts(card: SoundCard) -> None:
    app = typer.Typer()
    app.command()(devices)
    shown = CliRunner().invoke(app, [])
    assert (shown.exit_code, f"* {MICROPHONE}" in " ".join(shown.stdout.split())) == (0, True)
    listed = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert [entry["name"] for entry in listed["inputs"] if entry["taken"]] == [MICROPHONE]
    assert listed["speaker_problem"] == ""
    card.unplug("microphone")
    alone = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert "no microphone found" in alone["microphone_problem"]


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000])
def test_what_is_played_is_what_the_speaker_sounds(card: SoundCard, rate_hz: int) -> None:
    spoken = resample(VOICE, 16_000, rate_hz)
    speaker = DeviceSpeaker(rate_hz=rate_hz)
    with card.recording() as recording:
        speaker.start(Player(spoken).render)
        heard = recording.wait_for(4.5)
        speaker.stop()
    likeness, _ = similarity(heard, VOICE)
    assert likeness > 0.98


def test_what_is_said_is_what_the_microphone_gives(card: SoundCard) -> None:
    microphone = DeviceMicrophone(MICROPHONE)

    async def scene() -> None:
        await anyio.to_thread.run_sync(card.speak, VOICE)
        await listener.wait_for_more(8_000)

    listener = Listener(microphone)
    likeness, _ = similarity(anyio.run(listener.during, scene), VOICE)
    assert likeness > 0.98
    assert microphone.dropped_samples == 0


def test_echo_reaches_the_microphone_only_when_it_is_on(card: SoundCard) -> None:
    speaker = DeviceSpeaker(rate_hz=16_000)
    speaker.start(Player(VOICE).render)
    listener = Listener(DeviceMicrophone())
    turned_on_at: list[int] = []

    async def scene() -> None:
        await listener.wait_for_more(16_000)
        turned_on_at.append(listener.heard.size)
        await anyio.to_thread.run_sync(card.echo, True)
        await listener.wait_for_more(5 * 16_000)

    heard = anyio.run(listener.during, scene)
    speaker.stop()
    assert level_dbfs(heard[: turned_on_at[0]]) == -100
    assert similarity(heard[turned_on_at[0] :], VOICE)[0] > 0.8


def test_what_the_speaker_plays_is_cancelled_in_the_microphone(card: SoundCard) -> None:
    player, reference, canceller = Player(VOICE), EchoReference(16_000), WebRtcEchoCanceller()
    speaker, microphone = DeviceSpeaker(rate_hz=16_000), DeviceMicrophone()
    heard, cleaned = [silence(0)], [silence(0)]

    def render(n_samples: int) -> Samples:
        block = player.render(n_samples)
        reference.played(block)
        return block

    async def scene() -> None:
        near = silence(0)
        async with aclosing(microphone.chunks()) as chunks:
            async for chunk in chunks:
                near = np.concatenate((near, chunk))
                while near.size >= canceller.frame_samples:
                    frame, near = near[: canceller.frame_samples], near[canceller.frame_samples :]
                    heard.append(frame)
                    cleaned.append(canceller.process(frame, reference.take()))
                if len(heard) > 800:
                    return

    card.echo(True)
    speaker.start(render)
    anyio.run(scene)
    speaker.stop()
    settled = slice(4 * 16_000, None)
    assert level_dbfs(np.concatenate(heard)[settled]) - level_dbfs(np.concatenate(cleaned)[settled]) > 20


def test_an_unplugged_speaker_stands_still_and_goes_on_when_it_is_back(card: SoundCard) -> None:
    states, player = States(), Player(VOICE)
    speaker = DeviceSpeaker(SPEAKER, rate_hz=16_000, on_state=states.put)
    speaker.start(player.render)
    card.record(1.0)
    card.unplug("speaker")
    assert isinstance(states.next(), DeviceLost)
    stood_at = player.position
    assert speaker.latency_s == 0.0
    card.plug("speaker")
    assert states.next() == DeviceRestored(SPEAKER)
    likeness, _ = similarity(card.record(4.5), VOICE)
    speaker.stop()
    assert likeness > 0.98
    assert player.position > stood_at
    assert states.empty


def test_an_unplugged_microphone_is_heard_again_when_it_is_back(card: SoundCard) -> None:
    states = States()
    listener = Listener(DeviceMicrophone(on_state=states.put))

    async def scene() -> None:
        card.unplug("microphone")
        assert isinstance(await anyio.to_thread.run_sync(states.next), DeviceLost)
        card.plug("microphone")
        assert await anyio.to_thread.run_sync(states.next) == DeviceRestored(MICROPHONE)
        await anyio.to_thread.run_sync(card.speak, VOICE)
        await listener.wait_for_more(8_000)

    assert similarity(anyio.run(listener.during, scene), VOICE)[0] > 0.98


def test_a_failing_render_is_silence_said_once_and_over_when_it_works_again(card: SoundCard) -> None:
    states, player = States(), Player(VOICE)
    failing = [True]

    def render(n_samples: int) -> Samples:
        if failing[0]:
            raise ValueError("no such voice")
        return player.render(n_samples)

    speaker = DeviceSpeaker(rate_hz=16_000, on_state=states.put)
    speaker.start(render)
    assert states.next() == RenderFailed("ValueError: no such voice")
    assert level_dbfs(card.record(0.5)) == -100
    failing[0] = False
    assert similarity(card.record(4.5), VOICE)[0] > 0.98
    speaker.stop()
    assert speaker.failed_renders > 1
    assert states.empty


def test_a_speaker_starts_again_after_it_was_stopped_and_plays_for_one_at_a_time(card: SoundCard) -> None:
    speaker = DeviceSpeaker(rate_hz=16_000)
    for _ in range(2):
        speaker.start(Player(VOICE).render)
        with pytest.raises(AudioError, match="plays already"):
            speaker.start(silence)
        assert level_dbfs(card.record(1.0)) > -60
        speaker.stop()
        speaker.stop()


def test_a_wrong_name_is_refused_with_the_choices(card: SoundCard) -> None:
    with pytest.raises(AudioError, match=f"no speaker called 'Hifi'; choose one of: .*'{SPEAKER}'"):
        DeviceSpeaker("Hifi").start(silence)
    with pytest.raises(AudioError, match="no microphone called 'Hifi'"):
        anyio.run(anext, DeviceMicrophone("Hifi").chunks())


def test_a_default_speaker_goes_on_elsewhere_when_it_is_unplugged(card: SoundCard) -> None:
    states, player = States(), Player(VOICE)
    speaker = DeviceSpeaker(rate_hz=16_000, on_state=states.put)
    listener = Listener(DeviceMicrophone())

    async def scene() -> None:
        speaker.start(player.render)
        card.unplug("speaker")  # the feed is the only output left, and the microphone hears it
        await listener.wait_for_more(6 * 16_000)

    heard = anyio.run(listener.during, scene)
    speaker.stop()
    assert similarity(heard, VOICE)[0] > 0.98


def test_a_speaker_that_rested_plays_from_the_first_sample_on(card: SoundCard) -> None:
    """Nothing is pulled while it rests, twice, and nothing is lost or played twice afterwards."""
    pulled, player = threading.Event(), Player(VOICE)

    def render(n_samples: int) -> Samples:
        pulled.set()
        return player.render(n_samples) if speaking else silence(n_samples)

    speaker, speaking = DeviceSpeaker(rate_hz=16_000), False
    with card.recording() as recording:
        speaker.start(render)
        for _ in range(2):
            assert pulled.wait(HANG_LIMIT_S)
            speaker.rest()
            until_halted(speaker)
            pulled.clear()
            recording.wait_for(recording.samples.size / 16_000 + 0.5)
            assert not pulled.is_set()
            speaking, begun = True, recording.samples.size
            speaker.rouse()
            heard = recording.wait_for(begun / 16_000 + 4.0)[begun:]
            assert similarity(heard, VOICE)[0] > 0.98
            speaking, player.position = False, 0
            pulled.clear()
        speaker.stop()


def test_a_speaker_that_was_unplugged_while_it_rested_is_told_when_it_is_wanted(card: SoundCard) -> None:
    states, player = States(), Player(VOICE)
    speaker = DeviceSpeaker(SPEAKER, rate_hz=16_000, on_state=states.put)
    speaker.start(player.render)
    card.record(0.5)
    speaker.rest()
    until_halted(speaker)
    card.unplug("speaker")
    card.plug("speaker")
    card.unplug("speaker")
    speaker.rouse()
    assert isinstance(states.next(), DeviceLost)
    card.plug("speaker")
    assert states.next() == DeviceRestored(SPEAKER)
    assert similarity(card.record(4.5), VOICE)[0] > 0.98
    speaker.stop()


def test_a_microphone_that_gathers_loses_nothing_when_it_changes(card: SoundCard) -> None:
    microphone = DeviceMicrophone(MICROPHONE)
    sizes: list[int] = []

    async def scene() -> Samples:
        heard, speaking = silence(0), card.start_speaking(VOICE)
        async with aclosing(microphone.chunks()) as chunks:
            async for chunk in chunks:
                heard = np.concatenate((heard, chunk))
                sizes.append(chunk.size)
                microphone.gather(1_280 if len(sizes) % 8 < 4 else 0)
                if heard.size > 5 * 16_000:
                    break
        assert speaking.wait(HANG_LIMIT_S) == 0
        return heard

    assert similarity(anyio.run(scene), VOICE)[0] > 0.98
    assert max(sizes) >= 1_280
    assert min(sizes) < 1_280
