"""The benchmarks' recordings: which are taken, and that a plain clone has some."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from benchmarks.accuracy import stt
from benchmarks.clips import data_folder, read_pack
from benchmarks.latency import llm, turns

from benchmarks import clips
from jett.models.store import Store

QUICK = Namespace(clips=None, quick=True)


@pytest.fixture
def plain_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No folder of packs anywhere."""
    monkeypatch.delenv("JETT_BENCH_DATA", raising=False)
    monkeypatch.setattr(clips, "BESIDE", tmp_path / "absent")
    clips._few_recordings.cache_clear()


@pytest.mark.usefixtures("plain_clone")
def test_a_plain_clone_measures_the_recordings_of_the_repository_and_says_so_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (spoken, _), transcribed = turns.chosen(QUICK), stt.chosen(QUICK)

    assert (len(spoken), len(transcribed)) == (3, 3)
    assert all(clip.path.is_file() for clip in [*spoken, *transcribed])
    assert all(clip.text for clip in transcribed)
    assert len(read_pack(data_folder() / "commands_barista")) == 3
    assert (data_folder() / "rir" / "spatialaudio_seminar_room.flac").is_file()
    assert capsys.readouterr().err.count("measuring the few in tests/data/bench") == 1


def test_the_named_folder_is_taken_even_where_it_lacks_a_pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JETT_BENCH_DATA", str(tmp_path))
    assert list(clips.packs("long")) == [tmp_path / "long"]


def test_a_model_that_is_not_here_is_left_out_of_the_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = llm.variants(llm.DEFAULT, quick=True)
    assert llm.present(wanted, Store(tmp_path)) == wanted[:1]
    assert f"jett models pull {llm.SMALL}" in capsys.readouterr().err
