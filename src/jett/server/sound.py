"""What the protocols need of sound beyond the engines: files read, rates changed, formats written. `app` gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from jett.core.audio import Samples

ReadAudio = Callable[[Path], Iterator[Samples]]
"""A file as blocks of 16 kHz mono; blocking. Raises AudioError."""


class Resampler(Protocol):
    """From one rate to another, in pieces."""

    def push(self, samples: Samples) -> Samples:
        """What can be told of it so far."""

    def finish(self) -> Samples:
        """The rest."""


MakeResampler = Callable[[int, int], Resampler]
"""From and to, in Hz. Raises AudioError for a rate that is none."""


class Encoder(Protocol):
    """Sound to the bytes of a file, in pieces."""

    def feed(self, samples: Samples) -> bytes:
        """What can be sent of it already."""

    def finish(self) -> bytes:
        """The rest."""


MakeEncoder = Callable[[str, int], Encoder]
"""Of a format such as `mp3`, and a rate in Hz."""
