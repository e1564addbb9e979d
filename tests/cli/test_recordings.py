"""Recordings are a courtesy: a disk that is full ends them, not the conversation."""

from __future__ import annotations

import shutil
from pathlib import Path

from jett.audio.files import read_audio
from jett.cli.recordings import Keeper, check_folder
from jett.core.audio import SAMPLE_RATE_HZ, silence
from jett.core.events import FellAsleep, StateChanged, WakeRejected
from jett.history.sound_files import is_recording
from jett.settings import Settings


def _settings(folder: Path) -> Settings:
    overrides = {"privacy.keep_recordings": True, "privacy.recordings_dir": str(folder)}
    return Settings.load(env={}, overrides=overrides)


def _one_turn(keeper: Keeper) -> None:
    keeper.observe(StateChanged("hearing"))
    keeper.heard(silence(1600))
    keeper.observe(StateChanged("idle"))


def test_a_folder_that_can_no_longer_be_written_is_told_once(tmp_path: Path) -> None:
    """The turns before it are kept, those after it are not, and nothing is raised."""
    folder, notes = tmp_path / "kept", list[str]()
    check_folder(_settings(folder))
    keeper = Keeper.of(_settings(folder), notes.append)
    _one_turn(keeper)
    (kept,) = folder.glob("*-heard.wav")
    assert is_recording(str(kept))  # so that it goes with its turn
    shutil.rmtree(folder)
    folder.write_text("in the way", "utf-8")
    _one_turn(keeper)
    _one_turn(keeper)
    (note,) = notes
    assert note.endswith("this conversation is not kept any more")


def test_what_is_heard_asleep_or_was_meant_for_somebody_else_is_not_kept(tmp_path: Path) -> None:
    keeper = Keeper.of(_settings(tmp_path), list[str]().append)
    for state in ("asleep", "idle", "hearing", "pausing"):
        keeper.observe(StateChanged(state))
        keeper.heard(silence(1600))
    keeper.observe(WakeRejected(1.0))
    keeper.observe(StateChanged("idle"))
    keeper.observe(StateChanged("asleep"))
    keeper.heard(silence(1600))
    keeper.observe(StateChanged("idle"))
    assert not list(tmp_path.iterdir())
    _one_turn(keeper)
    assert len(list(tmp_path.iterdir())) == 1


def test_of_a_call_that_ends_before_anybody_knows_whether_it_was_one_nothing_is_kept(tmp_path: Path) -> None:
    """Jett was sent to sleep in the middle of it."""
    keeper = Keeper.of(_settings(tmp_path), list[str]().append)
    keeper.observe(StateChanged("asleep"))
    keeper.observe(StateChanged("called"))
    keeper.heard(silence(1600))
    keeper.observe(FellAsleep(1.0))
    keeper.observe(StateChanged("asleep"))
    assert not list(tmp_path.iterdir())


def test_of_a_command_in_one_breath_with_the_name_the_name_is_kept_too(tmp_path: Path) -> None:
    keeper = Keeper.of(_settings(tmp_path), list[str]().append)
    for state in ("asleep", "called", "called", "called", "pausing", "replying"):
        keeper.observe(StateChanged(state))
        keeper.heard(silence(SAMPLE_RATE_HZ))
    keeper.observe(FellAsleep(6.0))
    keeper.observe(StateChanged("asleep"))
    (kept,) = tmp_path.glob("*-heard.wav")
    assert read_audio(kept).size >= 5 * SAMPLE_RATE_HZ
