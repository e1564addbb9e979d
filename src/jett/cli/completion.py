"""What the shell offers after TAB where the values are a closed set. Must not fail where settings are wrong."""

from __future__ import annotations

from collections.abc import Iterable

from jett.guard import Kind
from jett.models.manifest import load_manifest
from jett.settings.profiles import PROFILES


def profiles(incomplete: str) -> list[str]:
    """Profiles of the settings."""
    return _begun(PROFILES, incomplete)


def model_ids(incomplete: str) -> list[str]:
    """Every model of the manifest."""
    return _begun(load_manifest().models, incomplete)


def language_models(incomplete: str) -> list[str]:
    """Those that answer."""
    return _begun((model.id for model in load_manifest().models.values() if model.role == "llm"), incomplete)


def voices(incomplete: str) -> list[str]:
    """Kokoro's; Piper has one."""
    files = load_manifest().model("kokoro-voices").files
    return _begun((file.name.removesuffix(".bin") for file in files), incomplete)


def identities(incomplete: str) -> list[str]:
    """Who may ask the guard."""
    return _begun((kind.value for kind in Kind), incomplete)


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
