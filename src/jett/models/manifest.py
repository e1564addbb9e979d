"""What Jett may load, as frozen types read from `manifest.toml`: each file by size, digest and ordered sources.

It opens no socket and knows no registry; `locate` finds where a source is today, `store` what is already here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

from jett.core.errors import ConfigError, ModelError

Role = Literal["stt", "tts", "vad", "turn", "llm", "embedding", "wake", "speaker"]
Registry = Literal["pypi", "npm"]

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PACKAGE = re.compile(r"(@[a-z0-9._-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]*")
_MEMBER = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@.+/-]*")


@dataclass(frozen=True, slots=True)
class Part:
    """One member of one package archive; `size_bytes` is the member's unpacked size."""

    package: str
    version: str
    member: str
    size_bytes: int

    def __post_init__(self) -> None:
        _require(_PACKAGE.fullmatch(self.package), "package", self.package)
        _require(_VERSION.fullmatch(self.version), "version", self.version)
        _require(_is_inside(self.member), "member", self.member)
        _require(self.size_bytes > 0, "size_bytes", self.size_bytes)


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Members of packages from a registry, joined in order to make one file."""

    registry: Registry
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"{self.registry} {', '.join(f'{part.package} {part.version}' for part in self.parts)}"


@dataclass(frozen=True, slots=True)
class HubSource:
    """One file of a repository on the model hub."""

    repo: str
    revision: str
    path: str

    def __post_init__(self) -> None:
        _require(_is_inside(self.repo), "repo", self.repo)
        _require(_is_inside(self.path), "path", self.path)
        _require(_is_inside(self.revision), "revision", self.revision)

    def __str__(self) -> str:
        return f"hub {self.repo}"


Source = PackageSource | HubSource


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model; `sources` are tried in order."""

    name: str
    size_bytes: int
    sha256: str
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        _require(_PLAIN_NAME.fullmatch(self.name), "name", self.name)
        _require(_DIGEST.fullmatch(self.sha256), "sha256", self.sha256)
        _require(self.size_bytes > 0, "size_bytes", self.size_bytes)
        for source in self.sources:
            if isinstance(source, PackageSource):
                _require(sum(part.size_bytes for part in source.parts) == self.size_bytes, "parts", str(source))


@dataclass(frozen=True, slots=True)
class Model:
    """A set of files that one engine loads together."""

    id: str
    role: Role
    licence: str
    """SPDX identifier."""
    licence_note: str
    about: str
    card: str
    """Where the weights come from, in words."""
    files: tuple[ModelFile, ...]

    def __post_init__(self) -> None:
        _require(_PLAIN_NAME.fullmatch(self.id), "id", self.id)
        _require(self.role in get_args(Role), "role", self.role)
        _require(self.files, "files", self.id)
        _require(len({file.name.lower() for file in self.files}) == len(self.files), "files", self.id)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every model by id, and the models that each profile needs."""

    models: Mapping[str, Model]
    profiles: Mapping[str, tuple[str, ...]]

    def model(self, model_id: str) -> Model:
        """Raises ModelError when there is no such model."""
        try:
            return self.models[model_id]
        except KeyError:
            known = ", ".join(self.models)
            raise ModelError(f"models: no model is called '{model_id}'; use one of: {known}") from None

    def profile(self, name: str) -> tuple[str, ...]:
        """The ids that profile `name` needs. Raises ConfigError when there is no such profile."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join(self.profiles)
            raise ConfigError(f"models: no profile is called '{name}'; use one of: {known}") from None


def load_manifest() -> Manifest:
    """The manifest that is shipped with Jett."""
    return parse_manifest(files("jett.models").joinpath("manifest.toml").read_text(encoding="utf-8"))


def parse_manifest(text: str) -> Manifest:
    """Read a manifest in TOML. Raises ConfigError naming the first thing that is wrong."""
    try:
        table = tomllib.loads(text)
        models = [_model(entry) for entry in table["model"]]
        profiles = {name: tuple(ids) for name, ids in table.get("profiles", {}).items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as wrong:
        raise ConfigError(f"models: the manifest cannot be read: {wrong!r}; correct manifest.toml") from wrong
    by_id = {model.id: model for model in models}
    for model_id in {model_id for ids in profiles.values() for model_id in ids}:
        _require(model_id in by_id, "profile", model_id)
    return Manifest(by_id, profiles)


def _model(entry: Mapping[str, Any]) -> Model:
    words = {key: str(entry[key]) for key in ("id", "licence", "licence_note", "about", "card")}
    model_files = tuple(_file(file, entry["source"]) for file in entry["files"])
    return Model(role=entry["role"], files=model_files, **words)


def _file(file: Mapping[str, Any], sources: Iterable[Mapping[str, Any]]) -> ModelFile:
    name, size_bytes = str(file["name"]), int(file["size_bytes"])
    mine = tuple(_source(source, name, size_bytes) for source in sources if name in source.get("only", [name]))
    return ModelFile(name, size_bytes, str(file["sha256"]), mine)


def _source(source: Mapping[str, Any], name: str, size_bytes: int) -> Source:
    if source["kind"] == "hub":
        return HubSource(source["repo"], source["revision"], source["path"].replace("{name}", name))
    _require(source["kind"] in get_args(Registry), "kind", source["kind"])
    parts = source.get("parts") or [{**source, "size_bytes": size_bytes}]
    return PackageSource(source["kind"], tuple(_part(part, name) for part in parts))


def _part(part: Mapping[str, Any], name: str) -> Part:
    return Part(part["package"], part["version"], part["member"].replace("{name}", name), int(part["size_bytes"]))


def _is_inside(path: str) -> bool:
    """True for a relative path with no way out of its folder."""
    return bool(_MEMBER.fullmatch(path)) and not {"", ".", ".."} & set(path.split("/"))


def _require(good: object, key: str, value: object) -> None:
    if not good:
        raise ConfigError(f"models: '{key}' of the manifest cannot be {value!r}; correct manifest.toml")
