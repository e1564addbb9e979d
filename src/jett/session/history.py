"""What was said and heard, as the messages that the language model sees.

The prompt's prefix stays byte-stable so that the model's cache holds: a turn is only appended, and trimming drops
many turns at once, rarely. History keeps what was *heard* of a reply, never what was only generated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jett.core.ports import Message

_CHARACTERS_PER_TOKEN = 3.0
"""Low for English (about 4), so that the estimate errs towards trimming early."""
_MESSAGE_TOKENS = 6
_KEEP_SHARE = 0.5


@dataclass(slots=True)
class Exchange:
    """One turn: what the user said and what they heard in answer."""

    turn: int
    said: str
    heard: str = ""


def estimated_tokens(text: str) -> int:
    """Tokens of one message, estimated high."""
    return int(len(text) / _CHARACTERS_PER_TOKEN) + _MESSAGE_TOKENS


class Remembered(Protocol):
    """What a conversation asks of its history; another shell may keep it in a form of its own."""

    def commit(self, turn: int, said: str) -> None:
        """The turn is over."""

    def heard(self, turn: int, text: str) -> None:
        """What was heard of the reply to `turn`; replaces what was noted before."""

    def last_heard(self) -> str:
        """What was heard last; empty if nothing."""

    def forget(self, turn: int) -> None:
        """The turn was not over after all."""

    def messages(self, said: str, *, without_turn: int | None = None) -> list[Message]:
        """The request for an answer to `said`; `without_turn` is the one being answered."""


class History:
    """A conversation's exchanges, oldest first."""

    def __init__(self, system_prompt: str, *, budget_tokens: int) -> None:
        self._system = Message("system", system_prompt)
        self._budget_tokens = budget_tokens - estimated_tokens(system_prompt)
        self.exchanges: list[Exchange] = []

    def commit(self, turn: int, said: str) -> None:
        """The turn is over and is being answered."""
        self.exchanges.append(Exchange(turn, said))

    def heard(self, turn: int, text: str) -> None:
        """What the user has heard of the reply to `turn`; replaces what was noted before."""
        for exchange in reversed(self.exchanges):
            if exchange.turn == turn:
                exchange.heard = text
                return

    def last_heard(self) -> str:
        """What the user heard last; empty if nothing."""
        return next((exchange.heard for exchange in reversed(self.exchanges) if exchange.heard), "")

    def forget(self, turn: int) -> None:
        """The turn was not over after all."""
        self.exchanges = [exchange for exchange in self.exchanges if exchange.turn != turn]

    def messages(self, said: str, *, without_turn: int | None = None) -> list[Message]:
        """The request for an answer to `said`, trimmed to the budget; `without_turn` is the one being answered."""
        self._trim(estimated_tokens(said))
        messages = [self._system]
        for exchange in self.exchanges:
            if exchange.turn == without_turn:
                continue
            messages.append(Message("user", exchange.said))
            if exchange.heard:
                messages.append(Message("assistant", exchange.heard))
        messages.append(Message("user", said))
        return messages

    def _trim(self, new_tokens: int) -> None:
        budget = self._budget_tokens - new_tokens
        if self._tokens() <= budget:
            return
        while self.exchanges and self._tokens() > budget * _KEEP_SHARE:
            del self.exchanges[0]

    def _tokens(self) -> int:
        return sum(estimated_tokens(exchange.said) + estimated_tokens(exchange.heard) for exchange in self.exchanges)
