"""The official Python client, unmodified, against real engines and real recordings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.core.audio import Samples
from jett.server.realtime.codec import decoded, encoded
from jett.server.realtime.config import AudioFormat
from jett.turns.phrases import normalise
from tests.server.realtime.caller import Caller, calling
from tests.server.realtime.house import Hall
from tests.server.realtime.weatherman import Weatherman
from tests.system.recordings import WORDS, clip, joined, seconds

pytestmark = pytest.mark.models
_TRANSCRIBED = {"input": {"transcription": {"model": "whisper-1"}}}
_MANUAL = {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}
_SOUND = ("response.output_audio.delta", "response.output_audio_transcript.delta")
REPLY = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


def typed(text: str) -> dict[str, Any]:
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
    }


def read_back(hall: Hall, sound: Samples, rate_hz: int) -> str:
    """What Jett's own ears make of what came."""
    return normalise(hall.parts.stt.transcribe(resample(sound, rate_hz, 16_000)).text)


async def answered(caller: Caller, count: int = 1) -> dict[str, Any]:
    return dict((await caller.until("response.done", count))["response"])


def test_a_spoken_question_gets_its_words_and_a_reply_whose_sound_says_its_transcript(hall: Hall) -> None:
    """In the order of events that OpenAI has."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.update(audio=_TRANSCRIBED)
            caller.tasks.start_soon(caller.open_microphone)
            caller.say(clip("drip_coffee"))
            response = await answered(caller)
            assert response["status"] == "completed"
            assert response["usage"]["output_tokens"] > 3
            return caller

    caller = hall.run(play)
    heard = next(e for e in caller.events if e["type"].endswith("transcription.completed"))
    assert normalise(heard["transcript"]) == WORDS["drip_coffee"]
    (data,) = caller.sound.values()
    transcript = next(e for e in caller.events if e["type"] == "response.output_audio_transcript.done")["transcript"]
    said = read_back(hall, np.frombuffer(data, np.int16), 24_000)
    assert agreement(normalise(transcript), said) > 0.6
    assert caller.kinds(*_SOUND) == [
        "session.created",
        "session.updated",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        *REPLY,
    ]
    assert hall.witnesses[0].reports[0].reply == transcript


def test_speech_over_a_reply_interrupts_it_and_is_answered(hall: Hall) -> None:
    """The client is told at once, and what it truncates is what the model remembers."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.update(audio=_TRANSCRIBED)
            await caller.send(typed("Tell me a long story about a wizard."))
            await caller.send({"type": "response.create"})
            caller.tasks.start_soon(caller.open_microphone)
            item = await caller.until("response.output_audio_transcript.delta", 3)
            caller.say(clip("house_coffee"))
            await caller.until("input_audio_buffer.speech_started")
            await caller.send(
                {
                    "type": "conversation.item.truncate",
                    "item_id": item["item_id"],
                    "content_index": 0,
                    "audio_end_ms": 600,
                }
            )
            await caller.until("conversation.item.truncated")
            first = await answered(caller)
            assert (first["status"], first["status_details"]["reason"]) == ("cancelled", "turn_detected")
            assert (await answered(caller, 2))["status"] == "completed"
            await caller.send({"type": "conversation.item.retrieve", "item_id": item["item_id"]})
            kept = (await caller.until("conversation.item.retrieved"))["item"]
            assert kept["status"] == "incomplete"
            assert len(kept["content"][0]["transcript"].split()) <= 4
            return caller

    caller = hall.run(play)
    heard = next(e for e in caller.events if e["type"].endswith("transcription.completed"))
    assert agreement(WORDS["house_coffee"], normalise(heard["transcript"])) > 0.6
    assert [e for e in caller.events if e["type"] == "error"] == []
    first, second = hall.witnesses[0].reports
    assert (first.interrupted, second.interrupted) == (True, False)
    assert len(first.heard.split()) <= 4


def test_a_manual_turn_is_committed_by_the_client(hall: Hall) -> None:
    """All at once, with nothing heard of turn detection; the reply waits for the words."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.update(audio=_MANUAL)
            await caller.append(clip("dark_roast_cappuccino"))
            await caller.send({"type": "input_audio_buffer.commit"})
            await caller.send({"type": "response.create"})
            assert (await answered(caller))["status"] == "completed"
            await caller.send({"type": "input_audio_buffer.commit"})
            error = (await caller.until("error"))["error"]
            assert error["code"] == "input_audio_buffer_commit_empty"
            return caller

    caller = hall.run(play)
    heard = next(e for e in caller.events if e["type"].endswith("transcription.completed"))
    assert normalise(heard["transcript"]) == WORDS["dark_roast_cappuccino"]
    assert "input_audio_buffer.speech_started" not in caller.kinds()
    assert hall.witnesses[0].reports[0].transcript == heard["transcript"]


def test_text_in_and_text_out_make_no_sound(hall: Hall) -> None:
    """And the next turn knows the one before."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.update(output_modalities=["text"])
            await caller.send(typed("Say hello."))
            await caller.send({"type": "response.create", "response": {"max_output_tokens": 3}})
            cut = await answered(caller)
            assert (cut["status"], cut["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
            await caller.send(typed("And now goodbye."))
            await caller.send({"type": "response.create"})
            assert (await answered(caller, 2))["status"] == "completed"
            return caller

    caller = hall.run(play)
    done = [e["text"] for e in caller.events if e["type"] == "response.output_text.done"]
    deltas = ["".join(e["delta"] for e in caller.events if e["type"] == "response.output_text.delta")]
    assert ["".join(done)] == deltas
    assert all(done)
    assert caller.sound == {}


def test_a_response_apart_is_no_part_of_the_conversation(hall: Hall) -> None:
    """It answers its own input, beside the conversation, and can be cancelled."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            own = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Say one word."}]}
            apart = {"conversation": "none", "input": [own], "output_modalities": ["text"], "metadata": {"topic": "a"}}
            await caller.send({"type": "response.create", "response": apart})
            response = await answered(caller)
            assert (response["status"], response["metadata"]) == ("completed", {"topic": "a"})
            assert response["conversation_id"] is None
            await caller.send({"type": "response.create", "response": {**apart, "output_modalities": ["audio"]}})
            created = await caller.until("response.created", 2)
            await caller.send({"type": "response.cancel", "response_id": created["response"]["id"]})
            assert (await answered(caller, 2))["status"] == "cancelled"
            return caller

    caller = hall.run(play)
    assert "conversation.item.added" not in caller.kinds()


@pytest.mark.parametrize("law", ["audio/pcmu", "audio/pcma"])
def test_telephone_sound_goes_both_ways(hall: Hall, law: str) -> None:
    """G.711 at 8 kHz is understood, and can be understood."""
    g711 = AudioFormat.model_validate({"type": law})

    async def play() -> Caller:
        async with calling(hall, rate_hz=8_000, encode=lambda samples: encoded(samples, g711)) as caller:
            both = {"format": {"type": law}}
            await caller.update(audio={"input": {**_MANUAL["input"], **both}, "output": both})
            await caller.append(clip("drip_coffee"))
            await caller.send({"type": "input_audio_buffer.commit"})
            await caller.send({"type": "response.create"})
            await answered(caller)
            return caller

    caller = hall.run(play)
    heard = next(e for e in caller.events if e["type"].endswith("transcription.completed"))
    assert agreement(WORDS["drip_coffee"], normalise(heard["transcript"])) > 0.6
    transcript = next(e for e in caller.events if e["type"] == "response.output_audio_transcript.done")["transcript"]
    said = read_back(hall, decoded(next(iter(caller.sound.values())), g711), 8_000)
    assert agreement(normalise(transcript), said) > 0.5


def test_a_function_of_the_clients_is_called_and_its_output_answered(hall: Hall) -> None:
    """The reply ends with the call; the next one reads what came of it."""
    model = Weatherman()
    hall.with_model(model)
    weather = {"type": "function", "name": "weather", "description": "How it is.", "parameters": {"type": "object"}}

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.update(tools=[weather], tool_choice="auto")
            await caller.send(typed("How is the weather in Paris?"))
            await caller.send({"type": "response.create"})
            call = await caller.until("response.function_call_arguments.done")
            assert (call["name"], call["arguments"]) == ("weather", '{"city":"Paris"}')
            first = await answered(caller)
            assert sorted(item["type"] for item in first["output"]) == ["function_call", "message"]
            output = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunshine"}
            await caller.send({"type": "conversation.item.create", "item": output})
            await caller.send({"type": "response.create"})
            await answered(caller, 2)
            return caller

    caller = hall.run(play)
    transcripts = [e["transcript"] for e in caller.events if e["type"] == "response.output_audio_transcript.done"]
    assert transcripts == ["Let me look,", "They say: sunshine."]
    last, _ = model.asked[-1]
    assert [message.role for message in last[-3:]] == ["user", "assistant", "tool"] or last[-1].role == "tool"
    assert [spec.name for spec in model.asked[0][1]][-1] == "weather"


def test_a_reply_is_cancelled_by_its_client(hall: Hall) -> None:
    """A second response at the same time is refused, and a second cancellation."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            await caller.send(typed("Tell me a long story about a wizard."))
            await caller.send({"type": "response.create"})
            await caller.until("response.output_audio.delta")
            await caller.send({"type": "response.create", "event_id": "mine"})
            error = (await caller.until("error"))["error"]
            assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "mine")
            await caller.send({"type": "response.cancel"})
            response = await answered(caller)
            assert (response["status"], response["status_details"]["reason"]) == ("cancelled", "client_cancelled")
            await caller.send({"type": "response.cancel"})
            assert (await caller.until("error", 2))["error"]["code"] == "response_cancel_not_active"
            return caller

    hall.run(play)


def test_what_is_said_is_kept_where_the_client_answers_when_it_likes(hall: Hall) -> None:
    """create_response false: the turn is an item, and the reply comes when it is asked for."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            detection = {"type": "server_vad", "silence_duration_ms": 400, "create_response": False}
            await caller.update(audio={"input": {"turn_detection": detection}}, output_modalities=["text"])
            await caller.append(joined(seconds(0.5), clip("drip_coffee"), seconds(1.0)))
            item = (await caller.until("conversation.item.done"))["item"]
            assert normalise(item["content"][0]["transcript"]) == WORDS["drip_coffee"]
            assert "response.created" not in caller.kinds()
            await caller.send({"type": "response.create"})
            await answered(caller)
            return caller

    hall.run(play)
    assert normalise(hall.witnesses[0].reports[0].transcript) == WORDS["drip_coffee"]


def test_silence_is_answered_after_the_idle_timeout(hall: Hall) -> None:
    """Counted on the audio clock, so a burst of silence is as long as it lasts."""

    async def play() -> Caller:
        async with calling(hall) as caller:
            detection = {"type": "server_vad", "idle_timeout_ms": 5_000}
            await caller.update(audio={"input": {"turn_detection": detection}}, output_modalities=["text"])
            await caller.append(joined(seconds(0.5), clip("drip_coffee"), seconds(1.0)))
            await answered(caller)
            await caller.append(seconds(6.0))
            waited = await caller.until("input_audio_buffer.timeout_triggered")
            assert 5_000 <= waited["audio_end_ms"] - waited["audio_start_ms"] <= 5_100
            await answered(caller, 2)
            return caller

    hall.run(play)
