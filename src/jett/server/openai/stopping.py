"""An answer that ends before one of several texts, however it is cut into pieces. Pure but for the stream it reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing


async def until_stopped(texts: AsyncGenerator[str, None], stops: Sequence[str]) -> AsyncGenerator[str, None]:
    """The text before the first of `stops`; what could be the beginning of one is kept back until it is known."""
    held, most = "", max(map(len, stops), default=1) - 1
    async with aclosing(texts):
        async for text in texts:
            held += text
            found = [at for stop in stops if (at := held.find(stop)) >= 0]
            if found:
                if rest := held[: min(found)]:
                    yield rest
                return
            sure = len(held) - most
            if sure > 0:
                yield held[:sure]
                held = held[sure:]
    if held:
        yield held
