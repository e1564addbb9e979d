"""Jett's answer to something written: a command if it is one, else the language model's, with its tools.

No turn: what is asked is complete, and so nothing is speculative. Secrets are taken out of what is answered. Called by
the HTTP API and by Wyoming.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from jett.core.events import Decided
from jett.core.ports import Message
from jett.session.acting import acting
from jett.session.parts import Parts
from jett.session.redacted import Pieces


@dataclass(slots=True)
class WrittenControls:
    """Port Controls, where nothing sounds: the volume is a number, and what was said last is what was written."""

    said_last: str = ""
    volume_percent: int = 100
    typed: bool = True

    def set_volume(self, percent: int) -> None:
        """Kept; nobody hears it."""
        self.volume_percent = min(100, max(0, percent))

    def last_reply(self) -> str:
        """Port Controls."""
        return self.said_last

    def decided(self, decision: Decided) -> None:
        """No turn is kept of what is written, so the guard's own record is the only one."""


def is_command(parts: Parts, text: str) -> bool:
    """Whether `text` is done without the language model."""
    return parts.commands is not None and parts.commands.plan(text) is not None


async def commanded(parts: Parts, text: str, controls: WrittenControls) -> AsyncGenerator[str, None]:
    """What comes of a command, sentence by sentence. A question it asks has been read when this ends."""
    assert parts.commands is not None
    plan = parts.commands.plan(text)
    assert plan is not None, "only a command is carried out"
    between = ""
    async with aclosing(parts.commands.carry_out(plan, controls)) as sentences:
        async for sentence in sentences:
            yield between + sentence
            between = " "
    await parts.commands.heard()


async def answered(parts: Parts, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
    """The language model's answer, with Jett's tools where it has some. Closing it frees the model."""
    llm, tools = parts.llm, parts.tools
    deltas = llm.stream(messages) if tools is None else acting(llm, tools, messages, _committed)
    async with aclosing(without_secrets(deltas, parts.redact)) as texts:
        async for text in texts:
            yield text
    if parts.commands is not None:
        await parts.commands.heard()


async def without_secrets(deltas: AsyncGenerator[str, None], redact: Callable[[str], str]) -> AsyncGenerator[str, None]:
    """Whole words, since half a secret is not known for one."""
    pieces, held = Pieces(redact), ""
    async with aclosing(deltas):
        async for delta in deltas:
            held += delta
            end = max(held.rfind(" "), held.rfind("\n")) + 1
            if end:
                yield pieces.next(held[:end])
            held = held[end:]
    if held:
        yield pieces.next(held)


async def _committed() -> None:
    """What was written is complete."""
