"""A device that goes and comes back, as a dialogue of looks; no thread, no sound card, no waiting."""

from __future__ import annotations

import pytest

from jett.audio.watch import DeviceLost, DeviceRestored, DeviceState, DeviceWatch, RenderFailed
from jett.core.clock import FakeClock
from jett.core.errors import AudioError


class Plug:
    """A socket that a device may be in; it counts what was opened and closed."""

    def __init__(self) -> None:
        self.plugged = True
        self.opened: list[Line] = []

    def open(self) -> Line:
        if not self.plugged:
            raise AudioError("audio: not there")
        self.opened.append(Line())
        return self.opened[-1]


class Line:
    """An open device."""

    device_name = "Headset"

    def __init__(self) -> None:
        self.running = True
        self.closed = False
        self.runs: list[bool] = []
        self.dead = False

    def halt(self) -> None:
        self.running = False
        self.runs.append(False)

    def resume(self) -> None:
        if self.dead:
            raise AudioError("audio: 'Headset' does not go on")
        self.running = True
        self.runs.append(True)

    def close(self) -> None:
        self.closed = True


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock(100.0)
        self.plug = Plug()
        self.said: list[DeviceState] = []
        self.watch = DeviceWatch(self.plug.open, self.said.append, self.clock)
        self.watch.open()

    def hear(self, seconds: float) -> None:
        """Audio flows for a while and the watch looks on."""
        for _ in range(round(seconds / 0.1)):
            self.clock.advance(0.1)
            self.watch.heard()
            self.watch.step()

    def wait(self, seconds: float) -> None:
        """No audio for a while; the watch looks as often as it says."""
        until_s = self.clock.at_s + seconds
        while (wait_s := self.watch.step()) <= until_s - self.clock.at_s:
            self.clock.advance(wait_s)
        self.clock.at_s = until_s


def test_a_device_that_works_is_left_alone() -> None:
    scene = Scene()
    scene.hear(60.0)
    assert scene.said == []
    assert len(scene.plug.opened) == 1
    assert scene.watch.alive


def test_a_short_gap_or_a_slow_start_is_no_loss() -> None:
    scene = Scene()
    scene.wait(2.5)
    scene.hear(1.0)
    scene.wait(0.85)
    scene.hear(1.0)
    assert scene.said == []


def test_a_silent_line_is_lost_once_closed_and_back_when_audio_flows() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.plug.plugged = False
    scene.wait(30.0)
    assert [type(state) for state in scene.said] == [DeviceLost]
    assert scene.plug.opened[0].closed
    assert not scene.watch.alive
    scene.plug.plugged = True
    scene.wait(1.0)
    assert len(scene.plug.opened) == 2
    assert len(scene.said) == 1, "an open device that says nothing is not back"
    scene.hear(0.1)
    assert scene.said[1:] == [DeviceRestored("Headset")]
    assert scene.watch.alive


def test_a_stopped_device_is_lost_at_the_next_look() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.plug.opened[0].running = False
    scene.watch.step()
    assert scene.said == [DeviceLost("Headset", "it stopped")]


def test_a_device_that_opens_but_stays_dead_is_tried_again_and_never_twice_at_once() -> None:
    scene = Scene()
    scene.wait(30.0)
    assert len(scene.plug.opened) > 5
    assert all(line.closed for line in scene.plug.opened[:-1])
    assert [type(state) for state in scene.said] == [DeviceLost]


def test_the_second_loss_is_told_too() -> None:
    scene = Scene()
    for _ in range(2):
        scene.hear(1.0)
        scene.wait(3.0)
        scene.hear(1.0)
    assert [type(state) for state in scene.said] == [DeviceLost, DeviceRestored] * 2


def test_what_was_never_there_is_an_error_and_not_waited_for() -> None:
    plug = Plug()
    plug.plugged = False
    watch = DeviceWatch(plug.open, None)
    with pytest.raises(AudioError, match="not there"):
        watch.start()
    watch.stop()


def test_a_report_from_the_audio_thread_is_passed_on_at_the_next_look() -> None:
    scene = Scene()
    scene.watch.report(RenderFailed("ValueError: 3"))
    assert scene.said == []
    scene.watch.step()
    assert scene.said == [RenderFailed("ValueError: 3")]


def test_stop_closes_the_device_and_may_come_twice() -> None:
    plug = Plug()
    watch = DeviceWatch(plug.open, None)
    watch.start()
    watch.stop()
    watch.stop()
    assert [line.closed for line in plug.opened] == [True]


def test_a_device_that_rests_is_halted_once_and_not_missed_however_long_it_is_silent() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.watch.rest(True)
    scene.wait(3600.0)
    (line,) = scene.plug.opened
    assert (line.runs, scene.said) == ([False], [])
    scene.watch.rest(False)
    scene.watch.step()
    scene.hear(1.0)
    assert (line.runs, line.closed, scene.said) == ([False, True], False, [])


def test_a_device_that_runs_again_has_as_long_for_its_first_audio_as_a_new_one() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.watch.rest(True)
    scene.wait(600.0)
    scene.watch.rest(False)
    scene.wait(2.5)
    assert scene.said == []
    scene.wait(1.0)
    assert [type(state) for state in scene.said] == [DeviceLost]


def test_a_device_that_went_away_while_it_rested_is_lost_when_it_is_wanted_and_sought_as_ever() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.watch.rest(True)
    scene.watch.step()
    scene.plug.opened[0].dead = True
    scene.watch.rest(False)
    scene.watch.step()
    assert scene.said == [DeviceLost("Headset", "audio: 'Headset' does not go on")]
    scene.wait(1.0)
    scene.hear(0.1)
    assert scene.said[1:] == [DeviceRestored("Headset")]
    assert len(scene.plug.opened) == 2


def test_a_lost_device_is_found_before_it_rests() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.plug.plugged = False
    scene.wait(2.0)
    scene.watch.rest(True)
    scene.wait(2.0)
    scene.plug.plugged = True
    scene.wait(1.0)
    scene.hear(0.2)
    assert [type(state) for state in scene.said] == [DeviceLost, DeviceRestored]
    assert scene.plug.opened[-1].runs == [False]


def test_who_wants_it_to_run_before_it_was_halted_finds_it_running() -> None:
    scene = Scene()
    scene.hear(1.0)
    scene.watch.rest(True)
    scene.watch.rest(False)
    scene.hear(1.0)
    assert scene.plug.opened[0].runs == []
