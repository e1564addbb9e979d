"""Wake words: the heads there are, and what the meter sends."""

from __future__ import annotations

from typing import Literal

from jett.server.rest.shapes.base import Shape


class WakeHead(Shape):
    """A head that `wake.words` can name."""

    name: str
    phrase: str
    """What is said to it; where the file does not tell, its name in words."""
    origin: Literal["file", "own", "shipped", "stock"]
    licence: str
    state: Literal["ready", "missing", "damaged"]
    detail: str
    """How a missing one is fetched, or what is wrong with a damaged one."""
    threshold: float | None
    """Its own, at sensitivity 0.5; null where it cannot be loaded."""
    patience: int | None
    """Frames of 80 ms in a row that must reach the threshold."""
    chosen: bool


class WakeWords(Shape):
    """All heads, and whether Jett sleeps until it is called, as the settings file has it now."""

    enabled: bool
    heads: list[WakeHead]


class MeterName(Shape):
    """What one column of the meter's scores is of."""

    name: str
    threshold: float
    """At the sensitivity of now."""


class MeterReady(Shape):
    """The first event of `/api/wake/meter`, and again after each change of the sensitivity."""

    type: Literal["ready"] = "ready"
    frame_ms: int
    names: list[MeterName]


class MeterScores(Shape):
    """One frame of sound."""

    type: Literal["scores"] = "scores"
    at_ms: int
    """The frame's end, from the first sample on."""
    scores: list[float]
    """Of each name, 0 to 1."""
    woken: str
    """Who would have been called here; empty for nobody."""


class MeterEnded(Shape):
    """Why the meter stops; the connection is closed after it."""

    type: Literal["ended"] = "ended"
    what: str
    fix: str


class MeterSensitivity(Shape):
    """From the browser, as text: go by this one from the next frame on."""

    sensitivity: float
