"""A real server on a port of this machine, a real guard and real tokens behind it, and a room where nobody speaks."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import httpx

from jett.guard import AuditLog, Gate, Outcome, Permit, Policy, Record, TokenStore, Verb, parse_policy, tail
from jett.server.address import Address, listening
from jett.server.announcements import DEADLINE_S, PATH, Announcer, application
from jett.server.entrance import Entrance
from jett.server.serving import serve
from jett.session.announcements import Announcement, Announcements

POLICY = """
version = 1
[containers.n8n]
actions = ["status"]
[identities.voice]
verbs = ["status"]
[identities.token]
verbs = ["announce", "status"]
[tokens.phone]
verbs = ["status"]
"""
TEXT = "The backup has finished."


@dataclass
class QuietRoom:
    """Port Room: a real queue, emptied by the test."""

    announcements: Announcements = field(default_factory=Announcements)
    quiet: bool = True

    @property
    def would_announce(self) -> bool:
        return self.quiet and not self.announcements

    def say_next(self, *, begun: bool = True, interrupted: bool = False, error: str = "") -> Announcement:
        """As the conversation does."""
        announcement = self.announcements.take()
        announcement.begun, announcement.interrupted, announcement.error = begun, interrupted, error
        announcement.ended.set()
        return announcement


class OverheardGate(Gate):
    """A real gate; `finished` once an outcome is written."""

    def __init__(self, policy: Policy, audit: AuditLog) -> None:
        super().__init__(policy, audit)
        self.finished = anyio.Event()

    def finish(self, permit: Permit, outcome: Outcome, now: datetime) -> None:
        super().finish(permit, outcome, now)
        anyio.from_thread.run_sync(self.finished.set)


@dataclass
class Place:
    """One server, and what the test needs of it."""

    address: Address
    room: QuietRoom
    gate: OverheardGate
    tokens: TokenStore
    audit: AuditLog
    http: httpx.AsyncClient
    seconds: list[float]
    troubles: list[str] = field(default_factory=list)

    def token(self, name: str = "n8n", *verbs: Verb) -> str:
        secret, _ = self.tokens.create(name, frozenset(verbs or (Verb.ANNOUNCE,)), frozenset(), datetime.now(UTC))
        return secret

    async def post(self, secret: str, text: object = TEXT, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {secret}", **more.pop("headers", {})}
        return await self.http.post(PATH, json={"text": text}, headers=headers, **more)

    async def raw(self, request: bytes) -> bytes:
        """Bytes as they are, and all that comes back."""
        async with await anyio.connect_tcp(self.address.host, self.address.port) as stream:
            await stream.send(request)
            answer = b""
            with anyio.fail_after(10):
                while piece := await _received(stream):
                    answer += piece
        return answer

    def records(self) -> list[Record]:
        return tail(self.audit, 99)

    async def until_finished(self) -> list[Record]:
        """The records, once an outcome is among them."""
        with anyio.fail_after(10):
            await self.gate.finished.wait()
        return self.records()


async def _received(stream: anyio.abc.SocketStream) -> bytes:
    try:
        return await stream.receive()
    except anyio.EndOfStream:
        return b""


@asynccontextmanager
async def place(folder: Path, *, deadline_s: float = DEADLINE_S, policy: str = POLICY) -> AsyncGenerator[Place, None]:
    """Served until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", free.getsockname()[1])
    listener, _ = listening(address, "ops.announcements")
    audit = AuditLog(folder / "audit")
    gate, room, tokens = OverheardGate(parse_policy(policy), audit), QuietRoom(), TokenStore(folder / "tokens.json")
    seconds = [0.0]

    def now() -> datetime:
        return datetime.now(UTC)

    async with httpx.AsyncClient(base_url=f"http://{address.netloc}", trust_env=False) as http:
        made = Place(address, room, gate, tokens, audit, http, seconds)
        trouble = made.troubles.append
        with listener:
            async with anyio.create_task_group() as tasks:
                entrance = Entrance(address.hosts, tokens, now=now, now_s=lambda: seconds[0], trouble=trouble)
                announcer = Announcer(
                    gate, room, tasks, now=now, now_s=lambda: seconds[0], trouble=trouble, deadline_s=deadline_s
                )
                tasks.start_soon(serve, application(entrance, lambda: announcer, trouble), listener)
                yield made
                room.announcements.close()
                tasks.cancel_scope.cancel()
