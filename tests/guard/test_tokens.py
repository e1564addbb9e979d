"""API tokens: shown once, kept as hashes, good for little and not for ever."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from filelock import FileLock

from jett.core.errors import TokenError
from jett.guard import Identity, Kind, Scope, TokenStore, Verb, redact
from tests.guard.support import START, at

READ = frozenset({Verb.STATUS, Verb.LIST})
N8N = frozenset({"n8n"})


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "jett" / "tokens.json")


def test_a_token_is_shown_once_and_kept_as_its_hash(store: TokenStore, tmp_path: Path) -> None:
    """256 bits; the file has the hash and is its owner's."""
    secret, token = store.create("phone", READ, N8N, START)
    path = tmp_path / "jett" / "tokens.json"
    content = path.read_text(encoding="utf-8")
    assert secret.startswith("jett_")
    assert len(secret) == len("jett_") + 43
    assert secret not in content
    assert token.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert token.sha256 in content
    assert path.stat().st_mode & 0o777 == 0o600
    assert store.tokens() == [token]
    assert (token.verbs, token.targets) == ((Verb.LIST, Verb.STATUS), ("n8n",))
    assert secret not in redact(f"the token {secret} was made")


def test_a_secret_tells_who_it_is(store: TokenStore) -> None:
    """With the scope it was made for, and nobody else's."""
    secret, _ = store.create("phone", READ, N8N, START)
    other, _ = store.create("desk", frozenset({Verb.RESTART}), frozenset(), START)
    assert store.identify(secret, START) == Identity(Kind.TOKEN, "phone", Scope(READ, N8N))
    assert store.identify(other, START) == Identity(Kind.TOKEN, "desk", Scope(frozenset({Verb.RESTART}), frozenset()))


def test_a_token_to_talk_needs_no_verb(store: TokenStore) -> None:
    """And one that was made before there was such a thing does not talk."""
    secret, _ = store.create("satellite", frozenset(), frozenset(), START, talk=True)
    found = store.identify(secret, START)
    assert found == Identity(Kind.TOKEN, "satellite", Scope(frozenset(), frozenset(), talk=True))
    older = json.dumps([{**GOOD, "sha256": hashlib.sha256(b"jett_x").hexdigest()}])
    (store._path).write_text(older, encoding="utf-8")
    identity = store.identify("jett_x", START)
    assert identity is not None
    assert identity.scope is not None
    assert identity.scope.talk is False


@pytest.mark.parametrize("wrong", ["", "jett_", "phone", "JETT_", "\ud800", "é", "x" * 100_000])
def test_another_secret_is_nobodys(store: TokenStore, wrong: str) -> None:
    """Whatever it is made of."""
    assert store.identify(wrong, START) is None
    secret, token = store.create("phone", READ, N8N, START)
    for guess in (wrong, secret[:-1], secret + " ", secret.swapcase(), token.sha256):
        assert store.identify(guess, START) is None


def test_a_revoked_token_is_nobodys_for_ever(store: TokenStore) -> None:
    """Its name stays taken; revoking twice is no mistake."""
    secret, _ = store.create("phone", READ, N8N, START)
    kept, _ = store.create("desk", READ, N8N, START)
    revoked = store.revoke("phone", at(5))
    assert revoked.revoked_ms == int(at(5).timestamp() * 1000)
    assert store.identify(secret, at(6)) is store.identify(secret, at(1)) is None
    assert store.identify(kept, at(6)) is not None
    assert store.revoke("phone", at(9)) == revoked == store.tokens()[0]
    with pytest.raises(TokenError, match="there is or was a token phone; choose another name"):
        store.create("phone", READ, N8N, at(10))
    with pytest.raises(TokenError, match="there is no token 'none'; `jett token list` shows them"):
        store.revoke("none", START)


@pytest.mark.parametrize(("later_s", "good"), [(-1, False), (0, True), (59.999, True), (60, False)])
def test_a_token_ends_when_it_was_to_end(store: TokenStore, later_s: float, good: bool) -> None:
    """And is not good before it was made, by a clock set back."""
    secret, _ = store.create("phone", READ, N8N, START, expires=at(60))
    assert (store.identify(secret, at(later_s)) is not None) is good


def test_mistakes_in_making_one_are_told(store: TokenStore) -> None:
    """No name, no verb, no such target, no time left."""
    for name in ("", "a b", "../x", "оwner", "a" * 65):
        with pytest.raises(TokenError, match="is no name; it must match"):
            store.create(name, READ, N8N, START)
    for verbs, targets in ((frozenset[Verb](), N8N), (READ, frozenset({"n8n/../x"}))):
        with pytest.raises(TokenError, match="needs a verb, or to talk, and names of containers"):
            store.create("x", verbs, targets, START)
    with pytest.raises(TokenError, match="would have expired already; give a later time"):
        store.create("x", READ, N8N, START, expires=START)
    assert store.tokens() == []


def test_there_is_a_limit(store: TokenStore) -> None:
    """A hundred, so that identifying stays quick."""
    first, token = store.create("t", READ, N8N, START)
    assert first
    store._write([token] * 100)
    with pytest.raises(TokenError, match="there are 100 tokens already; take some out of"):
        store.create("x", READ, N8N, START)
    store._write([token] * 99)
    store.create("x", READ, N8N, START)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_may_touch_is_refused(store: TokenStore, tmp_path: Path, mode: int) -> None:
    """Nobody is let in by it, and the fix is told."""
    secret, _ = store.create("phone", READ, N8N, START)
    (tmp_path / "jett" / "tokens.json").chmod(mode)
    with pytest.raises(TokenError, match=r"others may read or write .* run chmod 600 on it"):
        store.identify(secret, START)


GOOD = {
    "name": "a", "sha256": "0", "verbs": ["status"], "targets": ["n8n"],
    "created_ms": 1, "expires_ms": 0, "revoked_ms": 0,
}  # fmt: skip
DAMAGES = [
    "", "{}x", "5", "null", "[1]", "[{}]",
    *(json.dumps([{**GOOD, **wrong}]) for wrong in (
        {"verbs": ["exec"]}, {"verbs": "status"}, {"targets": "n8n"}, {"targets": [1]}, {"name": 1}, {"sha256": None},
        {"created_ms": "1"}, {"expires_ms": True}, {"revoked_ms": 0.5}, {"admin": True}, {"talk": 1}, {"talk": "yes"},
    )),
]  # fmt: skip


@pytest.mark.parametrize("content", DAMAGES)
def test_a_damaged_file_lets_nobody_in(store: TokenStore, tmp_path: Path, content: str) -> None:
    """It is told, not taken for an empty one."""
    store.create("phone", READ, N8N, START)
    (tmp_path / "jett" / "tokens.json").write_text(content, encoding="utf-8")
    with pytest.raises(TokenError, match="is damaged; restore it, or move it away"):
        store.identify("x", START)


def test_a_file_out_of_reach_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not readable, not lockable, not writable; a failed write leaves nothing behind."""
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(TokenError, match=r"cannot be read \(Is a directory\)"):
        TokenStore(tmp_path / "folder").tokens()
    (tmp_path / "file").touch()
    with pytest.raises(TokenError, match="cannot be locked"):
        TokenStore(tmp_path / "file" / "tokens.json").create("x", READ, N8N, START)
    monkeypatch.setattr("jett.guard.tokens.LOCK_TIMEOUT_S", 0)
    with FileLock(tmp_path / "tokens.lock"), pytest.raises(TokenError, match="cannot be locked"):
        TokenStore(tmp_path / "tokens.json").create("x", READ, N8N, START)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = TokenStore(tmp_path / "new" / "tokens.json")
    store.create("a", READ, N8N, START)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(TokenError, match=r"cannot be written \(No space left on device\); make room"):
            store.create("b", READ, N8N, START)
    assert [token.name for token in store.tokens()] == ["a"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["tokens.json", "tokens.lock"]
