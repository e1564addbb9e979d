"""`handle` and `intent`: a sentence, as if somebody had said it to Jett.

`transcript` (handle) is answered: a command of Jett's through the guard, anything else by the language model.
`recognize` (intent) only says whether the sentence is a command: what it would do is the guard's to decide.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from wyoming.handle import Handled, HandledChunk, HandledStart, HandledStop
from wyoming.intent import Intent, NotRecognized

from jett.core.ports import Message
from jett.server.wyoming.hearing import Write
from jett.server.wyoming.ports import Ports
from jett.session.answering import WrittenControls, answered, commanded, is_command
from jett.session.parts import Parts

COMMAND = "JettCommand"
MOST_CHARACTERS = 2000


async def handle(ports: Ports, text: str, write: Write) -> None:
    """The answer, in pieces and whole. Raises JettError."""
    whole = ""
    async with ports.a_seat() as seat:
        await write(HandledStart().event())
        async with aclosing(_answer(ports, seat.parts, text)) as pieces:
            async for piece in pieces:
                whole += piece
                await write(HandledChunk(piece).event())
    await write(Handled(whole.strip()).event())
    await write(HandledStop().event())


async def recognize(ports: Ports, text: str, write: Write) -> None:
    """Whether it is a command; nothing is done. Raises JettError."""
    async with ports.a_seat() as seat:
        found = is_command(seat.parts, text)
    await write(Intent(COMMAND, text=text).event() if found else NotRecognized().event())


def _answer(ports: Ports, parts: Parts, text: str) -> AsyncGenerator[str, None]:
    if is_command(parts, text):
        return commanded(parts, text, WrittenControls())
    return answered(parts, [Message("system", ports.system_prompt), Message("user", text)])
