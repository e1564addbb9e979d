"""Sentences about what Jett is to remember, understood without the language model.

    "Remember that the bins go out on Tuesday."  ─► Remembering(REMEMBER, "the bins go out on Tuesday")
    "What did I say about the bins?"             ─► Remembering(RECALL, "the bins")

Templates (`memory_sentences.yaml`) as in `fast_path`, and apart from it: what is to be remembered is any words, even
those of a command ("remember that restart n8n is on Mondays"), and no sentence may be both. Pure. Called by
`memory_commands`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

import yaml
from hassil import Intents, recognize_all

from jett.tools.fast_path import plain


class MemoryAction(StrEnum):
    """What is to be done with the memory."""

    REMEMBER = "remember"
    RECALL = "recall"
    LIST = "list"
    FORGET_LAST = "forget_last"
    FORGET_ABOUT = "forget_about"
    FORGET_ALL = "forget_all"


@dataclass(frozen=True, slots=True)
class Remembering:
    """One understood sentence. `text` is as it was heard: what to remember, or what about."""

    action: MemoryAction
    text: str = ""


_LONGEST_CHARACTERS = 600
_MAY_BE = re.compile(
    r"\b(?:remember|recall|forget|memor\w+|not(?:e|es)|mind|said|say|told|tell|mention\w*|save|know)\b"
)
_BARE = "remember_bare"
_SAYS_SOMETHING = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|will|likes?|loves?|hates?|lives?|needs?|wants?|works?|goes|go|comes?|costs?"
    r"|starts?|ends?|opens?|closes?|expires?|prefers?|can't|don't|doesn't|isn't|aren't|won't)\b|\w's\b|\w(?:'m|'re|'ve|'ll)\b"
)
"""Of "remember …" without a "that": there must be a statement in it; "remember the milk" is the model's."""
_SAYS_NOTHING = re.compile(
    r"^(?:to|when|how|me|us|if|whether|what|what's|who|who's|where|why|you|this|that|it|him|them|not)\b"
)
_EMPTY = frozenset({"it", "this", "that", "something", "anything", "everything", "me", "i", "you"})
_CALLED_AT_END = re.compile(r",\s*(?:jett|jet)$", re.IGNORECASE)
_EDGES = '.,!?;:"“”… -–—'


def understand_memory(text: str) -> Remembering | None:
    """What `text`, a transcript, asks of the memory; None where it asks nothing of it. Never raises."""
    words = plain(text) if len(text) <= _LONGEST_CHARACTERS else ""
    if not _MAY_BE.search(words):
        return None
    found = list(dict.fromkeys(_readings(words)))
    for action in _IN_ORDER:
        slots = [slot for seen, slot in found if seen is action]
        if slots:
            return Remembering(action, _as_heard(text, min(slots, key=len)))
    return None


_IN_ORDER = (
    MemoryAction.FORGET_ALL,
    MemoryAction.LIST,
    MemoryAction.FORGET_LAST,
    MemoryAction.FORGET_ABOUT,
    MemoryAction.RECALL,
    MemoryAction.REMEMBER,
)
"""A sentence that fits two templates fits the narrower first; of the same, the one that leaves fewer words over."""


def _readings(words: str) -> Iterator[tuple[MemoryAction, str]]:
    for result in recognize_all(words, _templates()):
        name, entity = result.intent.name, result.entities.get("text")
        slot = " ".join(str(entity.value).split()) if entity is not None else ""
        if entity is not None and (not slot or slot in _EMPTY):
            continue
        if name == _BARE and (_SAYS_NOTHING.search(slot) or not _SAYS_SOMETHING.search(slot)):
            continue
        yield MemoryAction("remember" if name == _BARE else name), slot


def _as_heard(text: str, slot: str) -> str:
    """The end of `text` that says `slot`, with its capitals and marks; names and numbers are read better so."""
    if not slot:
        return ""
    heard = text.split()
    for begin in range(len(heard) - 1, -1, -1):
        if plain(f"x {' '.join(heard[begin:])}") == f"x {slot}":
            return _CALLED_AT_END.sub("", " ".join(heard[begin:]).strip(_EDGES))
    return slot


@lru_cache(maxsize=1)
def _templates() -> Intents:
    text = resources.files("jett.tools").joinpath("memory_sentences.yaml").read_text("utf-8")
    return Intents.from_dict(yaml.safe_load(text))
