"""The items of one conversation: what a client sees of it, and what the language model reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jett.core.ports import Message, ToolCall
from jett.server.realtime.refused import EventRefused

MOST_ITEMS = 2_000
"""From here on a client may add no more; what is spoken has its place, and a session its end."""
MOST_CHARS = 4_000_000
"""Of all items together, likewise: 2,000 of the longest would be gigabytes. A model's context holds far less."""
ROOT = "root"
Clips = tuple[tuple[str, float], ...]
"""The clauses of a reply and their seconds."""


@dataclass(slots=True)
class Item:
    """One item. `turn` is the conversation's, 0 for what a client wrote; `clips` tell where a reply's words are."""

    id: str
    type: str
    role: str = ""
    kind: str = ""
    """Of a message's one part: input_text, input_audio, output_text, output_audio."""
    text: str = ""
    """Of a message, its words; of a function's output, the output."""
    heard: str | None = None
    """Of a reply: the words that were heard, once that is known."""
    unread: bool = False
    """Nothing that the model is told: Jett's own sentence about a failure, or a stop phrase that was typed."""
    call: ToolCall | None = None
    status: str = "completed"
    turn: int = 0
    clips: Clips = ()
    seconds: float = 0.0
    """Of a reply: how much sound of it was sent."""

    @property
    def chars(self) -> int:
        """How many it holds."""
        return len(self.text) + (len(self.call.arguments) if self.type == "function_call" and self.call else 0)

    @property
    def is_reply(self) -> bool:
        return self.role == "assistant"

    def wire(self) -> dict[str, Any]:
        """As a client sees it; the sound itself is not kept."""
        shown: dict[str, Any] = {"id": self.id, "object": "realtime.item", "type": self.type, "status": self.status}
        if self.type == "message":
            return {**shown, "role": self.role, "content": [self.part()]}
        assert self.call is not None
        if self.type == "function_call":
            return {**shown, "call_id": self.call.id, "name": self.call.name, "arguments": self.call.arguments}
        return {**shown, "call_id": self.call.id, "output": self.text}

    @property
    def words(self) -> str:
        """Of a reply, as far as it counts."""
        return self.text if self.heard is None else self.heard

    def part(self) -> dict[str, Any]:
        """A message's content."""
        return {"type": self.kind, "transcript" if self.kind.endswith("audio") else "text": self.words}

    def message(self) -> Message | None:
        """As the language model reads it; None where there is nothing to read."""
        if self.type == "function_call":
            return Message("assistant", "", self.call)
        if self.type == "function_call_output":
            return Message("tool", self.text, self.call)
        if not self.words.strip() or self.role == "system" or self.unread:
            return None
        return Message("assistant" if self.is_reply else "user", self.words)

    def cut_at(self, seconds: float) -> None:
        """Only what was played until then counts: whole clauses, then the share of the last one that was begun."""
        self.heard = words_until(self.clips, seconds) if self.clips else ""
        self.seconds = min(self.seconds, seconds)
        self.status = "incomplete"


def words_until(clips: Clips, seconds: float) -> str:
    """The words of `clips` that are over after so many seconds."""
    heard: list[str] = []
    for text, length_s in clips:
        words = text.split()
        share = 1.0 if seconds >= length_s else max(0.0, seconds) / max(length_s, 1e-6)
        heard += words[: int(len(words) * share)]
        seconds -= length_s
        if share < 1.0:
            break
    return " ".join(heard)


@dataclass(slots=True)
class Items:
    """In order."""

    _items: list[Item] = field(default_factory=list)
    _at: dict[str, Item] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Any:
        return iter(self._items)

    @property
    def chars(self) -> int:
        """Of all; a reply grows while it is made, so they are counted when it matters."""
        return sum(item.chars for item in self._items)

    def get(self, item_id: str, param: str = "item_id") -> Item:
        """Raises EventRefused."""
        found = self._at.get(item_id)
        if found is None:
            raise EventRefused("there is no such item in this conversation", code="item_not_found", param=param)
        return found

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Put in, at the end or after another; the id of the one before it. Raises EventRefused."""
        if item.id in self._at:
            raise EventRefused("an item of this id is there already", code="item_exists", param="item.id")
        place = self._place(after)
        self._items.insert(place, item)
        self._at[item.id] = item
        return self._items[place - 1].id if place else None

    def before(self, item: Item) -> str | None:
        """The id of the item before `item`."""
        place = self._items.index(item)
        return self._items[place - 1].id if place else None

    def remove(self, item: Item) -> None:
        self._items.remove(item)
        del self._at[item.id]

    def of_turn(self, turn: int) -> list[Item]:
        """What came of one turn."""
        return [item for item in self._items if item.turn == turn]

    def call(self, call_id: str) -> ToolCall | None:
        """The function call that an output answers."""
        calls = (item.call for item in reversed(self._items) if item.type == "function_call")
        return next((call for call in calls if call is not None and call.id == call_id), None)

    def last_said(self) -> str:
        """What the user said or typed, where nothing came after it; else empty."""
        last = self._items[-1] if self._items else None
        return last.text if last is not None and last.role == "user" else ""

    @property
    def last_was_typed(self) -> bool:
        """Whether what `last_said` gives was not spoken."""
        return not (self._items and self._items[-1].kind == "input_audio")

    def forget_last_said(self) -> None:
        """The model is not told of it; the client still has it."""
        if self.last_said():
            self._items[-1].unread = True

    def _place(self, after: str | None) -> int:
        if after is None:
            return len(self._items)
        if after == ROOT:
            return 0
        return self._items.index(self.get(after, "previous_item_id")) + 1
