"""Keeps a model's thinking out of what is spoken, while the text streams in pieces cut anywhere.

`<think>` up to `</think>` is dropped, also when a tag is spread over several pieces; so is white space before the first
word. This is the last net: the request already asks the server not to think. What a terminal would obey, control
characters and escape sequences, goes the same way. Called by each adapter.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from jett.core.errors import LanguageModelError, NothingSaid

_OPEN = "<think>"
_CLOSE = "</think>"

_CHARS_PER_TOKEN = 6
_FEWEST_CHARS = 64
"""A token of prose has four to five characters with its space; the rest is for a short answer's long words."""


_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])|\x9b[0-?]*[ -/]*[@-~]")
_ESCAPE_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07]*)?$|\x9b[0-?]*[ -/]*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 but tab and line feed, and the marks that turn the direction of writing."""
_LONGEST_ESCAPE = 64


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


class ControlFilter:
    """Feed it each piece; it gives back what is harmless in a terminal."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """`piece` without control characters and escape sequences; one that is not complete yet is held back."""
        text = _ESCAPE.sub("", self._held + piece)
        begun = _ESCAPE_BEGUN.search(text)
        whole = text if begun is None or len(begun[0]) > _LONGEST_ESCAPE else text[: begun.start()]
        self._held = text[len(whole) :]
        return _CONTROL.sub("", whole)


async def speakable(pieces: AsyncGenerator[str, None], where: str, max_tokens: int) -> AsyncGenerator[str, None]:
    """What may be spoken of `pieces`, which are closed with it; a server that ignores `max_tokens` is cut off.

    Raises LanguageModelError, and NothingSaid when not a word is left.
    """
    left = longest = _FEWEST_CHARS + max_tokens * _CHARS_PER_TOKEN
    async with aclosing(_thoughtless(_first(pieces, max_tokens), where)) as texts:
        async for text in texts:
            yield text[:left]
            left -= len(text)
            if left <= 0:
                return
    if left == longest:
        raise NothingSaid(
            f"llm: {where} answered without a word that can be spoken, need some within {max_tokens} tokens; "
            "choose an instruct model, turn its thinking off, or raise llm.max_tokens"
        )


async def _first(pieces: AsyncGenerator[str, None], most: int) -> AsyncGenerator[str, None]:
    """At most `most` pieces; a token is one at most. The end is waited for, since it carries the timings."""
    seen = 0
    async with aclosing(pieces):
        async for piece in pieces:
            seen += 1
            if seen > most:
                return
            yield piece


async def _thoughtless(pieces: AsyncGenerator[str, None], where: str) -> AsyncGenerator[str, None]:
    thinking, controls = ThinkingFilter(), ControlFilter()
    async with aclosing(pieces):
        async for piece in pieces:
            try:
                text = thinking.feed(controls.feed(piece))
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
