"""The servers' side: the guard, the engine's book and the operations, from the user's settings.

Opened by `open_app` for a conversation, and alone by `jett ops`. A policy with a mistake is told and allows nothing.
One that is edited is in force soon after, but for what is made from it once (docs/operations.md).
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from jett.app.record import audit_log
from jett.app.settling import keep_settled
from jett.core.errors import AuditError, ConfigError, OperationError, ungrouped
from jett.core.ports import WhoSpeaks
from jett.guard import (
    Gate,
    Identity,
    Kind,
    Permit,
    Policy,
    PolicyWatch,
    Request,
    TokenStore,
    Verb,
    absent,
    visible,
)
from jett.ops.book import ContainerBook
from jett.ops.docker_engine import DockerEngine, Tls
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_servers import McpServers, used
from jett.ops.operations import Operations, now
from jett.ops.result import Result, sentence
from jett.ops.secret_file import read_secret
from jett.ops.workflows import Workflows
from jett.settings import Settings, config_path
from jett.tools.commands import GuardedCommands, Server
from jett.tools.fast_path import FastPath
from jett.tools.model_tools import GuardedTools

_log = logging.getLogger(__name__)

OWNER = "owner"
_ONLY_SHOWS = "The dashboard only shows. To let it change things, turn on server actions in the settings file."
_LOG_CHARACTERS = 2000
"""The end of a log is what matters, and a small context holds no more."""


@dataclass(frozen=True, slots=True)
class Servers:
    """What reaches the servers, and what decides whether it may."""

    gate: Gate
    book: ContainerBook | None
    operations: Operations
    policy_file: PolicyWatch | None = None

    @property
    def trouble(self) -> str:
        """A mistake in the policy's file: nothing is allowed, or what was before it was edited."""
        return self.policy_file.trouble if self.policy_file is not None else ""

    def foreseen(self, request: Request, identity: Identity) -> str:
        """What a read would say now, from the book alone; empty where the engine must be asked."""
        if self.book is None or self.book.live_names is None:
            return ""
        if request.verb is Verb.LIST:
            names = visible(self.gate.policy, identity, self.book.live_names)
        elif request.verb is Verb.STATUS:
            names = (request.target,)
        else:
            return ""
        seen = tuple(found for found in map(self.book.seen, names) if found is not None)
        missing = absent(self.gate.policy, identity, names) if request.verb is Verb.LIST else ()
        return sentence(Result(request, "done", seen, missing=missing)) if seen else ""

    async def carry_out(self, permit: Permit) -> str:
        """Do what was permitted; the spoken outcome."""
        return sentence(await self.operations.carry_out(permit))

    async def told(self, permit: Permit) -> str:
        """Do what was permitted; what came of it, for the language model: a log's lines, not only its last."""
        result = await self.operations.carry_out(permit)
        if result.request.verb is Verb.READ_TOOL:  # its beginning matters, and it is short enough already
            return result.log or sentence(result)
        return result.log[-_LOG_CHARACTERS:] if result.log else sentence(result)

    def live_names(self) -> frozenset[str] | None:
        """As the guard wants them."""
        return None if self.book is None else self.book.live_names


def policy_path(settings: Settings) -> Path:
    """Where the policy is, or would be."""
    return settings.ops.policy or (settings.path or config_path(os.environ)).with_name("policy.toml")


def token_store(settings: Settings) -> TokenStore:
    """The API tokens' file, beside the policy."""
    return TokenStore(policy_path(settings).with_name("tokens.json"))


def owner(kind: Kind) -> Identity:
    """The one person whose machine this is, at one of its doors."""
    return Identity(kind, OWNER)


@asynccontextmanager
async def open_servers(
    settings: Settings, *, watch: bool = True, on_warning: Callable[[str], None] = _log.warning
) -> AsyncGenerator[Servers, None]:
    """Read the policy and reach for the servers; close the connections at the end. Raises ConfigError.

    `watch` keeps the book fresh by events; without it the caller looks for itself. `on_warning` is told at the end
    which place that anchors the audit log could not be kept up.
    """
    policy_file = PolicyWatch(policy_path(settings), _log.warning)
    gate = Gate(policy_file.policy, audit_log(settings), watch=policy_file)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(_close_record, gate, on_warning)
        engine = _engine(settings)
        book = None
        if engine is not None:
            closing.push_async_callback(engine.aclose)
            book = ContainerBook(engine)
        workflows = _workflows(settings)
        if workflows is not None:
            closing.push_async_callback(workflows.aclose)
        listed = used(mcp_addresses(settings), gate.policy)
        tools = McpServers(listed) if listed else None
        servers = Servers(gate, book, Operations(gate, engine, book, workflows, tools), policy_file)
        if not watch:
            yield servers
            return
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(keep_settled, gate)
                if book is not None:
                    tasks.start_soon(book.keep)
                if tools is not None:
                    tasks.start_soon(tools.keep)
                yield servers
                tasks.cancel_scope.cancel()


async def _close_record(gate: Gate, on_warning: Callable[[str], None]) -> None:
    """Questions that nobody answered and refusals that were only counted are in the record, and what was written last
    reaches its anchors, also when Ctrl-C ends it; this takes a bounded time."""
    with anyio.CancelScope(shield=True):
        try:
            await anyio.to_thread.run_sync(gate.close, now())
        except AuditError as error:
            on_warning(str(error))
        await anyio.to_thread.run_sync(gate.audit.close)
    for line in gate.audit.anchor_warning.splitlines():
        on_warning(line)


def may_change(settings: Settings, identity: Identity) -> bool:
    """Whether a conversation of this identity may ask for changes at all; what it may change then is the policy's.

    A browser's only shows until the owner turns `server.actions` on, whichever path its words take.
    """
    return identity.kind is not Kind.DASHBOARD or settings.server.actions


def commands(
    settings: Settings,
    servers: Servers,
    identity: Identity,
    tools: GuardedTools | None = None,
    *,
    conversation: str = "",
    who: WhoSpeaks | None = None,
) -> GuardedCommands:
    """One conversation's commands; `tools` are those that its language model has, in the same `conversation`."""
    understanding = partial(fast_path, settings)
    looks, unchanging = tools is not None, "" if may_change(settings, identity) else _ONLY_SHOWS
    port = server_port(servers)
    return GuardedCommands(
        understanding,
        servers.gate,
        port,
        identity,
        conversation=conversation,
        model_looks=looks,
        unchanging=unchanging,
        who=who,
    )


def model_tools(
    settings: Settings,
    servers: Servers,
    identity: Identity,
    *,
    conversation: str = "",
    who: WhoSpeaks | None = None,
) -> GuardedTools | None:
    """What the language model may use; None where it is too small to be trusted with a schema, or nothing is listed."""
    reads = identity.kind is Kind.TOKEN or not may_change(settings, identity)  # a token could not answer a question
    if not tools_wanted(settings):
        return None
    port = server_port(servers)
    tools = GuardedTools(servers.gate, port, identity, conversation=conversation, only_reads=reads, who=who)
    return tools if tools.specs() else None


def tools_wanted(settings: Settings) -> bool:
    """Whether the language model is trusted with tools at all."""
    return settings.llm.backend != "embedded" if settings.llm.tools == "auto" else settings.llm.tools == "on"


def server_port(servers: Servers) -> Server:
    """What tools and commands are lent of the servers."""
    return Server(servers.live_names, servers.carry_out, servers.told, servers.foreseen)


def fast_path(settings: Settings, policy: Policy) -> FastPath:
    """Sentences about what the policy lists."""
    return FastPath(other_names(settings, [*policy.containers]), other_names(settings, [*policy.workflows]))


def with_server_words(settings: Settings, policy: Policy) -> Settings:
    """Speech-to-text is told the names it may hear: of 60 spoken commands 57 are understood, instead of 47."""
    named = other_names(settings, [*policy.containers, *policy.workflows])
    if not named:
        return settings
    words = [word if any(map(str.isdigit, word)) else word.capitalize() for word in named]
    words += [other for others in named.values() for other in others]
    vocabulary = (*settings.stt.vocabulary, *words, "restart")
    return settings.model_copy(update={"stt": settings.stt.model_copy(update={"vocabulary": vocabulary})})


def other_names(settings: Settings, known: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Each known name with what else the owner calls it."""
    return {name: settings.ops.also_called.get(name, []) for name in known}


def _engine(settings: Settings) -> DockerEngine | None:
    ops = settings.ops
    if not ops.docker:
        return None
    tls = None
    if ops.tls_ca and ops.tls_certificate and ops.tls_key:
        tls = Tls(ops.tls_ca, ops.tls_certificate, ops.tls_key)
    return DockerEngine(ops.docker, tls=tls, timeout_s=ops.timeout_s, tunnel_hosts=ops.tunnel_hosts)


def mcp_addresses(settings: Settings) -> list[McpAddress]:
    """The MCP servers that are set, in order of their names."""
    return [
        McpAddress(name, tuple(one.command), tuple(one.env), one.url, one.token_file, one.timeout_s)
        for name, one in sorted(settings.ops.mcp.items())
    ]


def _workflows(settings: Settings) -> Workflows | None:
    ops = settings.ops
    if not ops.n8n_url:
        return None
    token_file = ops.n8n_token_file
    if token_file is None:
        raise ConfigError("ops: n8n_url is set, ops.n8n_token_file is not; name the file with the webhooks' secret")

    def read_token() -> str:
        try:
            return read_secret(token_file, "ops.n8n_token_file").strip()
        except OSError as error:
            raise OperationError(f"n8n: the token's file {error}") from error

    return Workflows(ops.n8n_url, read_token)
