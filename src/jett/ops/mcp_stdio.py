"""An MCP server as a child process: JSON lines over its pipes, each wait and each length bounded.

The SDK's own transport reads lines of any length and logs what it cannot parse; this one ends the connection instead,
and says nothing. Notifications go no further: definitions are read anew before each call anyway, and nothing else a
server says unasked is wanted. The process has a session of its own, is told to end when the connection closes, also on
cancellation, and takes its children along. Called by `mcp_wire`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.os.posix.utilities import terminate_posix_process_tree
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest, jsonrpc_message_adapter

from jett.core.errors import OperationError
from jett.ops.mcp_lost import Lost

MAX_LINE_BYTES = 1 << 20
MAX_BYTES = 4 << 20
MAX_LINES = 1000
"""What a server may say between two requests of ours."""
_CODE_S = 0.25
"""How long after its pipe a process may end that is told with its exit code."""
_LEAVE_S = 1.0
"""How long it may take to end by itself, and once more after SIGTERM."""

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def child(command: Sequence[str], variables: Sequence[str], lost: Lost) -> AsyncGenerator[Streams, None]:
    """Start it; its streams. Of the environment it sees PATH, HOME and their like, and `variables`.

    Raises OperationError.
    """
    process = await _started(command, variables)
    pipes = _Pipes(process, lost)
    async with anyio.create_task_group() as tasks:  # no await before this, or a cancellation would lose the process
        tasks.start_soon(pipes.read)
        tasks.start_soon(pipes.write)
        try:
            yield pipes.ours
        finally:
            with anyio.CancelScope(shield=True):
                await pipes.end()
            tasks.cancel_scope.cancel()


async def _started(command: Sequence[str], variables: Sequence[str]) -> Process:
    missing = [name for name in variables if name not in os.environ]
    if missing:
        raise OperationError(f"mcp: the variable {missing[0]} is not set; set it, or take it out of env")
    environment = get_default_environment() | {name: os.environ[name] for name in variables}
    try:
        return await anyio.open_process(
            list(command),
            env=environment,
            stderr=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise OperationError(f"mcp: '{command[0]}' cannot be started ({reason}); correct its command") from error


class _Pipes:
    """Both directions of one process."""

    def __init__(self, process: Process, lost: Lost) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._lost = process, lost
        self._stdin: ByteSendStream = process.stdin
        self._stdout: ByteReceiveStream = process.stdout
        self._to_us, from_them = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_them, self._from_us = anyio.create_memory_object_stream[SessionMessage](0)
        self.ours: Streams = (from_them, to_them)
        self._lines = self._bytes = 0

    async def read(self) -> None:
        """Line by line, until it ends or says too much."""
        async with self._to_us:
            with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
                rest = b""
                while True:
                    *lines, rest = (rest + await self._stdout.receive()).split(b"\n")
                    for line in lines:
                        await self._said(line)
                    if len(rest) > MAX_LINE_BYTES:
                        self._too_much()
            self._lost.because(await self._ended() or "it has ended")

    async def _said(self, line: bytes) -> None:
        self._lines, self._bytes = self._lines + 1, self._bytes + len(line)
        if self._lines > MAX_LINES or self._bytes > MAX_BYTES or len(line) > MAX_LINE_BYTES:
            self._too_much()
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            return  # many a server greets on the wrong stream
        if not isinstance(message, JSONRPCNotification):
            await self._to_us.send(SessionMessage(message))

    def _too_much(self) -> None:
        self._lost.because("it says too much")
        raise anyio.EndOfStream

    async def write(self) -> None:
        """One message a line."""
        async with self._from_us:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
                async for each in self._from_us:
                    if isinstance(each.message, JSONRPCRequest):
                        self._lines = self._bytes = 0
                    text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                    await self._stdin.send(text.encode() + b"\n")
        self._lost.because(await self._ended() or "it no longer listens")

    async def _ended(self) -> str:
        """What its exit code tells of a process that closed a pipe, once it is known; nothing where it lives on."""
        with anyio.move_on_after(_CODE_S):
            while self._process.returncode is None:  # noqa: ASYNC110 - as in `end`
                await anyio.sleep(0.01)
        code = self._process.returncode
        return "" if code is None else f"it has ended with code {code}"

    async def end(self) -> None:
        """Close its input, wait a moment, then end it and whatever it has started."""
        for stream in self.ours:
            stream.close()
        with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._stdin.aclose()
        with anyio.move_on_after(_LEAVE_S):
            while self._process.returncode is None:  # noqa: ASYNC110 - wait() also waits for pipes of grandchildren
                await anyio.sleep(0.01)
        if sys.platform == "win32":
            with suppress(ProcessLookupError):
                self._process.kill()
        else:
            await terminate_posix_process_tree(self._process, _LEAVE_S)
        with anyio.move_on_after(_LEAVE_S):
            await self._process.aclose()
