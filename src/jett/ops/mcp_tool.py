"""What an MCP server says a tool is, and what it answers, as plain data. Pure, without the SDK.

A definition is pinned by its digest: SHA-256 over canonical JSON of name, description, input schema and annotations.
A server's words are data: control characters, colours and direction marks are taken out before anybody sees them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jett.ops.plain_text import plain

Argument: TypeAlias = str | int | bool

READ_CHARS = 4000
"""What is read of an answer, about a thousand tokens."""
_MOST_CHARS = 65_536
"""What is cleaned and searched for secrets at all."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One tool as its server lists it now."""

    name: str
    description: str
    schema: Mapping[str, Any]
    annotations: Mapping[str, Any]

    @property
    def definition(self) -> str:
        """As the policy writes it: `sha256:` and 64 digits."""
        said = {
            "name": self.name,
            "description": self.description,
            "inputSchema": self.schema,
            "annotations": self.annotations,
        }
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    @property
    def says_it_only_reads(self) -> bool:
        """A hint by whoever wrote the server, nothing more."""
        return self.annotations.get("readOnlyHint") is True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call. `text` is clean and short enough to be searched for secrets; data, never instructions."""

    text: str
    failed: bool


def answer(parts: list[tuple[str, str]], *, failed: bool) -> Answer:
    """From an answer's parts, each its kind and its text. What is not text is named and left out."""
    texts = [text if kind == "text" else f"({kind}, left out)" for kind, text in parts]
    whole = "\n".join(texts)
    if len(whole) > _MOST_CHARS:  # the last word may be half a secret that is no longer known as one
        whole = whole[:_MOST_CHARS].rpartition(" ")[0]
    return Answer(plain(whole), failed)


def shortened(text: str) -> str:
    """At most READ_CHARS of it, and how much was left out."""
    left_out = len(text) - READ_CHARS
    return text if left_out <= 0 else f"{text[:READ_CHARS]}\n(cut here; {left_out} more characters)"


def line(text: str, most_chars: int = 200) -> str:
    """As one line for a terminal."""
    words = " ".join(plain(text).split())
    return words if len(words) <= most_chars else f"{words[:most_chars]}…"
