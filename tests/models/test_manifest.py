"""The shipped manifest is whole, and no manifest can name a file outside the store."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import ConfigError
from jett.models.manifest import HubSource, ModelFile, PackageSource, Part, load_manifest, parse_manifest
from jett.settings.profiles import PROFILES

_DIGEST = "0" * 64


def test_every_file_has_a_source_that_continuous_integration_can_reach() -> None:
    for model in load_manifest().models.values():
        for file in model.files:
            assert any(isinstance(source, PackageSource) for source in file.sources), f"{model.id}/{file.name}"


def test_every_model_says_its_licence_and_where_it_is_from() -> None:
    for model in load_manifest().models.values():
        assert model.licence
        assert model.about
        assert model.card


def test_the_default_language_model_is_the_pinned_one() -> None:
    (file,) = load_manifest().model("qwen2.5-coder-0.5b-instruct-q4_k_m").files
    assert file.size_bytes == 491_400_064
    assert file.sha256 == "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"


def test_there_is_a_set_of_models_for_each_profile_of_the_settings() -> None:
    assert set(load_manifest().profiles) == set(PROFILES)


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no profile is called 'tpu'; use one of: cpu"):
        load_manifest().profile("tpu")


@pytest.mark.parametrize("text", ["", "model = 3", "[[model]]", "[[model]]\nid = ", "model = [1]"])
def test_a_manifest_that_cannot_be_read_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.toml"):
        parse_manifest(text)


@given(st.text() | st.from_regex(r"(\.\.|/|\\|C:|~|a|\.)+", fullmatch=True))
def test_a_file_name_never_leads_out_of_its_folder(name: str) -> None:
    try:
        file = ModelFile(name, 1, _DIGEST, ())
    except ConfigError:
        return
    assert PurePosixPath(file.name).parts == PureWindowsPath(file.name).parts == (name,)
    assert name not in (".", "..")


@given(st.text() | st.from_regex(r"(\.\.|/|\\|C:|~|a|\.)+", fullmatch=True))
def test_a_path_within_a_source_never_leads_out_of_it(path: str) -> None:
    for make in (lambda: Part("p", "1", path, 1), lambda: HubSource("o/r", "main", path)):
        try:
            make()
        except ConfigError:
            continue
        assert not PurePosixPath(path).is_absolute()
        assert not PureWindowsPath(path).drive
        assert ".." not in PureWindowsPath(path).parts


def test_parts_must_make_up_the_file() -> None:
    with pytest.raises(ConfigError, match="parts"):
        ModelFile("a", 3, _DIGEST, (PackageSource("pypi", (Part("p", "1", "m", 2),)),))
