"""Browsers that the owner let in: one-time links, and the sessions that they become. What they may do is the guard's.

    terminal: link() ─► http://…/login?code=… ─► enter(code) ─► cookie's secret ─► who(secret), until it ends or leaves

Links and sessions are 256 random bits, kept as SHA-256 (see `guard.tokens` for why that is right) in one file that is
its owner's alone, so that another process can make a link for a server that runs, and a restart signs nobody out.
Blocking: call it in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from jett.core.errors import SessionError

LOGIN = "/login"
"""The path of a link."""
LINK_GOOD_FOR = timedelta(minutes=10)
MOST_LINKS = 10
MOST_SESSIONS = 50
"""The oldest make room: nobody has so many browsers."""
_LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One browser that is let in. `csrf` is what its pages must show beside the cookie, which pages cannot read."""

    csrf: str
    ends_ms: int


@dataclass(slots=True)
class _Book:
    """Hashes, and when they end in ms since 1970."""

    links: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)

    def forget_old(self, now_ms: int) -> None:
        self.links = {each: ends for each, ends in self.links.items() if ends > now_ms}
        self.sessions = {each: ends for each, ends in self.sessions.items() if ends > now_ms}


class BrowserSessions:
    """The sessions of one file; safe to use from several processes. Every method raises SessionError."""

    def __init__(self, path: Path, *, session_days: int) -> None:
        self._path = path
        self._lasts = timedelta(days=session_days)

    def link(self, now: datetime) -> str:
        """A code that lets one browser in, once, within ten minutes."""
        code = secrets.token_urlsafe(32)
        with self._changing(now) as book:
            book.links[_hash_of(code)] = _ms(now + LINK_GOOD_FOR)
            _keep_newest(book.links, MOST_LINKS)
        return code

    def enter(self, code: str, now: datetime) -> str | None:
        """The secret of a new session for a good code, which is used up; None for any other."""
        with self._changing(now) as book:
            if book.links.pop(_found(code, book.links), None) is None:
                return None
            secret = secrets.token_urlsafe(32)
            book.sessions[_hash_of(secret)] = _ms(now + self._lasts)
            _keep_newest(book.sessions, MOST_SESSIONS)
            return secret

    def who(self, secret: str, now: datetime) -> BrowserSession | None:
        """The session of that secret, None if there is none or it has ended."""
        sessions = self._read().sessions
        ends_ms = sessions.get(_found(secret, sessions), 0)
        return BrowserSession(_csrf_of(secret), ends_ms) if ends_ms > _ms(now) else None

    def leave(self, secret: str, now: datetime) -> None:
        """End that session, if there is one."""
        with self._changing(now) as book:
            book.sessions.pop(_found(secret, book.sessions), None)

    def leave_all(self, now: datetime) -> int:
        """End every session and void every link; how many sessions there were."""
        with self._changing(now) as book:
            count = len(book.sessions)
            book.sessions.clear()
            book.links.clear()
            return count

    @contextmanager
    def _changing(self, now: datetime) -> Iterator[_Book]:
        with self._locked():
            book = self._read()
            book.forget_old(_ms(now))
            yield book
            self._write(book)

    def _read(self) -> _Book:
        try:
            if self._path.stat().st_mode & 0o077:
                raise SessionError(f"sessions: others may read or write {self._path}; run chmod 600 on it")
            return _book_of(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return _Book()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SessionError(f"sessions: {self._path} is damaged; move it away, and open a new link") from error
        except OSError as error:
            raise SessionError(f"sessions: {self._path} cannot be read ({error.strerror}); correct its mode") from error

    def _write(self, book: _Book) -> None:
        try:
            _replace(self._path, json.dumps(asdict(book), indent=1).encode() + b"\n")
        except OSError as error:
            raise SessionError(f"sessions: {self._path} cannot be written ({error.strerror}); make room") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S, mode=0o600)
            lock.acquire()
        except (OSError, Timeout) as error:
            raise SessionError(f"sessions: {self._path.parent} cannot be locked ({error}); correct its mode") from error
        try:
            yield
        finally:
            lock.release()


def _replace(path: Path, content: bytes) -> None:
    """As a whole or not at all, mode 0600. A session that a power cut loses is only a new link."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _book_of(read: dict[str, dict[str, int]]) -> _Book:
    links, sessions = dict(read["links"]), dict(read["sessions"])
    if not all(type(ends) is int for ends in [*links.values(), *sessions.values()]):
        raise TypeError("a time of another type")
    return _Book(links, sessions)


def _found(secret: str, kept: dict[str, int]) -> str:
    """The hash of `secret` if it is kept, compared in constant time with each; else one that never is."""
    wanted = _hash_of(secret)
    found = ""
    for each in kept:
        if hmac.compare_digest(each, wanted):
            found = each
    return found


def _keep_newest(kept: dict[str, int], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _csrf_of(secret: str) -> str:
    """Follows from the cookie's secret, so nothing more is kept; the secret does not follow from it."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"jett csrf", hashlib.sha256).hexdigest()


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
