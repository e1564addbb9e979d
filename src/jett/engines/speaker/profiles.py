"""The enrolled voices: one encrypted file each, of a place among voices and nothing else. No sound is ever kept.

    voices.key                32 random bytes, mode 0600, made with the first voice and deleted with the last
    voices/voice-<name>.bin   nonce, then AES-256-GCM of the model's name and float32 numbers; bound to the name

What the key beside the files protects against, and what not: docs/privacy.md. Blocking; called by `jett voice` and by
whoever loads the verifier.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock

from jett.core.errors import VoiceProfileError
from jett.core.ports import VoicePlace
from jett.guard.files import make_private_folder, sync_folder, write_atomically

MOST_PROFILES = 16
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_NONCE_BYTES, _KEY_BYTES, _OTHERS = 12, 32, 0o077
_PREFIX, _SUFFIX = "voice-", ".bin"


class VoiceProfiles:
    """Whose voices are enrolled. Several processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not be there; the key lies beside it."""
        self._folder = folder
        self._key_file = folder.with_name(f"{folder.name}.key")

    def names(self) -> list[str]:
        """In order; the files are not opened."""
        found = (path.name for path in self._folder.glob(f"{_PREFIX}*{_SUFFIX}"))
        names = (name.removeprefix(_PREFIX).removesuffix(_SUFFIX) for name in found)
        return sorted(name for name in names if NAME.fullmatch(name))

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Other than before once a voice was added, changed or deleted; the files are not opened."""
        found = []
        for name in self.names():
            with suppress(FileNotFoundError):  # deleted right now
                about = self._file(name).stat()
                found.append((name, about.st_mtime_ns, about.st_size))
        return tuple(found)

    def check_new(self, name: str) -> None:
        """Raises VoiceProfileError where nobody can be enrolled under this name."""
        if not NAME.fullmatch(name):
            raise VoiceProfileError(
                f"voice: {name[:40]!r} is no possible name; use 1 to 32 of a-z, 0-9, _ and -, a letter first"
            )
        names = self.names()
        if name in names:
            raise VoiceProfileError(
                f"voice: '{name}' is enrolled already; take another name, or first: jett voice delete {name}"
            )
        if len(names) >= MOST_PROFILES:
            raise VoiceProfileError(
                f"voice: {len(names)} voices are enrolled, at most {MOST_PROFILES}; see: jett voice list"
            )

    def add(self, name: str, place: VoicePlace, model: str) -> None:
        """Keep it. Raises VoiceProfileError where the name is taken or no name, or the disk does not take it."""
        with self._changing():
            self.check_new(name)
            nonce = secrets.token_bytes(_NONCE_BYTES)
            plain = b"\0".join((model.encode(), place.astype("<f4").tobytes()))
            write_atomically(self._file(name), nonce + AESGCM(self._key(make=True)).encrypt(nonce, plain, _bound(name)))

    def load(self, model: str, dimensions: int) -> Mapping[str, VoicePlace]:
        """Every voice by name. Raises VoiceProfileError where one cannot be read, or is of another model."""
        return {name: self._read(name, model, dimensions) for name in self.names()}

    def delete(self, name: str) -> None:
        """Overwrite it and take it away, and with the last one the key. Raises VoiceProfileError for nobody."""
        with self._changing():
            if name not in self.names():
                raise VoiceProfileError(f"voice: nobody is enrolled as '{name[:40]}'; see: jett voice list")
            _wipe(self._file(name))
            if not self.names() and self._key_file.exists():
                _wipe(self._key_file)

    def _read(self, name: str, model: str, dimensions: int) -> VoicePlace:
        wrong = f"voice: what is kept of '{name}' %s; run: jett voice delete {name}, and enrol it again"
        try:
            sealed = self._file(name).read_bytes()
            plain = AESGCM(self._key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(name))
        except OSError as error:
            raise VoiceProfileError(wrong % f"cannot be read ({error.strerror})") from error
        except (InvalidTag, ValueError) as error:
            raise VoiceProfileError(wrong % "is damaged, or of another key") from error
        of, _, numbers = plain.partition(b"\0")
        if of.decode(errors="replace") != model or len(numbers) != 4 * dimensions:
            raise VoiceProfileError(wrong % "is of another model")
        return np.frombuffer(numbers, "<f4").astype(np.float32)

    def _key(self, *, make: bool = False) -> bytes:
        if make and not self._key_file.exists():
            if self.names():
                raise VoiceProfileError(
                    f"voice: the key '{self._key_file}' is gone, so the enrolled voices cannot be read; "
                    "run: jett voice delete NAME for each, or put the key back"
                )
            write_atomically(self._key_file, secrets.token_bytes(_KEY_BYTES))
        with self._key_file.open("rb") as file:
            mode, key = os.fstat(file.fileno()).st_mode, file.read(_KEY_BYTES + 1)
        if os.name == "posix" and mode & _OTHERS:
            raise VoiceProfileError(
                f"voice: '{self._key_file}' is open to others (mode {mode & 0o777:04o}); run: chmod 600 "
                f"{self._key_file}"
            )
        if len(key) != _KEY_BYTES:
            raise VoiceProfileError(
                f"voice: '{self._key_file}' is damaged ({len(key)} bytes, not {_KEY_BYTES}); put the key back, or "
                "run: jett voice delete NAME for each, and delete it"
            )
        return key

    def _file(self, name: str) -> Path:
        return self._folder / f"{_PREFIX}{name}{_SUFFIX}"

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One process at a time; a disk that refuses is told."""
        try:
            make_private_folder(self._folder)
            with FileLock(self._folder / "lock"):
                yield
        except OSError as error:
            raise VoiceProfileError(
                f"voice: '{self._folder}' cannot be changed ({error.strerror}); correct its mode, or make room"
            ) from error


def _bound(name: str) -> bytes:
    """So that nobody's file can be taken for somebody else's."""
    return f"jett voice 1 {name}".encode()


def _wipe(path: Path) -> None:
    """Overwritten in place before it goes; what a solid-state disk keeps of it is beyond any program."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)
