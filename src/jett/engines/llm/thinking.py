"""Keeps a model's thinking out of what is spoken, while the text streams in pieces cut anywhere.

`<think>` up to `</think>` is dropped, also when a tag is spread over several pieces; so is white space before the first
word. This is the last net: the request already asks the server not to think. Called by each adapter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from jett.core.errors import LanguageModelError

_OPEN = "<think>"
_CLOSE = "</think>"


class ThoughtAloudError(ValueError):
    """Thinking ended that never began: what was let through so far was thinking."""


class ThinkingFilter:
    """Feed it each piece; it gives back what may be spoken."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._spoke = False

    def feed(self, piece: str) -> str:
        """The speakable part of `piece` and of what was held back. Raises ThoughtAloudError."""
        text = self._held + piece
        out: list[str] = []
        while (cut := self._next_tag(text)) is not None:
            start, tag = cut
            self._pass(text[:start], out)
            text = text[start + len(tag) :]
            self._turn(tag)
        kept = _tag_begun(text)
        self._held = text[len(text) - kept :] if kept else ""
        self._pass(text[: len(text) - kept], out)
        return "".join(out)

    def finish(self) -> str:
        """What was held back in case it became a tag."""
        out: list[str] = []
        self._pass(self._held, out)
        self._held = ""
        return "".join(out)

    def _next_tag(self, text: str) -> tuple[int, str] | None:
        found = [(at, tag) for tag in (_OPEN, _CLOSE) if (at := text.find(tag)) >= 0]
        return min(found) if found else None

    def _turn(self, tag: str) -> None:
        if tag == _CLOSE and not self._inside and self._spoke:
            raise ThoughtAloudError
        self._inside = tag == _OPEN

    def _pass(self, text: str, out: list[str]) -> None:
        if self._inside:
            return
        if not self._spoke:
            text = text.lstrip()
        if text:
            self._spoke = True
            out.append(text)


async def speakable(pieces: AsyncGenerator[str, None], where: str) -> AsyncGenerator[str, None]:
    """What may be spoken of `pieces`, which are closed with it. Raises LanguageModelError."""
    thinking = ThinkingFilter()
    async with aclosing(pieces):
        async for piece in pieces:
            try:
                text = thinking.feed(piece)
            except ThoughtAloudError as error:
                raise LanguageModelError(
                    f"llm: {where} thinks aloud without saying where it begins; choose an instruct model"
                ) from error
            if text:
                yield text
    if text := thinking.finish():
        yield text


def _tag_begun(text: str) -> int:
    """How many characters at the end of `text` may be the beginning of a tag."""
    for length in range(min(len(text), len(_CLOSE) - 1), 0, -1):
        tail = text[-length:]
        if _OPEN.startswith(tail) or _CLOSE.startswith(tail):
            return length
    return 0
