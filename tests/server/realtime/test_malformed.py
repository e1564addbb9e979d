"""Whatever a client sends: an error that says what is wrong, nothing changed, nobody else disturbed.

`JETT_REALTIME_CASES=50000` sends as many messages as that to each side; a few hundred are sent every day.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openai.types.realtime import RealtimeErrorEvent
from websockets.asyncio.client import connect

from jett.server.realtime.client_events import _NAMES, MOST_EVENT_BYTES, MOST_MESSAGE_BYTES
from jett.server.realtime.effects import Ask, Effect, Send
from jett.server.realtime.ports import Limits
from jett.server.realtime.response import Usage
from jett.server.realtime.session import RealtimeSession
from jett.turns.events import StopReason
from tests.server.realtime.house import Hall
from tests.server.support_random import OTHERS_USE_RANDOM

CASES = int(os.environ.get("JETT_REALTIME_CASES", "400"))
_IDS = ["item_1", "root", "", "x" * 65, None, 7]

junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(_IDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = [
    "session", "audio", "item", "item_id", "previous_item_id", "content_index", "audio_end_ms", "response",
    "response_id", "event_id", "played_ms", "instructions", "tools", "turn_detection", "input", "output", "format",
    "type", "role", "content", "call_id", "arguments", "name", "output_modalities", "conversation", "jett",
]  # fmt: skip
parts = st.recursive(
    junk | st.sampled_from(["message", "user", "assistant", "input_text", "audio/pcm", "server_vad", "realtime"]),
    lambda inner: st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=10,
)
events = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(_NAMES)) | junk},
    optional={field: parts for field in _FIELDS if field != "type"},
)
messages = st.text(max_size=60) | events.map(json.dumps) | junk.map(json.dumps)


def a_session() -> RealtimeSession:
    return RealtimeSession("test", expires_at=0, instructions="Be brief.", context_tokens=2_000, model="jett")


def told(session: RealtimeSession) -> tuple[list[dict[str, Any]], list[Effect]]:
    """The events for the client, and the effects."""
    effects = session.take()
    sent = [effect.event for effect in effects if isinstance(effect, Send)]
    return sent, [effect for effect in effects if not isinstance(effect, Send)]


def check(session: RealtimeSession, message: str) -> list[Effect]:
    """What is refused is a well-formed error and has no effect."""
    before = session.errors
    session.receive(message)
    sent, effects = told(session)
    for event in sent:
        json.dumps(event).encode()
        assert event["event_id"]
        if event["type"] == "error":
            error = RealtimeErrorEvent.model_validate(event).error
            assert error.message
            assert error.type == "invalid_request_error"
    if session.errors > before:
        assert [event["type"] for event in sent] == ["error"]
        assert effects == []
    return effects


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(messages, max_size=5))
def test_no_message_breaks_the_protocol(script: list[str]) -> None:
    """Also while a reply is under way, or is taken back."""
    session = a_session()
    session.take()
    turn = 0
    for message in script:
        for effect in check(session, message):
            if isinstance(effect, Ask):
                turn += 1
                session.answers(turn)
                session.clause(turn, "Well,")
                session.answering.audio("AAAA", 0.1)
                session.take()
    session.stopped(turn, StopReason.CONTINUED, (("Well,", 0.1),), Usage())
    session.take()
    for message in script:
        check(session, message)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "invalid_json"),
        ("[1]", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('{"type": "conversation.item.retrieve", "item_id": "\\ud800"}', "invalid_json"),
        ('{"type": "nonsense"}', "unknown_event"),
        ("{}", "missing_required_parameter"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter"),
        ('{"type": "input_audio_buffer.append", "audio": "%%%"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "AAAAAA==x"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "AAAA"}', "invalid_value"),
        ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_automatic"),
        ('{"type": "conversation.item.delete", "item_id": "item_none"}', "item_not_found"),
        ('{"type": "response.cancel"}', "response_cancel_not_active"),
        ('{"type": "output_audio_buffer.clear"}', "unsupported"),
        (
            json.dumps({"type": "session.update", "session": {"instructions": "x" * MOST_EVENT_BYTES}}),
            "event_too_large",
        ),
        ("x" * (MOST_MESSAGE_BYTES + 1), "event_too_large"),
    ],
)
def test_each_mistake_has_its_code(message: str, code: str) -> None:
    """As OpenAI's own, where it has one."""
    session = a_session()
    session.take()
    session.receive(message)
    (event,), effects = told(session)
    assert (event["type"], event["error"]["code"]) == ("error", code)
    assert effects == []


@pytest.mark.filterwarnings(OTHERS_USE_RANDOM)
@pytest.mark.models
@pytest.mark.stage
def test_no_message_breaks_a_connection(hall: Hall) -> None:
    """Over real sockets: each is told its mistakes, and leaves no seat, task or thread behind."""
    patient = Hall(hall.parts, hall.settings, hall.portal, Limits(errors=10**9))
    with hall.portal.wrap_async_context_manager(patient.open()):
        before = threads_of_seats()
        send_many(patient)
        hall.run(lambda: emptied(patient))
        assert all(witness.ended for witness in patient.witnesses)
        assert threads_of_seats() == before


def threads_of_seats() -> set[threading.Thread]:
    """Other threads come and go with the pools of libraries."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("jett-")}


def send_many(hall: Hall) -> None:
    """One message after the other on one connection, each followed by one whose error is known."""
    asked = json.dumps({"type": "conversation.item.delete", "item_id": "item_none", "event_id": "known"})

    async def send(message: str) -> None:
        with anyio.fail_after(60):
            await socket.send(message)
            await socket.send(asked)
            while json.loads(await socket.recv()).get("error", {}).get("event_id") != "known":
                pass

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(messages)
    def many(message: str) -> None:
        hall.portal.call(send, message)

    with hall.portal.wrap_async_context_manager(connect(hall.url, compression=None)) as socket:
        many()


async def emptied(hall: Hall) -> None:
    """When every seat was left."""
    with anyio.fail_after(30):
        while hall.seats.taken:
            hall.seats.left = anyio.Event()
            await hall.seats.left.wait()
