"""Which device is meant by a name, and what a person without one is told."""

from __future__ import annotations

import pytest

from jett.audio.devices import Device, choose, missing_device
from jett.core.errors import AudioError

HEADSET = Device("Jabra Evolve Mono", "input")
WEBCAM = Device("HD Webcam", "input", is_default=True)
WEBCAM_2 = Device("HD Webcam (2)", "input")
MONITOR = Device("Monitor of Speakers", "input", is_default=True, is_monitor=True)
BUSY = Device("Studio USB", "input", problem="cannot be opened (unplugged, or in use by another program)")
ALL = [MONITOR, BUSY, HEADSET, WEBCAM, WEBCAM_2]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Jabra Evolve Mono", HEADSET),
        ("jabra", HEADSET),
        ("HD Webcam", WEBCAM),
        ("webcam (2)", WEBCAM_2),
        ("monitor of", MONITOR),
        (None, WEBCAM),
        ("", WEBCAM),
    ],
)
def test_a_name_means_one_device(name: str | None, meant: Device) -> None:
    assert choose(ALL, "input", name) is meant


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rode", "no microphone called 'rode'; choose one of: .*'Jabra Evolve Mono'"),
        ("cam", "'cam' fits 2 microphones"),
        ("studio", "'Studio USB' cannot be opened"),
    ],
)
def test_a_name_that_means_none_or_many_is_refused_with_the_choices(name: str, said: str) -> None:
    with pytest.raises(AudioError, match=said):
        choose(ALL, "input", name)


def test_without_a_default_the_first_that_works_is_taken() -> None:
    assert choose([MONITOR, BUSY, HEADSET], "input") is HEADSET


def test_a_monitor_alone_is_no_microphone() -> None:
    with pytest.raises(AudioError, match="no microphone found"):
        choose([MONITOR, BUSY], "input")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
def test_a_missing_device_comes_with_a_fix_in_one_line(platform: str) -> None:
    for line in (missing_device("input", platform), missing_device("output", platform)):
        assert "found; " in line
        assert "jett talk" in line
        assert "\n" not in line
