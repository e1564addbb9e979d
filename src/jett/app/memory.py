"""What Jett remembers, from the user's settings: where it lies, which model finds it again, and what is never kept.

Opening costs nothing: model and folder are loaded at the first need, or in the background by `kept_open` once a
conversation has begun. Called by `opening`, the server and `jett memory`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.to_thread
import platformdirs

from jett.app.needs import store
from jett.app.servers import Servers
from jett.core.errors import ConfigError, JettError, ungrouped
from jett.core.ports import Commands, TextEmbedding, Tools, WhoSpeaks
from jett.guard import Identity, redact
from jett.guard.policy import may_only_read
from jett.guard.redaction_words import REDACTED
from jett.memory import Memories, Place
from jett.memory.spoken_secrets import gives_secret
from jett.ops.operations import now
from jett.ops.secret_file import read_secret
from jett.settings import Settings
from jett.tools.commands import speaking
from jett.tools.memory_commands import RememberingCommands, Unchanging, nobody_is
from jett.tools.memory_tools import RememberingTools

MODEL = "all-minilm-l6-v2"


def load_embedding(settings: Settings) -> TextEmbedding:
    """The model that places sentences; ONNX Runtime is imported here. Raises ModelError."""
    from jett.engines.embedding.minilm import MiniLmTextEmbedding

    return MiniLmTextEmbedding(store(settings).file(MODEL))


def memories_of(settings: Settings, *, beside: bool = False) -> Memories | None:
    """What is remembered; None where `memory.keep` is off. Nothing is opened yet. Raises ConfigError.

    `beside`: may be read while another Jett has it.
    """
    if not settings.memory.keep:
        return None
    load = partial(load_embedding, settings)
    return Memories(load, _place(settings), holds_secret=holds_secret, now=now, beside=beside)


def holds_secret(text: str) -> bool:
    """Whether the guard would take something out of it, or has already, or it says what a password is."""
    return REDACTED in redact(text) or gives_secret(text)


@asynccontextmanager
async def kept_open(memories: Memories | None, on_warning: Callable[[str], None]) -> AsyncGenerator[None, None]:
    """While the block lasts: what was remembered before is loaded in the background; its folder is let go at the end.

    Where nothing was, nothing is loaded. `on_warning` is told if it fails; the conversation goes on without.
    """
    if memories is None:
        yield
        return
    try:
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                if memories.exists:
                    tasks.start_soon(_load, memories, on_warning)
                yield
                tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(memories.close)


async def _load(memories: Memories, on_warning: Callable[[str], None]) -> None:
    try:
        await anyio.to_thread.run_sync(memories.load)
    except JettError as error:
        on_warning(f"{error}; Jett goes on, and cannot remember now")


def only_known_voices(servers: Servers, identity: Identity, who: WhoSpeaks | None) -> Unchanging:
    """Who may only read of the servers may only read of the memory."""

    async def unchanging() -> str:
        return may_only_read(servers.gate.policy, await speaking(identity, who))

    return unchanging


def remembering_commands(inner: Commands, memories: Memories | None, unchanging: Unchanging = nobody_is) -> Commands:
    """`inner`, and before it the sentences about the memory."""
    return inner if memories is None else RememberingCommands(inner, memories, unchanging=unchanging)


def remembering_tools(
    inner: Tools | None, memories: Memories | None, *, wanted: bool, unchanging: Unchanging = nobody_is
) -> Tools | None:
    """`inner`, and the memory as two more tools, where the model is trusted with tools at all."""
    return RememberingTools(inner, memories, unchanging=unchanging) if memories is not None and wanted else inner


def _place(settings: Settings) -> Place:
    memory = settings.memory
    folder = (memory.dir or platformdirs.user_data_path("jett", appauthor=False)) / "memory"
    return Place(folder, memory.url, _api_key(settings) if memory.url else "")


def _api_key(settings: Settings) -> str:
    file = settings.memory.api_key_file
    if file is None:
        return settings.memory.api_key.get_secret_value()
    try:
        lines = read_secret(file, "memory.api_key_file").splitlines()
    except OSError as error:
        raise ConfigError(f"memory: the key's file {error}") from error
    return lines[0].strip() if lines else ""
