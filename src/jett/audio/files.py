"""Audio files: anything libsndfile reads (WAV, FLAC, OGG, MP3 …) to 16 kHz mono int16, and WAV written whole.

Reading streams, so that a three-hour file needs no more memory than a short one. Called by `FileDuplex`, `jett
transcribe`, `jett say` and the benchmarks.
"""

from __future__ import annotations

import io
import secrets
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
import soundfile

from jett.audio.resample import FileResampler
from jett.audio.wav_header import cut_short
from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_int16
from jett.core.errors import AudioError

_RATES_HZ = (4_000, 384_000)
_MAX_CHANNELS = 32
_BLOCK_S = 1.0
_FIX = "give a WAV, FLAC, OGG or MP3 file with sound in it"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A whole file in memory, such as one that came through a pipe; `name` is for messages."""

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name


Source = Path | str | HeldFile


def held(path: Path) -> Source:
    """`path`, or all that it gives where it can be read only once: a FIFO, `<(…)`, `/dev/stdin` behind a pipe.

    What cannot be opened is given back as it is, and refused by whoever reads it. Raises AudioError for a terminal.
    """
    try:
        with path.open("rb") as file:
            if file.isatty():
                raise AudioError(f"audio: {str(path)!r} is a terminal, need a recording; {_FIX}")
            return path if file.seekable() else HeldFile(str(path), file.read())
    except OSError:
        return path


def read_audio(path: Source) -> Samples:
    """The whole file as 16 kHz mono, shape (n,). Raises AudioError; `stream_audio` spares memory."""
    return np.concatenate(list(stream_audio(path)))


def stream_audio(path: Source, *, block_s: float = _BLOCK_S) -> Iterator[Samples]:
    """The file as 16 kHz mono, in order, blocks of about `block_s` seconds, stereo mixed down. Raises AudioError."""
    with _opened(path) as sound, _decoding(path):
        resampler = FileResampler(sound.samplerate, SAMPLE_RATE_HZ)
        given = 0
        for block in sound.blocks(max(1, int(block_s * sound.samplerate)), dtype="float32", always_2d=True):
            chunk = resampler.push(_mixed_down(block))
            given += chunk.size
            yield chunk
        rest = resampler.finish()
        if given + rest.size == 0:
            raise AudioError(f"audio: {str(path)!r} holds 0 samples; {_FIX}")
        yield rest


def audio_seconds(path: Source) -> float:
    """Length as the file's header says it, or less where it is cut short. Raises AudioError."""
    with _opened(path) as sound:
        return float(sound.frames) / float(sound.samplerate)


def audio_warnings(path: Source) -> list[str]:
    """What is wrong with a file that can be used all the same; nothing where it cannot even be opened."""
    try:
        with _file(path) as file:
            cut = cut_short(file)
    except OSError:
        return []
    if cut is None:
        return []
    per_s = cut.bytes_per_s
    times = f" ({cut.held_bytes / per_s:.1f} of {cut.promised_bytes / per_s:.1f} s)" if per_s else ""
    held = f"{cut.held_bytes} of the {cut.promised_bytes} bytes of sound that its header promises{times}"
    return [f"audio: {str(path)!r} is cut short: it holds {held}; what is there is used"]


def check_wav_target(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse, before any work, a place where `write_wav` would fail or replace one of `inputs`. Raises AudioError."""
    if any(path.exists() and file.exists() and path.samefile(file) for file in inputs):
        raise AudioError(f"audio: {str(path)!r} is also an input, and would be overwritten; choose another place")
    if str(path) == "-":
        raise AudioError("audio: sound is not written to standard output ('-'); name a file, such as reply.wav")
    if path.is_dir():
        raise AudioError(f"audio: cannot write {str(path)!r}: it is a folder; choose another place")
    if not path.parent.is_dir():
        raise AudioError(f"audio: cannot write {str(path)!r}: no folder {str(path.parent)!r}; choose another place")
    if path.suffix.lower() != ".wav":
        raise AudioError(
            f"audio: cannot write {str(path)!r}: what is written is WAV; name it {path.with_suffix('.wav')}"
        )
    with _partial(path):
        pass


def write_wav(path: Path | str, samples: Samples, rate_hz: int) -> None:
    """Write mono int16 `samples` as WAV: the whole file or nothing. Raises AudioError (disk full, no such folder)."""
    with _partial(Path(path)) as (file, finish):
        _write_frames(file, samples, rate_hz)
        file.close()
        finish()


def wav_bytes(samples: Samples, rate_hz: int) -> bytes:
    """Mono int16 `samples` as a WAV file in memory."""
    file = io.BytesIO()
    _write_frames(file, samples, rate_hz)
    return file.getvalue()


@contextmanager
def _partial(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], object]]]:
    """A file beside `path`, and what puts it there once it is complete; else it is gone. Raises AudioError."""
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise AudioError(f"audio: {str(path)!r} is no file that can be replaced; name a new one, such as reply.wav")
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            yield file, lambda: partial.replace(target)
    except (OSError, wave.Error) as error:
        raise AudioError(f"audio: cannot write {str(path)!r}: {_reason(error)}; choose another place") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _write_frames(file: IO[bytes], samples: Samples, rate_hz: int) -> None:
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.setnframes(samples.size)
        sound.writeframesraw(samples.astype("<i2", copy=False).tobytes())


@contextmanager
def _opened(path: Source) -> Iterator[Any]:
    """An open sound file, checked. Given as a stream: by name libsndfile would believe endings such as `.raw`."""
    if not isinstance(path, HeldFile) and Path(path).is_dir():
        raise AudioError(f"audio: {str(path)!r} is a folder; {_FIX}")
    try:
        file = _file(path)
    except OSError as error:
        raise AudioError(f"audio: cannot read {str(path)!r}: {_reason(error)}; {_FIX}") from error
    with file:
        if not file.read(1):
            raise AudioError(f"audio: {str(path)!r} is empty, 0 bytes; {_FIX}")
        file.seek(0)
        with _decoding(path):
            sound = soundfile.SoundFile(_Nameless(file))
        with sound:
            _check(path, sound)
            yield sound


def _file(path: Source) -> BinaryIO:
    """Open where one can go back, which headers need; what comes only once is read whole."""
    if isinstance(path, HeldFile):
        return io.BytesIO(path.content)
    file = cast(BinaryIO, Path(path).open("rb"))  # noqa: SIM115 - the caller closes it
    if file.seekable():
        return file
    with file:
        return io.BytesIO(file.read())


@contextmanager
def _decoding(path: Source) -> Iterator[None]:
    try:
        yield
    except (soundfile.SoundFileError, OSError, EOFError) as error:
        raise AudioError(f"audio: {str(path)!r} is not sound that can be decoded ({_reason(error)}); {_FIX}") from error


def _check(path: Source, sound: Any) -> None:
    low, high = _RATES_HZ
    if not low <= sound.samplerate <= high:
        raise AudioError(f"audio: {str(path)!r} has {sound.samplerate} Hz, allowed {low} to {high} Hz; resample it")
    if sound.channels > _MAX_CHANNELS:
        raise AudioError(f"audio: {str(path)!r} has {sound.channels} channels, allowed {_MAX_CHANNELS}; mix it down")


def _mixed_down(block: np.ndarray[Any, Any]) -> Samples:
    """Float frames, shape (n, channels), to mono int16; not-a-number is silence."""
    return to_int16(np.nan_to_num(block.mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0))


def _reason(error: BaseException) -> str:
    """What libsndfile or the system says, in few words; libsndfile's own text alone, since we hide the name from it."""
    said = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
    return (said.splitlines() or [""])[0].rstrip(".") or type(error).__name__


class _Nameless:
    """A binary file without its name."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.readinto = file.readinto  # type: ignore[attr-defined]
