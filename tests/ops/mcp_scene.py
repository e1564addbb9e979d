"""A real MCP server as a process, a policy that lists its tools, and everything of Jett between them and a model."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from jett.app.servers import Servers, server_port
from jett.core.ports import LanguageModel, Message, ToolCall, ToolResult, ToolSpec
from jett.guard import AuditLog, Gate, Identity, Kind, parse_policy, tail
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_servers import McpServers
from jett.ops.mcp_tool import Offered
from jett.ops.operations import Operations
from jett.session.acting import acting
from jett.tools.commands import GuardedCommands
from jett.tools.fast_path import FastPath
from jett.tools.model_tools import GuardedTools
from tests.tools.test_commands import Speech

FOLDER = Path(__file__).parent
OWNER = Identity(Kind.VOICE, "owner")
SCHEMA = {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"]}
GET_STATE = {"name": "get_state", "description": "How a room is.", "inputSchema": SCHEMA}
SET_LIGHT = {"name": "set_light", "description": "Switch a light.", "inputSchema": SCHEMA}
POLICY = """
version = 1
[containers.n8n]
actions = ["status", "logs", "restart"]
{tools}
[identities.voice]
verbs = ["list", "status", "logs", "restart", "run_workflow", "read_tool", "change_tool"]
"""
RULE = """
[tools.home."{name}"]
definition = "{definition}"
description = "{words}"
changes = {changes}
arguments.room = {{ type = "string" }}
"""


def definition(tool: dict[str, Any]) -> str:
    """Of a tool as it was when the owner listed it."""
    said = Offered(tool["name"], tool.get("description", ""), tool["inputSchema"], tool.get("annotations", {}))
    return said.definition


def policy_text(reads: dict[str, Any] = GET_STATE, changes: dict[str, Any] = SET_LIGHT) -> str:
    """A policy that lists one tool that reads and one that changes, as they are given here."""
    rules = [
        RULE.format(name=tool["name"], definition=definition(tool), words=words, changes=str(flag).lower())
        for tool, words, flag in ((reads, "How a room is.", False), (changes, "Switch the light of a room.", True))
    ]
    return POLICY.format(tools="".join(rules))


class McpScene:
    """One conversation with one MCP server, called home."""

    def __init__(
        self,
        folder: Path,
        plan: dict[str, Any],
        *,
        server: str = "mcp_sdk_server.py",
        policy: str | None = None,
        timeout_s: float = 20.0,
        env: tuple[str, ...] = (),
    ) -> None:
        self.plan = folder / "plan.json"
        self.plan.write_text(json.dumps({"tools": [GET_STATE, SET_LIGHT], **plan}), "utf-8")
        self.audit = AuditLog(folder / "audit")
        self.gate = Gate(parse_policy(policy or policy_text()), self.audit)
        command = (sys.executable, str(FOLDER / server), str(self.plan))
        self.mcp = McpServers([McpAddress("home", command, env, timeout_s=timeout_s)])
        servers = Servers(self.gate, None, Operations(self.gate, None, None, None, self.mcp))
        port = server_port(servers)
        self.tools = GuardedTools(self.gate, port, OWNER)
        self.commands = GuardedCommands(FastPath({"n8n": []}, {}), self.gate, port, OWNER, grace_s=0)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """The server's process lives as long as this."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.mcp.keep)
            yield
            tasks.cancel_scope.cancel()

    async def use(self, tool: str, **arguments: Any) -> ToolResult:
        return await self.tools.use(ToolCall(tool, json.dumps(arguments)))

    async def answer(self, llm: LanguageModel) -> str:
        """What is said, when the model has the tools."""
        messages = [Message("user", "How is the kitchen?")]
        async with aclosing(acting(llm, self.tools, messages, anyio.lowlevel.checkpoint)) as pieces:
            return "".join([piece async for piece in pieces])

    async def say(self, text: str) -> list[str]:
        await self.commands.heard()  # whatever was asked before has been read back
        plan = self.commands.plan(text)
        return [] if plan is None else [said async for said in self.commands.carry_out(plan, Speech())]

    def asked(self) -> bool:
        """Whether a question waits."""
        return self.gate.awaits(OWNER, datetime.now(UTC))

    def noted(self, what: str) -> list[Any]:
        """What the server has written down: its calls, the answers to what it asked, its starts."""
        file = self.plan.with_suffix(f".{what}")
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def outcomes(self) -> list[str]:
        """What the record says came of each operation."""
        return [record.verdict for record in tail(self.audit, 50) if record.kind == "outcome"]


class Gullible:
    """A model that calls what it was going to call, whatever it reads; it keeps all that it was shown."""

    def __init__(self, *calls: ToolCall) -> None:
        self._calls = list(calls)
        self.shown: list[str] = []
        self.offered: list[tuple[str, ...]] = []

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        self.shown += [message.content for message in messages]
        self.shown += [json.dumps([spec.name, spec.description, dict(spec.parameters)]) for spec in tools]
        self.offered.append(tuple(spec.name for spec in tools))
        yield "As you wish. "
        if self._calls:
            yield self._calls.pop(0)

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        raise NotImplementedError

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to read ahead."""

    async def aclose(self) -> None:
        """Nothing to close."""
