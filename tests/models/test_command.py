"""`jett models` with the real manifest and, as a mirror, the user's real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from jett.cli.models import app
from jett.core.errors import ModelError
from jett.models.store import Store

pytestmark = pytest.mark.models


class Command:
    """Runs `jett models` on a folder of its own, with `mirror` as the only source that works."""

    def __init__(self, folder: Path, mirror: str) -> None:
        self._environment = {
            "JETT_MODELS__DIR": str(folder),
            "JETT_MODELS__MIRROR": mirror,
            "JETT_CONFIG": str(folder.parent / "jett.toml"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": "",
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }
        (folder.parent / "jett.toml").touch()

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, list(words), env=self._environment)

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def command(tmp_path: Path, store: Store) -> Command:
    store.path("silero-vad")
    return Command(tmp_path / "models", store.root.as_uri())


def test_a_model_is_pulled_listed_verified_and_removed(command: Command, tmp_path: Path) -> None:
    (pulled,) = command.json("pull", "silero-vad")["models"]
    assert pulled["state"] == "ready"
    assert pulled["fetched_bytes"] == 2_327_524

    listed = {model["id"]: model for model in command.json("list")["models"]}
    assert (listed["silero-vad"]["state"], listed["silero-vad"]["licence"]) == ("ready", "MIT")
    assert listed["whisper-base"]["state"] == "missing"

    assert [file["state"] for file in command.json("verify")["files"]] == ["good"]
    assert command("verify").output == "1 of 1 files are right\n"
    assert command.json("remove", "silero-vad")["freed_bytes"] == {"silero-vad": 2_327_524}
    assert not (tmp_path / "models" / "by-id" / "silero-vad").exists()


def test_a_damaged_model_ends_verify_with_the_model_exit_code_and_the_fix(command: Command) -> None:
    (pulled,) = command.json("pull", "silero-vad")["models"]
    with (Path(pulled["path"]) / "silero_vad.onnx").open("r+b") as file:
        file.write(b"damaged")

    result = command("verify", "silero-vad")
    assert result.exit_code == ModelError.exit_code
    assert "damaged: silero-vad/silero_vad.onnx" in result.stdout
    assert result.stderr == "error: models: 1 file is damaged or missing; fix: jett models pull silero-vad\n"


def test_a_model_that_cannot_be_had_is_reported_and_the_others_are_still_pulled(tmp_path: Path, store: Store) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "smart-turn-v3.2-cpu.onnx").write_bytes(store.file("smart-turn-v3.2").read_bytes())
    command = Command(tmp_path / "models", mirror.as_uri())

    result = command("pull", "silero-vad", "smart-turn-v3.2", "--json")

    assert result.exit_code == ModelError.exit_code
    states = {model["id"]: model["state"] for model in json.loads(result.stdout)["models"]}
    assert states == {"silero-vad": "failed", "smart-turn-v3.2": "ready"}
    assert "could not be had from any of its" in result.stderr
    assert [line[:7] for line in result.stderr.splitlines() if not line.startswith(" ")] == ["error: "]


def test_a_folder_that_cannot_be_made_is_told_as_an_error(tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    result = Command(tmp_path / "models", "")("pull", "silero-vad")
    assert result.exit_code == ModelError.exit_code
    assert result.stderr.startswith("error: models: cannot write in ")


def test_pull_without_names_takes_the_set_of_the_profile(command: Command, store: Store) -> None:
    for model_id in store.manifest.profile("remote"):
        store.path(model_id)
    pulled = command.json("pull", "--profile", "remote")["models"]
    assert [model["id"] for model in pulled] == list(store.manifest.profile("remote"))


def test_the_human_listing_names_licences_and_their_notes(command: Command) -> None:
    output = command("list").output
    assert "Apache-2.0" in output
    assert "licence of piper-en-us-joe: the dataset is CC0" in output
