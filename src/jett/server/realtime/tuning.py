"""A client's turn detection, as thresholds of Jett's own turn machine. Pure."""

from __future__ import annotations

from dataclasses import replace

from jett.server.realtime.config import SemanticVad, ServerVad, TurnDetection
from jett.turns.endpointing import Endpointing
from jett.turns.machine import TurnSettings

_SHARE = {"high": 0.6, "low": 2.0}
"""Of the user's own silences, for an eager and a patient client; medium and auto leave them as they are."""


def tuned(own: TurnSettings, detection: TurnDetection | None) -> TurnSettings:
    """The user's settings, as far as the client does not say otherwise; without detection nothing is listened to."""
    if detection is None:
        return own
    kept = replace(own, answers=detection.create_response, barge_in=detection.interrupt_response)
    if isinstance(detection, SemanticVad):
        return replace(kept, endpointing=_eager(own.endpointing, _SHARE.get(detection.eagerness, 1.0)))
    return _fixed(kept, detection)


def _eager(own: Endpointing, share: float) -> Endpointing:
    return replace(own, min_silence_s=own.min_silence_s * share, cap_s=own.cap_s * share)


def _fixed(own: TurnSettings, detection: ServerVad) -> TurnSettings:
    """One silence for all turns, however sure the turn detector is."""
    silence_s = detection.silence_duration_ms / 1000
    tracker = replace(
        own.tracker,
        speech_threshold=detection.threshold,
        over_reply_threshold=max(detection.threshold, own.tracker.over_reply_threshold),
        over_echo_threshold=max(detection.threshold, own.tracker.over_echo_threshold),
    )
    return replace(
        own,
        pre_roll_s=detection.prefix_padding_ms / 1000,
        endpointing=replace(own.endpointing, min_silence_s=silence_s, cap_s=silence_s),
        tracker=tracker,
    )
