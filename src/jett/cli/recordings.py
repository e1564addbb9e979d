"""Keeps the sound of each turn as WAV files, and only where the owner asked for it (`privacy.keep_recordings`).

Two files a turn, in a folder of one's own: `…-heard.wav` (16 kHz, after no processing) and `…-said.wav`. Wraps the
microphone and the speaker of one conversation; without the setting it wraps nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import numpy as np

from jett.app.history import recordings_folder
from jett.audio.files import check_wav_target, write_wav
from jett.audio.recording import Recording
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError
from jett.core.events import FellAsleep, SessionEvent, StateChanged, WakeRejected
from jett.core.ports import Gathers, Microphone, Render, Rests, Speaker
from jett.history.sound_files import HEARD, SAID
from jett.settings import Settings

_BEFORE_S = 3.0
_LONGEST_S = 120.0
_GAP_S = 0.3
_AT_REST = ("idle", "asleep")


def check_folder(settings: Settings) -> None:
    """Make the folder, where recordings are to be kept, before any work. Raises AudioError when it cannot be used."""
    folder = _folder(settings)
    if folder is not None:
        _made(folder)
        check_wav_target(folder / "heard.wav")


def _folder(settings: Settings) -> Path | None:
    """Where the settings keep recordings; None where they do not."""
    if not settings.privacy.keep_recordings:
        return None
    return recordings_folder(settings)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise AudioError(
            f"audio: cannot keep recordings in {str(folder)!r}: {reason}; name another folder with --keep-recordings "
            "or privacy.recordings_dir"
        ) from error


class Keeper:
    """The recordings of one conversation; `folder` None keeps nothing.

    A folder that can no longer be written is told once by `note`; the conversation goes on without recordings.
    """

    def __init__(self, folder: Path | None, note: Callable[[str], None]) -> None:
        self._folder = folder
        self._note = note
        self._started = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
        self._heard: list[Samples] = []
        self._said: Recording | None = None
        self._rate_hz = 0
        self._busy = self._unsure = False
        self._n_turns = 0

    @classmethod
    def of(cls, settings: Settings, note: Callable[[str], None]) -> Keeper:
        """As the settings say."""
        return cls(_folder(settings), note)

    def hearing(self, microphone: Microphone) -> Microphone:
        """`microphone`, overheard."""
        return microphone if self._folder is None else _Overheard(microphone, self)

    def speaking(self, speaker: Speaker, rate_hz: int) -> Speaker:
        """`speaker`, overheard."""
        self._rate_hz = rate_hz
        return speaker if self._folder is None else _OverheardSpeaker(speaker, self)

    def observe(self, event: SessionEvent) -> list[Path]:
        """A turn is kept when the conversation comes to rest; the files that were written now."""
        if isinstance(event, WakeRejected) or (isinstance(event, FellAsleep) and self._unsure):
            self._forget()
        if self._folder is None or not isinstance(event, StateChanged):
            return []
        files: list[Path] = []
        rests = event.state in _AT_REST
        if rests and self._busy:
            try:
                files = self._write(self._folder)
            except AudioError as error:
                self._folder = None
                self._note(f"{error}; this conversation is not kept any more")
        self._busy, self._unsure = not rests, event.state == "called"
        return files

    def _forget(self) -> None:
        """Somebody else was spoken to, as far as anybody knows: that is nobody's turn."""
        self._heard, self._said, self._busy = [], None, False

    def heard(self, chunk: Samples) -> None:
        self._heard.append(chunk)
        longest = _LONGEST_S if self._busy else _BEFORE_S
        while sum(part.size for part in self._heard[1:]) > longest * SAMPLE_RATE_HZ:
            del self._heard[0]

    def said(self, block: Samples) -> None:
        """Called on the audio thread."""
        if self._said is None:
            self._said = Recording(self._rate_hz)
        self._said.add(block)

    def _write(self, folder: Path) -> list[Path]:
        _made(folder)
        self._n_turns += 1
        name = f"{self._started}-{self._n_turns:03}"  # `history.sound_files` knows them by it
        heard, self._heard = self._heard, []
        said, self._said = self._said, None
        files = [folder / f"{name}{HEARD}"]
        write_wav(files[0], np.concatenate(heard), SAMPLE_RATE_HZ)
        if said is not None:
            files.append(folder / f"{name}{SAID}")
            write_wav(files[1], said.trimmed(_GAP_S), self._rate_hz)
        return files


class _Overheard:
    """A microphone whose chunks the keeper gets too."""

    def __init__(self, microphone: Microphone, keeper: Keeper) -> None:
        self.dropped_samples = 0
        self._microphone = microphone
        self._keeper = keeper

    def gather(self, n_samples: int) -> None:
        if isinstance(self._microphone, Gathers):
            self._microphone.gather(n_samples)

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._microphone.chunks()) as chunks:
            async for chunk in chunks:
                self._keeper.heard(chunk)
                self.dropped_samples = self._microphone.dropped_samples
                yield chunk


class _OverheardSpeaker:
    """A speaker whose blocks the keeper gets too."""

    def __init__(self, speaker: Speaker, keeper: Keeper) -> None:
        self.rate_hz = speaker.rate_hz
        self._speaker = speaker
        self._keeper = keeper

    @property
    def latency_s(self) -> float:
        return self._speaker.latency_s

    def start(self, render: Render) -> None:
        def overheard(n_samples: int) -> Samples:
            block = render(n_samples)
            self._keeper.said(block)
            return block

        self._speaker.start(overheard)

    def rest(self) -> None:
        if isinstance(self._speaker, Rests):
            self._speaker.rest()

    def rouse(self) -> None:
        if isinstance(self._speaker, Rests):
            self._speaker.rouse()

    def stop(self) -> None:
        self._speaker.stop()
