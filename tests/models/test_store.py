"""What the store shows, verifies, shares and removes once files are there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jett.core.errors import DigestMismatch, ModelError, ModelMissing
from jett.models.disk import link_or_copy, same_file, sha256_of
from jett.models.store import Store

if TYPE_CHECKING:
    from tests.models.conftest import Lab

_OFFLINE = """
import sys
from pathlib import Path
from jett.models.manifest import parse_manifest
from jett.models.store import Store
def refuse(event, args):
    if event.startswith("socket.") or event == "subprocess.Popen":
        sys.exit(f"{event} {args}")
sys.addaudithook(refuse)
store = Store(Path(sys.argv[1]), manifest=parse_manifest(Path(sys.argv[2]).read_text()))
store.pull(sys.argv[3])
assert all(report.state == "good" for report in store.verify(sys.argv[3]))
assert [status.state for status in store.listing()] == ["ready"]
print(store.path(sys.argv[3]))
"""


def _serve(lab: Lab, model_id: str, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        lab.hub_file(name, content)
    lab.model(model_id, contents)


def test_once_pulled_no_socket_is_opened_and_no_process_started(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000), "config.json": b"{}"})
    path = lab.pull("tiny")

    with lab.run(_OFFLINE, "tiny") as child:
        said, _ = child.communicate()
    assert (child.returncode, said.strip()) == (0, str(path))


def test_a_corrupt_file_is_found_by_verify_and_mended_by_pull(lab: Lab) -> None:
    content = lab.noise(5_000)
    _serve(lab, "tiny", {"model.bin": content, "config.json": b"{}"})
    place = lab.pull("tiny") / "model.bin"
    with place.open("r+b") as file:
        file.seek(2_500)
        file.write(b"\0" if content[2_500] else b"\1")

    states = {report.name: report.state for report in lab.store().verify("tiny")}
    assert states == {"model.bin": "damaged", "config.json": "good"}

    assert (lab.pull("tiny") / "model.bin").read_bytes() == content
    assert all(report.state == "good" for report in lab.store().verify("tiny"))


def test_a_damaged_file_is_refused_until_it_is_pulled_again(lab: Lab) -> None:
    content = lab.noise(5_000)
    _serve(lab, "tiny", {"model.bin": content, "config.json": b"{}"})
    place = lab.pull("tiny") / "model.bin"
    place.write_bytes(bytes([content[0] ^ 1]) + content[1:])

    store = lab.store()
    assert (store.has("tiny"), store.listing()[0].state) == (False, "damaged")
    with pytest.raises(DigestMismatch, match=r"tiny in .* is damaged \(model\.bin .*fix: jett models pull tiny"):
        store.file("tiny")
    assert (lab.pull("tiny") / "model.bin").read_bytes() == content


def test_what_did_not_change_is_not_read_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000)})
    place = lab.pull("tiny") / "model.bin"
    read: list[Path] = []

    def digest_of(path: Path) -> str:
        read.append(path)
        return sha256_of(path)

    monkeypatch.setattr("jett.models.verified.sha256_of", digest_of)
    assert lab.store().has("tiny")
    assert read == []
    os.utime(place, ns=(1, 1))
    assert [lab.store().has("tiny"), lab.store().has("tiny")] == [True, True]
    assert read == [place]


@pytest.mark.parametrize("note", ["", "[]", '{"model.bin": 3}', '{"model.bin": ["", 5000, 1]}'])
def test_a_store_that_remembers_nothing_reads_its_files(lab: Lab, note: str) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000)})
    lab.pull("tiny")
    (lab.root / "verified" / "tiny.json").write_text(note)
    assert lab.store().has("tiny")


def test_a_store_that_cannot_be_written_still_shows_its_models(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000)})
    lab.pull("tiny")
    shutil.rmtree(lab.root / "verified")
    (lab.root / "verified").touch()  # as good as read-only, also for root
    assert lab.store().has("tiny")
    assert lab.store().file("tiny").is_file()


def test_a_truncated_file_is_missing_to_engines(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000)})
    os.truncate(lab.pull("tiny") / "model.bin", 4_999)

    with pytest.raises(ModelMissing, match=r"no model\.bin\); fix: jett models pull tiny"):
        lab.store().path("tiny")


def test_a_lost_view_comes_back_without_the_network(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000)})
    shutil.rmtree(lab.pull("tiny"))
    asked = len(lab.server.asked)

    assert lab.pull("tiny").is_dir()
    assert len(lab.server.asked) == asked


def test_models_share_a_file_until_the_last_one_goes(lab: Lab) -> None:
    shared = lab.noise(5_000)
    _serve(lab, "one", {"vocabulary.txt": shared, "one.bin": lab.noise(900, seed=1)})
    _serve(lab, "two", {"vocabulary.txt": shared, "two.bin": lab.noise(700, seed=2)})
    lab.pull("one")
    lab.pull("two")
    assert len(lab.blobs()) == 3

    assert lab.store().remove("one") == 900
    assert all(report.state == "good" for report in lab.store().verify("two"))
    assert lab.store().remove("two") == 5_700
    assert lab.blobs() == []
    assert lab.store().remove("two") == 0


def test_the_listing_tells_what_is_here(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": lab.noise(5_000), "config.json": b"{}"})
    assert [(status.state, status.held_bytes) for status in lab.store().listing()] == [("missing", 0)]
    path = lab.pull("tiny")
    assert [(status.state, status.held_bytes) for status in lab.store().listing()] == [("ready", 5_002)]
    (path / "config.json").unlink()
    assert [(status.state, status.held_bytes) for status in lab.store().listing()] == [("partial", 5_000)]


def test_a_file_is_asked_for_by_name(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": b"weights", "config.json": b"{}"})
    path = lab.pull("tiny")

    assert lab.store().file("tiny") == path / "model.bin"
    assert lab.store().file("tiny", "config.json") == path / "config.json"
    with pytest.raises(ModelError, match=r"tiny has no file 'x'; use one of: model\.bin, config\.json"):
        lab.store().file("tiny", "x")


def test_an_unknown_model_is_named_with_those_there_are(lab: Lab) -> None:
    lab.model("tiny", {"model.bin": b"weights"})
    with pytest.raises(ModelError, match="no model is called 'huge'; use one of: tiny"):
        lab.store().path("huge")


def test_a_folder_that_cannot_be_written_is_named_with_its_fix(lab: Lab) -> None:
    _serve(lab, "tiny", {"model.bin": b"weights"})
    lab.root.write_text("a file where the store should be")
    with pytest.raises(ModelError, match=r"cannot write in .*JETT_MODELS__DIR"):
        lab.pull("tiny")


def test_the_user_may_choose_the_folder(tmp_path: Path) -> None:
    assert Store(environment={"JETT_MODELS__DIR": str(tmp_path)}).root == tmp_path
    assert Store(tmp_path / "x", environment={"JETT_MODELS__DIR": str(tmp_path)}).root == tmp_path / "x"


def test_without_hard_links_the_view_is_a_copy(tmp_path: Path) -> None:
    other_disk = Path("/dev/shm")
    if not other_disk.is_dir() or other_disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system; fix: run on Linux with /dev/shm")
    blob = other_disk / f"jett-test-{os.getpid()}"
    blob.write_bytes(b"weights")
    try:
        place = tmp_path / "view" / "model.bin"
        link_or_copy(blob, place)
        assert place.read_bytes() == b"weights"
        assert not same_file(blob, place)
        assert [entry.name for entry in place.parent.iterdir()] == ["model.bin"]
    finally:
        blob.unlink()
