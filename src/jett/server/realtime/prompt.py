"""What the language model is asked, made of a conversation's items. Pure.

The prompt's beginning stays the same from turn to turn, so that the model's cache holds: what no longer fits goes many
items at once, rarely. Messages of one side that follow each other become one, since many templates demand turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jett.core.ports import Message
from jett.server.realtime.items import Item
from jett.session.history import estimated_tokens

_KEEP_SHARE = 0.5


class Prompt:
    """Remembers from where on the conversation still fits."""

    def __init__(self, budget_tokens: int) -> None:
        self._budget_tokens = budget_tokens
        self._first: str | None = None

    def apart(self) -> Prompt:
        """For other items than the conversation's."""
        return Prompt(self._budget_tokens)

    def messages(self, items: Sequence[Item], instructions: str, said: str = "") -> list[Message]:
        """The request for an answer to the items, and to `said`, which is none of them yet."""
        system = "\n".join([instructions, *(item.text for item in items if item.role == "system")]).strip()
        room = self._budget_tokens - estimated_tokens(system) - estimated_tokens(said)
        read = [message for item in self._fitting(items, room) if (message := item.message()) is not None]
        if said:
            read.append(Message("user", said))
        if not any(message.role in ("user", "tool") for message in read):
            read.append(Message("user", instructions or "Hello"))
        return [*([Message("system", system)] if system else []), *_in_turns(read)]

    def _fitting(self, items: Sequence[Item], room: int) -> Sequence[Item]:
        ids = [item.id for item in items]
        kept = items[ids.index(self._first) :] if self._first in ids else items
        if _tokens(kept) <= room:
            return kept
        while kept and (_tokens(kept) > room * _KEEP_SHARE or kept[0].type == "function_call_output"):
            kept = kept[1:]
        self._first = kept[0].id if kept else None
        return kept


def _tokens(items: Iterable[Item]) -> int:
    return sum(estimated_tokens(item.text or (item.call.arguments if item.call else "")) for item in items)


def _in_turns(messages: list[Message]) -> list[Message]:
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is not None and last.role == message.role and message.call is None and last.call is None:
            joined[-1] = Message(last.role, f"{last.content}\n{message.content}")
        else:
            joined.append(message)
    return joined
