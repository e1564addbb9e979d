"""Settings, voices and the policy."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jett.server.rest.shapes.base import Shape


class Setting(Shape):
    """One setting. The value of a secret is never given, only whether it is set."""

    key: str
    """Such as `stt.model`."""
    section: str
    type: Literal["boolean", "integer", "number", "string", "choice", "list", "table", "path", "secret"]
    description: str
    value: Any
    default: Any
    source: Literal["default", "profile", "file", "environment", "option", "dashboard"]
    source_detail: str = ""
    choices: list[str] = Field(default_factory=list)
    least: float | None = None
    most: float | None = None
    unit: str = ""
    editable: bool
    """Not where the environment or an option has the last word."""
    restart: bool
    """Whether a change counts only at the next start."""


class Settings(Shape):
    """All of them, in the order of the settings file."""

    path: str
    settings: list[Setting]
    waiting: list[str]
    """Keys changed since the start that count only at the next one."""


class ChangeSettings(Shape):
    """New values by key; null goes back to the default. All or none are taken."""

    values: Annotated[dict[str, Any], Field(min_length=1, max_length=50)]


class SettingsChanged(Shape):
    """What was written, and which of it counts only after a restart."""

    settings: list[Setting]
    restart: list[str]


class Voice(Shape):
    """A voice that can be tried."""

    backend: str
    voice: str
    label: str
    installed: bool
    current: bool


class Voices(Shape):
    """All that the backends have."""

    voices: list[Voice]


class TryVoice(Shape):
    """Speak a sentence; the answer is a WAV file."""

    backend: str
    voice: str
    text: Annotated[str, Field(min_length=1, max_length=200)] = "Hello, I am Jett."
    speed: Annotated[float, Field(ge=0.5, le=2)] = 1.0


class PolicyText(Shape):
    """The guard's policy, to read."""

    path: str
    text: str
    trouble: str
