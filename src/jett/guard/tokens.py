"""API tokens: made once, shown once, kept as a hash, for some verbs and targets, until they expire or are revoked.

The secret is 256 random bits, so nobody can guess it from its hash and plain SHA-256 is right; slow password hashes
protect short secrets that people choose. The file is readable by its owner only and replaced as a whole.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from jett.core.errors import TokenError
from jett.guard.audit_record import ms_of
from jett.guard.files import make_private_folder, write_atomically
from jett.guard.identity import IDENTITY_NAME, Identity, Kind, Scope
from jett.guard.request import NAME, Verb

PREFIX = "jett_"
MAX_TOKENS = 100
LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret. Times in ms since 1970; `expires_ms` and `revoked_ms` are 0 for never."""

    name: str
    sha256: str
    verbs: tuple[Verb, ...]
    targets: tuple[str, ...]
    created_ms: int
    expires_ms: int = 0
    revoked_ms: int = 0
    talk: bool = False

    def good(self, now_ms: int) -> bool:
        """Whether it may be used. A clock set back to before it was made lets nobody in."""
        return not self.revoked_ms and self.created_ms <= now_ms and (not self.expires_ms or now_ms < self.expires_ms)

    @property
    def identity(self) -> Identity:
        """Who its holder is to the gate."""
        return Identity(Kind.TOKEN, self.name, Scope(frozenset(self.verbs), frozenset(self.targets), self.talk))


class TokenStore:
    """The tokens of one file. Blocking; safe to use from several processes. Every method raises TokenError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(
        self,
        name: str,
        verbs: frozenset[Verb],
        targets: frozenset[str],
        now: datetime,
        expires: datetime | None = None,
        *,
        talk: bool = False,
    ) -> tuple[str, Token]:
        """A new token and its secret, which is nowhere else. A name is used once, so that the audit log is clear."""
        if not IDENTITY_NAME.fullmatch(name):
            raise TokenError(f"tokens: {name!r} is no name; it must match {IDENTITY_NAME.pattern}")
        if not (verbs or talk) or not all(map(NAME.fullmatch, targets)):
            raise TokenError("tokens: a token needs a verb, or to talk, and names of containers or workflows")
        if expires is not None and expires <= now:
            raise TokenError("tokens: the token would have expired already; give a later time")
        secret = PREFIX + secrets.token_urlsafe(32)
        token = Token(
            name,
            _hash_of(secret),
            tuple(sorted(verbs)),
            tuple(sorted(targets)),
            ms_of(now),
            ms_of(expires) if expires else 0,
            talk=talk,
        )
        with self._locked():
            tokens = self.tokens()
            if any(known.name == name for known in tokens):
                raise TokenError(f"tokens: there is or was a token {name}; choose another name")
            if len(tokens) >= MAX_TOKENS:
                raise TokenError(f"tokens: there are {MAX_TOKENS} tokens already; take some out of {self._path}")
            self._write([*tokens, token])
        return secret, token

    def tokens(self) -> list[Token]:
        """All tokens, revoked and expired ones too, oldest first; none when there is no file."""
        try:
            if self._path.stat().st_mode & 0o077:
                raise TokenError(f"tokens: others may read or write {self._path}; run chmod 600 on it")
            found = json.loads(self._path.read_bytes())
            return [_token_of(entry) for entry in found]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as error:
            raise TokenError(
                f"tokens: {self._path} is damaged; restore it, or move it away and make new tokens"
            ) from error
        except OSError as error:
            raise TokenError(f"tokens: {self._path} cannot be read ({error.strerror}); correct its mode") from error

    def revoke(self, name: str, now: datetime) -> Token:
        """The token, which is good for nothing from now on; revoking again changes nothing."""
        with self._locked():
            tokens = self.tokens()
            for at, token in enumerate(tokens):
                if token.name == name:
                    tokens[at] = token = token if token.revoked_ms else replace(token, revoked_ms=max(ms_of(now), 1))
                    self._write(tokens)
                    return token
        raise TokenError(f"tokens: there is no token {name!r}; `jett token list` shows them")

    def identify(self, secret: str, now: datetime) -> Identity | None:
        """Whose secret it is, None if nobody's. Compares with every token in constant time."""
        found = None
        wanted = _hash_of(secret)
        for token in self.tokens():
            if hmac.compare_digest(token.sha256, wanted) and token.good(ms_of(now)):
                found = token.identity
        return found

    def _write(self, tokens: list[Token]) -> None:
        try:
            write_atomically(self._path, json.dumps([asdict(token) for token in tokens], indent=1).encode() + b"\n")
        except OSError as error:
            raise TokenError(f"tokens: {self._path} cannot be written ({error.strerror}); make room") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            make_private_folder(self._path.parent)
            lock = FileLock(self._path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S, mode=0o600)
            lock.acquire()
        except (OSError, Timeout) as error:
            raise TokenError(f"tokens: {self._path.parent} cannot be locked ({error}); correct its mode") from error
        try:
            yield
        finally:
            lock.release()


def _token_of(entry: dict[str, object]) -> Token:
    texts = [entry["name"], entry["sha256"]]
    times = [entry["created_ms"], entry["expires_ms"], entry["revoked_ms"]]
    verbs, targets, talk = entry["verbs"], entry["targets"], entry.get("talk", False)
    if not isinstance(verbs, list) or not isinstance(targets, list):
        raise TypeError("verbs and targets are lists")
    if not all(type(text) is str for text in [*texts, *targets]) or not all(type(time) is int for time in times):
        raise TypeError("a field of another type")
    if type(talk) is not bool:
        raise TypeError("a field of another type")
    return Token(**{**entry, "verbs": tuple(map(Verb, verbs)), "targets": tuple(targets)})  # type: ignore[arg-type]


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
