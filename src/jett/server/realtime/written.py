"""Items that a client writes itself: checked, and turned into the conversation's own. Pure."""

from __future__ import annotations

from collections.abc import Callable

from jett.core.ports import ToolCall
from jett.server.realtime.client_events import (
    ClientItem,
    ContentPart,
    FunctionCallItem,
    InputItem,
    ItemReference,
    MessageItem,
)
from jett.server.realtime.items import Item, Items
from jett.server.realtime.refused import EventRefused

_KINDS = {"text": "output_text", "audio": "output_audio"}


def own_item(given: ClientItem, items: Items, new_id: Callable[[str], str]) -> Item:
    """The item to add. Raises EventRefused."""
    item_id = given.id or new_id("item")
    if isinstance(given, MessageItem):
        return _message(given, item_id)
    if isinstance(given, FunctionCallItem):
        return Item(item_id, given.type, call=ToolCall(given.name, given.arguments, given.call_id))
    call = items.call(given.call_id)
    if call is None:
        raise EventRefused(
            "no function call of this conversation has that call_id", code="item_not_found", param="item.call_id"
        )
    return Item(item_id, given.type, text=given.output, call=call)


def own_items(given: list[InputItem], items: Items, new_id: Callable[[str], str]) -> tuple[Item, ...]:
    """The items that a response is to answer instead of the conversation's. Raises EventRefused."""
    found: list[Item] = []
    among = Items()
    for one in given:
        item = items.get(one.id, "response.input") if isinstance(one, ItemReference) else own_item(one, among, new_id)
        among.add(item)
        found.append(item)
    return tuple(found)


def _message(given: MessageItem, item_id: str) -> Item:
    kind = _KINDS.get(given.content[0].type, given.content[0].type)
    if given.role != "assistant":
        kind = "input_audio" if kind.endswith("audio") else "input_text"
    elif kind.startswith("input"):
        kind = kind.replace("input", "output")
    text = "\n".join(_words(part) for part in given.content)
    return Item(item_id, "message", given.role, kind, text)


def _words(part: ContentPart) -> str:
    if part.type == "input_image":
        raise EventRefused("Jett's models see no pictures", code="unsupported_content", param="item.content")
    words = part.text if part.text is not None else part.transcript
    if words is None:
        raise EventRefused(
            "content: text, or a transcript, is missing; send sound through input_audio_buffer.append",
            code="missing_required_parameter",
            param="item.content",
        )
    return words
