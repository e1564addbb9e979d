"""A reply for which the language model may use tools: it looks, then it answers.

    model ─► text … call ─► wait for the commit ─► the tool ─► its result to the model ─► text …
                                                     ├─► a question, a refusal: said as it is, and the reply ends
                                                     └─► a tool of the program that listens: the reply ends

A server that refuses a request with tools (its model has no template for them) is asked once more without.
Nothing is used while the turn is only a draft. At most MOST_STEPS tools in a reply, one after another; what somebody
else wrote (a container's log) is answered with words only: no further tool is offered after it. Called by `draft`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from jett.core.errors import NothingSaid, RequestRefused
from jett.core.ports import LanguageModel, Message, ToolCall, Tools

MOST_STEPS = 3


async def acting(
    llm: LanguageModel, tools: Tools, messages: Sequence[Message], committed: Callable[[], Awaitable[object]]
) -> AsyncGenerator[str, None]:
    """Text to be spoken, as it is generated. Closing it frees the model. Raises JettError."""
    conversation, offered = list(messages), tools.specs()
    for step in range(MOST_STEPS + 1):
        offered = offered if step < MOST_STEPS else ()
        said, call = "", None
        try:
            async with aclosing(llm.act(conversation, offered)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        call = piece
                        break
                    said += piece
                    yield piece
        except RequestRefused:
            if said or not offered:
                raise
            offered = ()
            continue
        if call is None:
            return
        if not offered:
            if not said.strip():
                raise NothingSaid(
                    "llm: the model asked for one more tool instead of answering; name a better llm.model"
                )
            return
        await committed()
        result = await tools.use(call)
        if result.spoken:
            yield f" {result.spoken}"
        if result.spoken or result.elsewhere:
            return
        offered = () if result.untrusted else offered
        conversation += [Message("assistant", said, call), Message("tool", result.text, call)]
        if said:
            yield " "
