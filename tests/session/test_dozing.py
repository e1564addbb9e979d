"""When microphone and speaker rest around a conversation that sleeps, as a dialogue."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jett.audio.file_duplex import FileDuplex
from jett.cli.recordings import Keeper
from jett.core.audio import silence
from jett.core.ports import Gathers, Render, Rests
from jett.server.realtime.microphone import NetworkMicrophone
from jett.session.dozing import Dozing


class Devices(FileDuplex):
    """Microphone and speaker that write down what they are told."""

    def __init__(self) -> None:
        super().__init__(silence(0))
        self.told: list[str | int] = []

    def gather(self, n_samples: int) -> None:
        self.told.append(n_samples)

    def rest(self) -> None:
        self.told.append("rest")

    def rouse(self) -> None:
        self.told.append("rouse")


def test_two_seconds_asleep_with_nothing_to_play_and_both_rest() -> None:
    devices = Devices()
    dozing = Dozing(devices, devices)
    dozing.heard(5.0, wanted_samples=None)
    for end_s in (5.5, 6.0, 6.9):
        dozing.heard(end_s, wanted_samples=1280)
    assert devices.told == []
    dozing.heard(7.0, wanted_samples=1280)
    assert devices.told == ["rest", 1280]
    dozing.heard(7.1, wanted_samples=27)
    assert devices.told[2:] == [27], "it stands still already"


def test_whoever_is_called_hears_and_speaks_at_once_and_rests_again_later() -> None:
    devices = Devices()
    dozing = Dozing(devices, devices)
    dozing.heard(2.0, wanted_samples=1280)
    dozing.heard(2.1, wanted_samples=None)
    assert devices.told[2:] == ["rouse", 0]
    dozing.heard(4.0, wanted_samples=1280)
    assert len(devices.told) == 4
    dozing.heard(4.1, wanted_samples=1280)
    assert devices.told[4:] == ["rest", 1280]


def test_something_to_play_does_not_wait_for_the_next_chunk() -> None:
    devices = Devices()
    dozing = Dozing(devices, devices)
    dozing.heard(9.0, wanted_samples=1280)
    dozing.stir()
    dozing.stir()
    assert devices.told[2:] == ["rouse", 0]


@given(wanted=st.lists(st.one_of(st.none(), st.integers(1, 1280)), max_size=60), stirs=st.sets(st.integers(0, 59)))
def test_it_never_rests_within_two_seconds_of_something_to_do(wanted: list[int | None], stirs: set[int]) -> None:
    """A chunk a quarter of a second."""
    devices = Devices()
    dozing = Dozing(devices, devices)
    busy_until_s = 0.0
    for number, samples in enumerate(wanted):
        end_s = number / 4
        busy_until_s = end_s if samples is None else busy_until_s
        before = len(devices.told)
        dozing.heard(end_s, wanted_samples=samples)
        if "rest" in devices.told[before:]:
            assert end_s - busy_until_s >= 2.0
        if number in stirs:
            dozing.stir()
    orders = [each for each in devices.told if isinstance(each, str)]
    assert orders == ["rest", "rouse"] * (len(orders) // 2) + ["rest"] * (len(orders) % 2)


def test_devices_that_cannot_rest_are_left_alone() -> None:
    """A network's microphone sends as it likes."""

    class Loud:
        rate_hz = 16_000
        latency_s = 0.0

        def start(self, render: Render) -> None:
            """It plays."""

        def stop(self) -> None:
            """It does not."""

    dozing = Dozing(NetworkMicrophone(), Loud())
    dozing.heard(9.0, wanted_samples=1280)
    dozing.stir()


def test_who_is_overheard_rests_too(tmp_path: Path) -> None:
    devices = Devices()
    keeper = Keeper(tmp_path, lambda text: None)
    microphone, speaker = keeper.hearing(devices), keeper.speaking(devices, 24_000)
    assert microphone is not devices
    assert isinstance(microphone, Gathers)
    assert isinstance(speaker, Rests)
    microphone.gather(7)
    speaker.rest()
    speaker.rouse()
    assert devices.told == [7, "rest", "rouse"]
