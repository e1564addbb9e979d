"""The protocol as dialogues: what a client sends and what the conversation does, and what the client is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jett.server.realtime.effects import Append, Ask, Configure, Dismiss, Effect, NoteHeard, Send, Transcribe
from jett.server.realtime.response import Usage
from jett.server.realtime.session import RealtimeSession
from jett.turns.events import StopReason

USAGE = Usage(10, 5)
TYPED = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello there"}]}


class Dialogue:
    """A session, and what it says since the last look."""

    def __init__(self, **session: Any) -> None:
        self.session = RealtimeSession(
            "test", expires_at=0, instructions="Be brief.", context_tokens=2_000, model="jett"
        )
        self.session.take()
        if session:
            self.send("session.update", session=session)
            self.session.take()

    def send(self, kind: str, **fields: Any) -> None:
        self.session.receive(json.dumps({"type": kind, **fields}))

    def look(self) -> tuple[list[dict[str, Any]], list[Effect]]:
        effects = self.session.take()
        return (
            [effect.event for effect in effects if isinstance(effect, Send)],
            [effect for effect in effects if not isinstance(effect, Send)],
        )

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.look()[0]]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = [event for event in self.look()[0] if event["type"] == kind]
        return found

    def replying(self, turn: int = 1, text: str = "It is ten to five.") -> str:
        """A spoken turn and a reply of which two seconds were sent; the id of its item."""
        self.session.opened(turn, 0.5)
        self.session.said(turn, "What time is it?")
        self.session.committed(turn, 0.5, 1.5, answered=True)
        self.session.clause(turn, text)
        self.session.answering.audio("AAAA", 2.0)
        item = self.session.answering.reply(turn)
        assert item is not None
        self.session.take()
        return item.id


def test_nothing_said_is_no_turn() -> None:
    """The client learns that somebody began and stopped, and nothing more."""
    talk = Dialogue()
    talk.session.opened(1, 0.5)
    talk.session.dropped(1, 2.0)
    assert talk.kinds() == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]


def test_a_pause_and_a_new_turn_over_a_reply_are_one_beginning_of_speech() -> None:
    """The reply is silenced, then the turn is opened: the client flushes once."""
    talk = Dialogue(jett=True)
    item_id = talk.replying()
    talk.session.paused(1, 5.0)
    talk.session.opened(2, 4.7)
    assert talk.kinds() == ["input_audio_buffer.speech_started", "jett.flush"]
    talk.session.dropped(2, 5.5)
    talk.session.resumed(1, 5.5)
    assert talk.kinds() == ["input_audio_buffer.speech_stopped", "jett.resume"]
    talk.send("jett.flushed", item_id=item_id, played_ms=1_200.5, dropped_ms=10)
    assert talk.look()[1] == [NoteHeard(1, 1.2005)]


def test_a_reply_that_came_too_soon_is_deleted_with_its_turn() -> None:
    """A client that truncates it all the same is not told a mistake."""
    talk = Dialogue()
    item_id = talk.replying()
    talk.session.paused(1, 2.5)
    talk.session.heard(1, "It is")
    talk.session.stopped(1, StopReason.CONTINUED, (("It is ten to five.", 2.0),), USAGE)
    events, _ = talk.look()
    assert [event["type"] for event in events if "deleted" in event["type"]] == ["conversation.item.deleted"] * 2
    done = next(event for event in events if event["type"] == "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    assert talk.kinds() == ["conversation.item.truncated"]
    assert (
        talk.session.messages("What time is it in Paris?", 1)[1:]
        == talk.session.messages("What time is it in Paris?", None)[1:]
    )


def test_truncating_what_sounds_ends_it_there() -> None:
    """The conversation is told how much was played."""
    talk = Dialogue()
    item_id = talk.replying()
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=900)
    events, effects = talk.look()
    assert [event["type"] for event in events] == ["conversation.item.truncated"]
    assert effects == [Dismiss(0.9)]


def test_truncating_what_was_said_keeps_the_words_that_were_played() -> None:
    """For the client as for the model; beyond its end is a mistake."""
    talk = Dialogue()
    item_id = talk.replying()
    talk.session.heard(1, "It is ten to five.")
    talk.session.ended(1, (("It is ten to five.", 2.0),), USAGE, "")
    talk.look()
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=9_000)
    assert talk.one("error")["error"]["param"] == "audio_end_ms"
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=1_200)
    talk.look()
    talk.send("conversation.item.retrieve", item_id=item_id)
    assert talk.one("conversation.item.retrieved")["item"]["content"][0]["transcript"] == "It is ten"
    assert talk.session.messages("And now?", None)[2].content == "It is ten"


def test_a_reply_waits_for_the_words_of_a_manual_turn() -> None:
    """And is asked for when they are there."""
    talk = Dialogue(audio={"input": {"turn_detection": None}})
    talk.send("input_audio_buffer.append", audio="AAAA" * 2_000)
    _, effects = talk.look()
    assert [type(effect) for effect in effects] == [Append]
    talk.send("input_audio_buffer.commit")
    talk.send("response.create")
    events, (transcribe,) = talk.look()
    assert events[0]["type"] == "input_audio_buffer.committed"
    assert isinstance(transcribe, Transcribe)
    talk.session.transcribed(transcribe.item_id, "Make me a drip coffee.", 1.0)
    assert talk.look()[1] == [Ask("Make me a drip coffee.", written=False, typed=False)]


@pytest.mark.parametrize("kind", ["message", "function_call"])
def test_all_items_together_have_so_many_characters(kind: str) -> None:
    """The one that is too much is refused; deleting one makes room."""
    talk, long = Dialogue(), "a" * 30_000
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": long}] * 32}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": long}
    fits = 0
    while True:
        talk.send("conversation.item.create", item={**(message if kind == "message" else call), "id": f"i{fits}"})
        events = talk.look()[0]
        if events[0]["type"] == "error":
            break
        fits += 1
    assert fits == (4 if kind == "message" else 133)
    assert events[0]["error"]["code"] == "conversation_too_long"
    assert "4000000 characters" in events[0]["error"]["message"]
    talk.send("conversation.item.delete", item_id="i0")
    talk.send("conversation.item.create", item=TYPED)
    assert talk.kinds() == ["conversation.item.deleted", "conversation.item.added", "conversation.item.done"]


def test_what_was_typed_is_answered_with_the_conversation_before_it() -> None:
    """It is in the prompt once, whether it is an item or not."""
    talk = Dialogue()
    talk.send("conversation.item.create", item=TYPED)
    talk.send("response.create", response={"instructions": "Rhyme."})
    assert talk.look()[1] == [Ask("Hello there", written=False, typed=True)]
    messages = talk.session.messages("Hello there", 1)
    assert [(message.role, message.content) for message in messages] == [("system", "Rhyme."), ("user", "Hello there")]
    talk.session.answers(1)
    assert talk.one("response.created")["response"]["status"] == "in_progress"


def test_a_typed_stop_phrase_is_a_response_without_output() -> None:
    """A client that waits for response.done gets it; the model never reads the phrase."""
    talk = Dialogue()
    stop = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "stop"}]}
    talk.send("conversation.item.create", item=stop)
    talk.send("response.create")
    assert talk.look()[1] == [Ask("stop", written=False, typed=True)]
    talk.session.silenced(1)
    talk.session.answering.was_asked()
    told, _ = talk.look()
    assert [event["type"] for event in told] == ["response.created", "rate_limits.updated", "response.done"]
    assert (told[-1]["response"]["status"], told[-1]["response"]["output"]) == ("completed", [])
    talk.send("conversation.item.create", item=TYPED)
    said = [message.content for message in talk.session.messages("", None)]
    assert said == ["Be brief.", "Hello there"]


def test_what_cannot_be_asked_now_is_told() -> None:
    """The conversation said something else when it was asked."""
    talk = Dialogue()
    talk.send("response.create")
    talk.session.answering.was_asked()
    assert talk.one("error")["error"]["code"] == "conversation_already_has_active_response"
    talk.send("response.create")
    assert talk.look()[1] == [Ask("", written=False, typed=True)]


def test_items_have_their_places() -> None:
    """First, last, after another; an id is given once, and a deleted item is gone."""
    talk = Dialogue()
    for item_id, after in (("b", None), ("a", "root"), ("c", "a")):
        talk.send("conversation.item.create", item={**TYPED, "id": item_id}, previous_item_id=after)
    added = [event["previous_item_id"] for event in talk.look()[0] if event["type"] == "conversation.item.added"]
    assert added == [None, None, "a"]
    talk.send("conversation.item.create", item={**TYPED, "id": "a"})
    assert talk.one("error")["error"]["code"] == "item_exists"
    talk.send("conversation.item.delete", item_id="a")
    assert talk.kinds() == ["conversation.item.deleted"]
    talk.send("conversation.item.retrieve", item_id="a")
    assert talk.one("error")["error"]["code"] == "item_not_found"


def test_settings_of_the_beta_are_taken_in_their_new_places() -> None:
    """And what is not named stays as it was."""
    talk = Dialogue(instructions="Be brief.")
    talk.send(
        "session.update",
        session={"modalities": ["text"], "input_audio_format": "g711_ulaw", "turn_detection": None, "temperature": 0.8},
    )
    events, effects = talk.look()
    assert isinstance(effects[-1], Configure)
    shown = events[0]["session"]
    assert (shown["output_modalities"], shown["audio"]["input"]["format"]) == (["text"], {"type": "audio/pcmu"})
    assert shown["audio"]["input"]["turn_detection"] is None
    assert shown["instructions"] == "Be brief."


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"type": "transcription"}, "session.type"),
        ({"audio": {"output": {"speed": 1.5}}}, "session.audio.output"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16_000}}}}, "session"),
        ({"audio": {"input": {"turn_detection": {"type": "psychic"}}}}, "session.audio.input.turn_detection"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools"),
        ({"max_output_tokens": 5_000}, "session.max_output_tokens.constrained-int"),
        ({"prompt": {"id": "p"}}, "session.prompt"),
    ],
)
def test_what_jett_cannot_be_is_refused_and_changes_nothing(session: dict[str, Any], param: str) -> None:
    """With the field that is wrong."""
    talk = Dialogue()
    before = talk.session.config
    talk.send("session.update", event_id="mine", session=session)
    error = talk.one("error")["error"]
    assert error["event_id"] == "mine"
    assert error["param"].startswith(param.split(".constrained")[0])
    assert talk.session.config == before
