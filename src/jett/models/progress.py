"""What a pull reports while it works: past-tense events for a callback. No printing; the command line draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullStarted:
    """A model is about to be fetched; `missing_bytes` is what the store lacks of it, unpacked."""

    model_id: str
    missing_bytes: int


@dataclass(frozen=True, slots=True)
class WaitedForAnother:
    """Another process is pulling into this store; this one goes on when that one is done."""

    model_id: str


@dataclass(frozen=True, slots=True)
class SourceTried:
    """A source is being asked for `name`."""

    model_id: str
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class BytesReceived:
    """`done_bytes` of `total_bytes` of one download are on disk; the total is None where the server does not say."""

    model_id: str
    name: str
    """What is downloaded: a file of the model, or the package that carries it."""
    done_bytes: int
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class SourceGaveUp:
    """A source could not give a right file; the next one is tried."""

    model_id: str
    name: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileStored:
    """A file was verified by digest and is visible."""

    model_id: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ModelReady:
    """Every file of the model is here and verified; `fetched_bytes` is 0 when nothing had to be fetched."""

    model_id: str
    fetched_bytes: int


PullEvent = PullStarted | WaitedForAnother | SourceTried | BytesReceived | SourceGaveUp | FileStored | ModelReady
OnPullEvent = Callable[[PullEvent], None]


def unheard(event: PullEvent) -> None:
    """The callback of who does not care."""
