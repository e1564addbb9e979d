"""What a client may send, taken apart and made sure of. Pure; raises EventRefused for anything else."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from jett.server.realtime.config import MOST_INSTRUCTION_CHARS, Modalities, MostTokens, Shape, ToolChoice, Tools
from jett.server.realtime.refused import EventRefused, from_validation

MOST_MESSAGE_BYTES = 15 * 1024 * 1024
"""Of an event that carries sound: as OpenAI's."""
MOST_EVENT_BYTES = 1024 * 1024
"""Of any other: a conversation's text is far smaller."""
_ID = Field(min_length=1, max_length=64)
_Text = Annotated[str, Field(max_length=MOST_INSTRUCTION_CHARS)]


class ContentPart(Shape):
    """Of a message that a client writes. A picture is refused later, with a reason."""

    type: Literal[
        "input_text", "input_audio", "input_image", "output_text", "output_audio", "text", "audio", "item_reference"
    ]
    text: _Text | None = None
    transcript: _Text | None = None
    audio: str | None = None


class MessageItem(Shape):
    type: Literal["message"]
    id: Annotated[str, _ID] | None = None
    role: Literal["user", "assistant", "system"]
    content: Annotated[list[ContentPart], Field(min_length=1, max_length=32)]


class FunctionCallItem(Shape):
    type: Literal["function_call"]
    id: Annotated[str, _ID] | None = None
    call_id: Annotated[str, _ID]
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    arguments: _Text


class FunctionCallOutputItem(Shape):
    type: Literal["function_call_output"]
    id: Annotated[str, _ID] | None = None
    call_id: Annotated[str, _ID]
    output: _Text


class ItemReference(Shape):
    """Of a response's own input: an item of the conversation."""

    type: Literal["item_reference"]
    id: Annotated[str, _ID]


ClientItem = Annotated[MessageItem | FunctionCallItem | FunctionCallOutputItem, Field(discriminator="type")]
InputItem = Annotated[
    MessageItem | FunctionCallItem | FunctionCallOutputItem | ItemReference, Field(discriminator="type")
]


class ResponseParams(Shape):
    """What one response is to be otherwise than the session says."""

    conversation: Literal["auto", "none"] = "auto"
    instructions: _Text | None = None
    output_modalities: Modalities | None = None
    modalities: Modalities | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    max_output_tokens: MostTokens | None = None
    max_response_output_tokens: MostTokens | None = None
    metadata: Annotated[dict[str, Annotated[str, Field(max_length=512)]], Field(max_length=16)] | None = None
    input: Annotated[list[InputItem], Field(max_length=256)] | None = None


class _Event(Shape):
    event_id: Annotated[str, Field(max_length=512)] | None = None


class SessionUpdate(_Event):
    type: Literal["session.update"]
    session: dict[str, Any]


class BufferAppend(_Event):
    type: Literal["input_audio_buffer.append"]
    audio: str


class BufferCommit(_Event):
    type: Literal["input_audio_buffer.commit"]


class BufferClear(_Event):
    type: Literal["input_audio_buffer.clear"]


class OutputClear(_Event):
    type: Literal["output_audio_buffer.clear"]


class ItemCreate(_Event):
    type: Literal["conversation.item.create"]
    previous_item_id: Annotated[str, _ID] | None = None
    item: ClientItem


class ItemRetrieve(_Event):
    type: Literal["conversation.item.retrieve"]
    item_id: Annotated[str, _ID]


class ItemDelete(_Event):
    type: Literal["conversation.item.delete"]
    item_id: Annotated[str, _ID]


class ItemTruncate(_Event):
    type: Literal["conversation.item.truncate"]
    item_id: Annotated[str, _ID]
    content_index: Annotated[int, Field(ge=0, le=1_000)]
    audio_end_ms: Annotated[int, Field(ge=0, le=86_400_000)]


class ResponseCreate(_Event):
    type: Literal["response.create"]
    response: ResponseParams | None = None


class ResponseCancel(_Event):
    type: Literal["response.cancel"]
    response_id: Annotated[str, _ID] | None = None


class Flushed(_Event):
    """The client fell silent: of the item it played `played_ms`, and dropped the rest that it had."""

    type: Literal["jett.flushed"]
    item_id: Annotated[str, _ID]
    played_ms: Annotated[float, Field(ge=0, le=86_400_000)]
    dropped_ms: Annotated[float, Field(ge=0, le=86_400_000)] = 0.0


class Rendered(_Event):
    """The first sample of a reply was rendered."""

    type: Literal["jett.rendered"]
    item_id: Annotated[str, _ID]
    at_ms: float


class Stop(_Event):
    type: Literal["jett.stop"]


ClientEvent = (
    SessionUpdate
    | BufferAppend
    | BufferCommit
    | BufferClear
    | OutputClear
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | Flushed
    | Rendered
    | Stop
)
_EVENTS: TypeAdapter[ClientEvent] = TypeAdapter(Annotated[ClientEvent, Field(discriminator="type")])
_NAMES = {name for kind in ClientEvent.__args__ for name in kind.model_fields["type"].annotation.__args__}


def parsed(text: str) -> dict[str, Any]:
    """The JSON object of a message. Raises EventRefused."""
    if len(text) > MOST_MESSAGE_BYTES:
        raise EventRefused(f"an event is at most {MOST_MESSAGE_BYTES} bytes; send it in pieces", code="event_too_large")
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise EventRefused("a message is one JSON object", code="invalid_json") from None
    if not isinstance(event, dict):
        raise EventRefused("a message is one JSON object", code="invalid_json")
    if "\\ud" in text.lower() and not _can_be_written(event):
        raise EventRefused("a message has half a character (a lone surrogate)", code="invalid_json")
    if len(text) > MOST_EVENT_BYTES and event.get("type") != "input_audio_buffer.append":
        raise EventRefused(f"this event is at most {MOST_EVENT_BYTES} bytes", code="event_too_large")
    return event


def _can_be_written(event: dict[str, Any]) -> bool:
    try:
        json.dumps(event, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def event_id_of(event: dict[str, Any]) -> str | None:
    """Its client's name for it, to be told in an error."""
    given = event.get("event_id")
    return given if isinstance(given, str) and len(given) <= 512 else None


def client_event(event: dict[str, Any]) -> ClientEvent:
    """The event. Raises EventRefused."""
    kind = event.get("type")
    if not isinstance(kind, str):
        raise EventRefused("type: an event has a type", code="missing_required_parameter", param="type")
    if kind not in _NAMES:
        raise EventRefused("type: no such event is known here", code="unknown_event", param="type")
    try:
        return _EVENTS.validate_python(event)
    except ValidationError as error:
        refused = from_validation(error)
        param = refused.param.removeprefix(f"{kind}.") if refused.param else None
        raise EventRefused(str(refused).removeprefix(f"{kind}."), code=refused.code, param=param) from None


def sound(audio: str) -> bytes:
    """The bytes of base64 text. Raises EventRefused."""
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise EventRefused("audio: not base64", code="invalid_value", param="audio") from None
