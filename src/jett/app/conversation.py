"""What one conversation is made of, from the user's settings: how turns are judged, and whose echo is taken out."""

from __future__ import annotations

from dataclasses import replace

from jett.app.opening import App
from jett.session.parts import ConversationSettings, Parts
from jett.settings import Settings
from jett.turns.asleep import AsleepSettings
from jett.turns.endpointing import Endpointing
from jett.turns.machine import TurnSettings
from jett.turns.speech_tracker import TrackerSettings


def conversation_settings(settings: Settings) -> ConversationSettings:
    """The session's settings, from the user's."""
    turn, vad = settings.turn, settings.vad
    tracker = TrackerSettings(
        speech_threshold=vad.threshold,
        onset_frames=max(1, round(vad.min_speech_ms / 32)),
        over_reply_threshold=max(vad.threshold, vad.over_reply_threshold),
        over_echo_threshold=max(vad.threshold, vad.over_echo_threshold),
        over_reply_frames=max(1, round(turn.barge_in_s * 1000 / 32)),
    )
    endpointing = Endpointing(
        min_silence_s=turn.min_silence_s,
        cap_s=turn.cap_s,
        even=turn.even_probability,
    )
    turns = TurnSettings(
        pre_roll_s=vad.pre_roll_ms / 1000,
        speculate_after_s=turn.speculate_after_s,
        continuation_s=turn.continuation_s,
        max_turn_s=turn.max_turn_s,
        endpointing=endpointing,
        tracker=tracker,
    )
    return ConversationSettings(
        system_prompt=settings.llm.system_prompt,
        context_tokens=settings.llm.context_tokens - settings.llm.max_tokens,
        turns=turns,
        partials=settings.stt.partials,
        prefill=settings.llm.backend != "ollama",
        asleep=AsleepSettings(follow_up_s=settings.wake.follow_up_s, earcon=settings.wake.earcon),
        refractory_s=settings.wake.refractory_s,
    )


def with_echo_cancellation(app: App, rate_hz: int) -> Parts:
    """The parts for a live conversation: what the speaker plays is taken out of what the microphone hears."""
    if not app.settings.audio.echo_cancellation:
        return app.parts
    from jett.audio.echo import EchoReference, WebRtcEchoCanceller

    canceller = WebRtcEchoCanceller(noise_suppression=app.settings.audio.noise_suppression)
    return replace(app.parts, canceller=canceller, echo_reference=EchoReference(rate_hz))
