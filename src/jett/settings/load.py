"""From file, environment and command line to checked settings, with the origin of each value.

Order, weakest first: schema default, profile, file, environment, override. Pure but for reading the one file:
the environment, and whether there is a GPU, are arguments. Called by `app` and `cli`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import platformdirs
from pydantic import PrivateAttr, ValidationError

from jett.core.errors import ConfigError
from jett.settings.keys import CONFIG_VARIABLE
from jett.settings.profiles import PROFILES
from jett.settings.schema import Profile, Schema
from jett.settings.sources import from_environment, from_file, from_text, known
from jett.settings.wrong import explain

Origin = Literal["default", "profile", "file", "env", "option"]


def config_path(env: Mapping[str, str]) -> Path:
    """Where the settings file is, whether it exists or not."""
    named = env.get(CONFIG_VARIABLE, "")
    return Path(named).expanduser() if named else platformdirs.user_config_path("jett", appauthor=False) / "jett.toml"


class Settings(Schema):
    """All settings, checked and frozen; `Settings()` is the plain defaults, `Settings.load()` the user's."""

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)
    _path: Path | None = PrivateAttr(default=None)

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        has_gpu: bool = False,
    ) -> Self:
        """The user's settings. `overrides` are options of a command, by dotted name, None meaning not given.

        `path` None is the usual file, which may be missing. `has_gpu` chooses the profile when nobody named one.
        Raises ConfigError.
        """
        env = os.environ if env is None else env
        file = config_path(env) if path is None else path
        must_exist = path is not None or bool(env.get(CONFIG_VARIABLE))
        return cls._layered(from_file(file, must_exist=must_exist), file, env, overrides, has_gpu=has_gpu)

    @classmethod
    def of_text(
        cls,
        text: str,
        path: Path,
        env: Mapping[str, str],
        overrides: Mapping[str, Any] | None = None,
        *,
        has_gpu: bool = False,
    ) -> Self:
        """As `load`, were `text` what the file at `path` holds. Raises ConfigError."""
        return cls._layered(from_text(text, path), path, env, overrides, has_gpu=has_gpu)

    @classmethod
    def _layered(
        cls,
        values: dict[str, Any],
        file: Path,
        env: Mapping[str, str],
        overrides: Mapping[str, Any] | None,
        *,
        has_gpu: bool,
    ) -> Self:
        options = {name: value for name, value in (overrides or {}).items() if value is not None}
        layers: dict[Origin, dict[str, Any]] = {
            "file": values,
            "env": from_environment(env),
            "option": known(options, "option"),
        }
        profile = _profile(layers, has_gpu=has_gpu)
        layers = {"profile": {"profile": profile, **PROFILES[profile]}, **layers}
        return cls._checked(layers, file)

    @classmethod
    def _checked(cls, layers: Mapping[Origin, Mapping[str, Any]], file: Path) -> Self:
        values: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        for origin, layer in layers.items():
            values |= layer
            origins |= dict.fromkeys(layer, origin)
        try:
            settings = cls.model_validate(_nested(values))
        except ValidationError as error:
            raise ConfigError(explain(error, values, origins, file)) from error
        settings._origins = origins
        settings._path = file
        return settings

    def origin(self, name: str) -> Origin:
        """Where the value of `name` (dotted) came from."""
        return self._origins.get(name, "default")

    @property
    def path(self) -> Path | None:
        """The settings file that was looked for; None when these are plain defaults."""
        return self._path

    @property
    def profile_reason(self) -> str:
        """Why this profile, in a few words."""
        origin = self.origin("profile")
        if origin == "profile":
            return "a GPU was found" if self.profile == "gpu-8gb" else "no GPU was found"
        return {"file": "set in the file", "env": "set in the environment", "option": "set by an option"}.get(
            origin, "the default"
        )

    def value(self, name: str) -> Any:
        """The value of a dotted name."""
        section, _, key = name.partition(".")
        return getattr(getattr(self, section), key) if key else getattr(self, section)


def _profile(layers: dict[Origin, dict[str, Any]], *, has_gpu: bool) -> Profile:
    """The profile somebody named, the strongest source first; else what the machine can."""
    for origin in ("option", "env", "file"):
        named = layers[origin].get("profile")
        if named is not None:
            known_one = next((profile for profile in PROFILES if profile == named), None)
            return known_one or "cpu"  # a wrong name is refused with all else that is wrong
    return "gpu-8gb" if has_gpu else "cpu"


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        section, _, key = name.partition(".")
        if key:
            tree.setdefault(section, {})[key] = value
        else:
            tree[section] = value
    return tree
