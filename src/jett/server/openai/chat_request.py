"""What `/v1/chat/completions` is asked, checked, and as Jett's own messages. What cannot be honoured is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from jett.core.ports import Message, ToolCall, ToolSpec
from jett.server.openai.refusing import ApiError

MOST_MESSAGES = 200
_NAME = r"^[a-zA-Z0-9_-]{1,64}$"


class TextPart(BaseModel):
    """The one kind of part that Jett's model reads."""

    type: Literal["text"]
    text: str


class Function(BaseModel):
    """A call that the model made. `arguments` is JSON text."""

    name: str = Field(pattern=_NAME)
    arguments: str = "{}"


class Call(BaseModel):
    """The same with its id."""

    id: str = Field(max_length=128)
    type: Literal["function"] = "function"
    function: Function


class ChatMessage(BaseModel):
    """One message. A developer's is a system's."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[Call] | None = Field(default=None, max_length=8)
    tool_call_id: str = Field(default="", max_length=128)

    @property
    def text(self) -> str:
        """All of its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class OfferedFunction(BaseModel):
    """A tool of the client's."""

    name: str = Field(pattern=_NAME)
    description: str = Field(default="", max_length=4096)
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class OfferedTool(BaseModel):
    """The same, as it is sent."""

    type: Literal["function"]
    function: OfferedFunction


class StreamOptions(BaseModel):
    """Whether the stream ends with the usage."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """What Jett honours. Fields that only tune the sampling are taken and have no effect."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    model: str = Field(default="jett", max_length=200)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    n: Literal[1] | None = None
    tools: list[OfferedTool] | None = Field(default=None, max_length=64)
    tool_choice: Literal["auto", "none"] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: Literal[False] | None = None

    @property
    def most_tokens(self) -> int | None:
        """The client's own limit; Jett's holds as well."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts before which the answer ends."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)

    @property
    def has_own_prompt(self) -> bool:
        """Whether the client says who it is that answers: then it is not Jett, and nothing is a command."""
        return any(message.role in ("system", "developer") for message in self.messages)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The client's tools."""
        offered = self.tools if self.tools and self.tool_choice != "none" else []
        return tuple(ToolSpec(one.function.name, one.function.description, one.function.parameters) for one in offered)


def check(asked: ChatRequest, *, offers_tools: bool) -> None:
    """Raises ApiError for what is well formed and cannot be had."""
    if asked.response_format is not None and asked.response_format.get("type", "text") != "text":
        raise ApiError(400, "only text is answered here; leave response_format out", param="response_format")
    if asked.specs and not offers_tools:
        raise ApiError(
            400,
            "this machine's language model is offered no tools; set llm.tools = on, or leave tools out",
            param="tools",
            code="tools_not_supported",
        )
    if asked.messages[-1].role not in ("user", "tool"):
        raise ApiError(400, "the last message is not a user's or a tool's; end with the question", param="messages")


def messages_of(asked: ChatRequest, system_prompt: str) -> list[Message]:
    """As the model is shown them, with Jett's prompt in front unless there is one. Raises ApiError."""
    found = [] if asked.has_own_prompt else [Message("system", system_prompt)]
    waiting: dict[str, ToolCall] = {}
    for message in asked.messages:
        match message.role:
            case "system" | "developer":
                found.append(Message("system", message.text))
            case "tool":
                found += _answered_call(message, waiting)
            case "assistant" if message.tool_calls:
                waiting |= {
                    one.id: ToolCall(one.function.name, one.function.arguments, one.id) for one in message.tool_calls
                }
            case "user" | "assistant":
                found.append(Message(message.role, message.text))
    return found


def _answered_call(message: ChatMessage, waiting: dict[str, ToolCall]) -> list[Message]:
    """A call and its answer; of several in one message, each becomes a message with its answer behind it."""
    call = waiting.pop(message.tool_call_id, None)
    if call is None:
        raise ApiError(400, "a tool's message answers no call before it; send its tool_call_id", param="messages")
    return [Message("assistant", "", call), Message("tool", message.text, call)]
