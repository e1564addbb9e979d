"""The question before a change, and what counts as a yes. Pure: time and nonce are arguments.

    ask ──► pending ──► yes, click with its nonce ─► that very request, once
               ├──────► no, a click that says no, second unclear answer, 15 s, clock set back ─► gone
               ├──────► heard ─► the 15 s begin (of a question that is spoken; unheard, it is gone after 60 s)
               └──────► another ask ─► gone, the newer one is pending

One question is pending at a time in a conversation, and a newer one replaces it: a yes can only mean what was read
back last. A yes to what was not read back yet is unclear. Anything mixed, negated, long, or not in the table is never
a yes.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from jett.guard.identity import Identity
from jett.guard.request import Request, Verb

VALID_MS = 15_000
UNHEARD_MS = 60_000
MAX_UNCLEAR = 2
MAX_WORDS = 8
MAX_CHARS = 80

YES_PHRASES = frozenset(
    {
        *("yes", "yeah", "yep", "yup", "sure", "certainly", "absolutely", "definitely", "of course", "affirmative"),
        *("confirm", "confirmed", "i confirm", "go ahead", "go for it", "do it", "do that", "please do"),
        *("please do it", "yes i do", "yes you may", "that's right", "that's correct", "correct", "proceed"),
    }
)
# Around a yes, and worth nothing alone: "okay" is also what people say while they think, and what noise is heard as.
POLITE = frozenset({"please", "thanks", "thank you", "jett", "hey jett", "ok", "okay"})
NO_WORDS = frozenset(
    {
        *("no", "nope", "nah", "not", "don't", "dont", "never", "nevermind", "cancel", "cancelled", "canceled", "wait"),
        *("stop", "abort", "negative", "forget", "leave", "hold", "wrong", "can't", "won't", "isn't", "shouldn't"),
        *("mustn't", "refuse", "undo"),
    }
)
_LONGEST_PHRASE = 3
_LETTERS = re.compile("[a-z]+")
_YES_IN_LETTERS = frozenset(tuple(_LETTERS.findall(phrase)) for phrase in YES_PHRASES)


class Answer(StrEnum):
    """What was answered."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def understand(utterance: str) -> Answer:
    """Yes only if every word of a short utterance belongs to a phrase of agreement; one word of refusal makes it a no.

    A question ("yes?"), other letters than English ones and anything else are unclear.
    """
    text = utterance.replace("’", "'").lower()
    if len(text) > MAX_CHARS or not text.isascii() or "?" in text:
        return Answer.UNCLEAR
    words = re.sub(r"[.,!;\s]+", " ", text).split()
    if len(words) > MAX_WORDS:
        return Answer.UNCLEAR
    if NO_WORDS.intersection(words):
        return Answer.NO
    return Answer.YES if _agrees(words) else Answer.UNCLEAR


def holds_a_yes(text: str) -> bool:
    """Whether a phrase of agreement is anywhere in it, read at its loosest: split at what is no letter, accents gone.

    For words that speech-to-text is told to expect, not for answers.
    """
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign) not in ("Mn", "Cf")
    )
    words = _LETTERS.findall(plain.lower())
    longest = max(map(len, _YES_IN_LETTERS))
    spans = (words[at : at + count] for at in range(len(words)) for count in range(1, longest + 1))
    return any(tuple(span) in _YES_IN_LETTERS for span in spans)


def _agrees(words: list[str]) -> bool:
    agreed = False
    while words:
        phrases = (" ".join(words[:count]) for count in range(_LONGEST_PHRASE, 0, -1))
        phrase = next((phrase for phrase in phrases if phrase in YES_PHRASES or phrase in POLITE), None)
        if phrase is None:
            return False
        agreed = agreed or phrase in YES_PHRASES
        words = words[len(phrase.split()) :]
    return agreed


@dataclass(frozen=True, slots=True)
class Pending:
    """A question asked. `nonce` is for a click; it belongs to this request alone and is worth nothing afterwards.

    `asked_ms` is when it was asked, or, once it was `heard`, when it had been spoken to its end.
    """

    request: Request
    identity: Identity
    operation: str
    nonce: str
    asked_ms: int
    heard: bool = True

    def live(self, now_ms: int) -> bool:
        """Whether it can still be answered. A clock that went back ends it."""
        return self.asked_ms <= now_ms < self.until_ms

    def over(self, now_ms: int) -> bool:
        """Whether its time has passed. An earlier `now_ms` may be that of a call which had to wait for this one."""
        return now_ms >= self.until_ms

    @property
    def until_ms(self) -> int:
        """When it can be answered no more."""
        return self.asked_ms + (VALID_MS if self.heard else UNHEARD_MS)


class Confirmation:
    """What one conversation is being asked. Methods return the Pending that is settled, if any."""

    def __init__(self) -> None:
        self.pending: Pending | None = None
        self._unclear = 0

    def ask(self, pending: Pending) -> Pending | None:
        """A new question; returns the one it replaces."""
        replaced, self.pending, self._unclear = self.pending, pending, 0
        return replaced

    def heard(self, now_ms: int) -> None:
        """The question was spoken to its end; only the first time counts."""
        if self.pending is not None and not self.pending.heard:
            self.pending = replace(self.pending, asked_ms=now_ms, heard=True)

    def expire(self, now_ms: int, *, answering: bool) -> Pending | None:
        """Drops and returns the question if its time is over; if it is to be answered now, also if it cannot be yet."""
        if self.pending is None:
            return None
        gone = not self.pending.live(now_ms) if answering else self.pending.over(now_ms)
        return self.drop() if gone else None

    def drop(self) -> Pending | None:
        """Forgets the question; returns it."""
        dropped, self.pending = self.pending, None
        return dropped

    def answer(self, utterance: str) -> Answer:
        """What the words mean for the question; it is gone after a yes, a no, or the second unclear answer."""
        meant = understand(utterance)
        if meant is Answer.YES and self.pending is not None and not self.pending.heard:
            meant = Answer.UNCLEAR  # nobody can agree to what they have not heard
        if meant is Answer.UNCLEAR:
            self._unclear += 1
            if self._unclear < MAX_UNCLEAR:
                return Answer.UNCLEAR
        self.pending = None
        return meant

    def matches(self, nonce: str) -> bool:
        """Whether the nonce is the pending question's, compared in constant time."""
        return self.pending is not None and hmac.compare_digest(
            self.pending.nonce.encode(), nonce.encode("utf-8", "surrogatepass")
        )


def question(request: Request, place: str) -> str:
    """What is read back, with the resolved name: "Restart n8n on the VPS?"."""
    if request.verb not in (Verb.RUN_WORKFLOW, Verb.CHANGE_TOOL):
        return f"{request.verb.capitalize()} {request.target} {place}?"
    values = ", ".join(f"{name.replace('_', ' ')} {_spoken(value)}" for name, value in request.arguments)
    what = f"Run the workflow {request.target}"
    if request.verb is Verb.CHANGE_TOOL:
        server, _, tool = request.target.partition(".")
        what = f"Use the tool {tool.replace('_', ' ')} of {server}"
    return f"{what} with {values}?" if values else f"{what}?"


def _spoken(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
