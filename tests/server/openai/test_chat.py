"""Chat completions and models, judged by OpenAI's own client: Jett answers, obeys, and may be another's model."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from jett.guard import AuditLog, tail
from tests.server.openai.conftest import PHONE, Place
from tests.server.support_random import OTHERS_USE_RANDOM

ASK: list[Any] = [{"role": "user", "content": "What colour is the sky? One word."}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city. Call it when the user asks for the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def test_an_answer_whole_and_in_pieces(place: Place) -> None:
    """The same words, an end, and the usage."""
    whole = place.client.chat.completions.create(model="jett", messages=ASK)
    assert whole.choices[0].finish_reason == "stop"
    assert "blue" in (whole.choices[0].message.content or "").lower()
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 10
    stream = place.client.chat.completions.create(
        model="jett", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage is not None
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


def test_a_command_is_done_through_the_guard_as_who_asks(place: Place) -> None:
    """Jett's own sentences; a token looks, and changes nothing. Each attempt is in the record."""
    restart = place.client.chat.completions.create(
        model="jett", messages=[{"role": "user", "content": "Restart n8n, please."}]
    )
    record = tail(AuditLog(place.app.settings.ops.audit_dir), 1)[0]  # type: ignore[arg-type]
    assert (record.identity, record.verb, record.verdict) == (PHONE.key, "restart", "deny")
    assert restart.choices[0].message.content
    clock = place.client.chat.completions.create(
        model="jett", messages=[{"role": "user", "content": "What time is it?"}]
    )
    assert (clock.choices[0].message.content or "").startswith("It is ")


def test_a_request_with_a_prompt_of_its_own_is_no_command(place: Place) -> None:
    """It is for the language model alone: a program that embeds Jett's model says who answers."""
    before = len(tail(AuditLog(place.app.settings.ops.audit_dir), 99))  # type: ignore[arg-type]
    messages: list[Any] = [
        {"role": "system", "content": "Translate to French. Answer with the translation only."},
        {"role": "user", "content": "Restart n8n."},
    ]
    answer = place.client.chat.completions.create(model="jett", messages=messages)
    assert answer.choices[0].message.content
    assert len(tail(AuditLog(place.app.settings.ops.audit_dir), 99)) == before  # type: ignore[arg-type]


def test_a_clients_tools_are_its_own(place: Place) -> None:
    """The model asks for them, the client answers; whole and in pieces."""
    messages: list[Any] = [{"role": "user", "content": "Use get_weather for the city of Paris."}]
    answer = place.client.chat.completions.create(model="jett", messages=messages, tools=[WEATHER])
    choice = answer.choices[0]
    if choice.message.tool_calls:
        assert choice.finish_reason == "tool_calls"
        call: Any = choice.message.tool_calls[0]
        assert call.function.name == "get_weather"
        answered = [
            *messages,
            {"role": "assistant", "tool_calls": [call.model_dump()]},
            {"role": "tool", "tool_call_id": call.id, "content": "18 degrees and sunny"},
        ]
        again = place.client.chat.completions.create(model="jett", messages=answered)
        assert again.choices[0].message.content
    else:  # the smallest models write the call as text; that is passed on as what it is
        assert choice.finish_reason in ("stop", "length")
        assert choice.message.content


def test_an_answer_ends_where_the_client_says(place: Place) -> None:
    """`stop` and `max_tokens`."""
    count: list[Any] = [{"role": "user", "content": "Count: one two three four five six seven eight."}]
    whole = place.client.chat.completions.create(model="jett", messages=count).choices[0].message.content or ""
    word = whole.split()[2]
    stopped = place.client.chat.completions.create(model="jett", messages=count, stop=[word]).choices[0]
    assert (stopped.message.content or "") == whole[: whole.find(word)]
    short = place.client.chat.completions.create(model="jett", messages=count, max_tokens=7).choices[0]
    assert short.finish_reason == "length"
    assert whole.startswith(short.message.content or "x")


def test_models(place: Place) -> None:
    """Jett, and what it is made of."""
    names = [model.id for model in place.client.models.list()]
    assert names[0] == "jett"
    assert "ctranslate2/whisper-tiny.en" in names
    assert place.client.models.retrieve("jett").owned_by == "jett"
    with pytest.raises(openai.NotFoundError, match="no such model"):
        place.client.models.retrieve("gpt-9")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "tool", "tool_call_id": "none", "content": "x"}]}, "messages"),
        ({"messages": ASK, "n": 2}, "n"),
        ({"messages": ASK, "response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": ASK, "max_tokens": 0}, "max_tokens"),
        ({}, "messages"),
    ],
)
def test_what_cannot_be_answered_is_refused(place: Place, body: dict[str, Any], param: str) -> None:
    """In OpenAI's shape, with the field."""
    answer = place.http("POST", "/v1/chat/completions", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param


def test_a_body_that_is_too_long_is_refused(place: Place) -> None:
    """A megabyte."""
    body = {"messages": [{"role": "user", "content": "x" * (1 << 20)}]}
    assert place.http("POST", "/v1/chat/completions", json=body).status_code == 413


@pytest.mark.filterwarnings(OTHERS_USE_RANDOM)
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(max_size=9), lambda x: st.lists(x, max_size=4)))
def test_whatever_is_sent_is_answered_in_openais_shape(place: Place, sent: Any) -> None:
    """Bytes that are no JSON, and JSON that is no request."""
    more: dict[str, Any] = {"content": sent} if isinstance(sent, bytes) else {"json": {"messages": sent, "stop": sent}}
    answer = place.http("POST", "/v1/chat/completions", **more)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
