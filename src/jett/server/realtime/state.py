"""What the halves of the protocol share: settings, items, names, and what is to be done next. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jett.server.realtime.config import SessionConfig
from jett.server.realtime.effects import Effect, Send
from jett.server.realtime.items import Item, Items


class Names:
    """Ids that no other connection gives: its own random part, then a number."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._given = 0

    def __call__(self, kind: str) -> str:
        """Such as `item_5f3a9c01_17`."""
        self._given += 1
        return f"{kind}_{self._seed}_{self._given}"


@dataclass(slots=True)
class State:
    """Of one session."""

    config: SessionConfig
    new_id: Callable[[str], str]
    default_instructions: str = ""
    items: Items = field(default_factory=Items)
    conversation_id: str = ""
    effects: list[Effect] = field(default_factory=list)

    def send(self, event: dict[str, Any]) -> None:
        """To the client, next."""
        self.effects.append(Send({"event_id": self.new_id("event"), **event}))

    def send_jett(self, kind: str, **fields: Any) -> None:
        """The same, for clients that asked for Jett's own events."""
        if self.config.jett:
            self.send({"type": f"jett.{kind}", **fields})

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def take(self) -> list[Effect]:
        """What is to be done by now."""
        taken, self.effects = self.effects, []
        return taken

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Into the conversation, and tell; the id of the one before. Raises EventRefused."""
        before = self.items.add(item, after)
        self.send({"type": "conversation.item.added", "previous_item_id": before, "item": item.wire()})
        self.send({"type": "conversation.item.done", "previous_item_id": before, "item": item.wire()})
        return before
