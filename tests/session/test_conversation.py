"""Whole conversations: real recordings, real engines, the pace of real time; what was reported and what was played."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from jett.app import with_echo_cancellation
from jett.audio.simulated_room import EchoPath
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import STAGES
from jett.turns.machine import State
from jett.turns.phrases import normalise
from tests.session.conftest import Stage
from tests.system.recordings import (
    PAUSE_S,
    WORDS,
    Scene,
    at_once,
    at_rest,
    clip,
    into_reply,
    joined,
    seconds,
    understood,
)

pytestmark = pytest.mark.models

SEMINAR_ROOM = Path(__file__).parents[1] / "data" / "audio" / "room_seminar.flac"


def _cut(samples: Samples, from_s: float, until_s: float) -> Samples:
    return samples[round(from_s * SAMPLE_RATE_HZ) : round(until_s * SAMPLE_RATE_HZ)]


@pytest.fixture(scope="module")
def two_requests(stage: Stage) -> Scene:
    """Each asked when the one before is answered."""
    return stage.play(stage.brief, (at_once, clip("dark_roast_cappuccino")), (at_rest(0.3), clip("house_coffee")))


def test_two_requests_with_a_pause_between_them_are_two_turns_each_answered_to_its_end(two_requests: Scene) -> None:
    scene = two_requests
    transcripts = [report.transcript for report in scene.reports]
    assert understood(transcripts, "dark_roast_cappuccino", "house_coffee")
    assert [report.turn for report in scene.reports] == [1, 2]
    for report in scene.reports:
        assert not report.interrupted
        assert not report.error
        assert report.reply
        assert normalise(report.heard) == normalise(report.reply)
        assert report.ttfa_ms is not None
        assert report.ttfa_ms > 0
    assert normalise(" ".join(scene.clauses)) == normalise(" ".join(report.heard for report in scene.reports))
    assert scene.output.any()
    assert scene.conversation is not None
    assert [(normalise(said.said), said.heard) for said in scene.conversation.history.exchanges] == [
        (normalise(report.transcript), report.heard) for report in scene.reports
    ]


def test_the_stages_of_a_turn_come_in_their_order(two_requests: Scene) -> None:
    report = two_requests.reports[1]
    stages = report.stages_ms
    assert set(stages) == set(STAGES)
    chain = ["speech_end", "pause_seen", "stt_final", "llm_first_token", "tts_first_audio", "first_audio"]
    assert all(stages[earlier] <= stages[later] for earlier, later in pairwise(chain))
    assert stages["stt_final"] <= stages["commit"] <= stages["first_audio"]
    assert stages["speech_end"] == 0
    assert report.ttfa_ms == stages["first_audio"]


def test_a_second_request_over_the_reply_ends_it_and_is_answered(stage: Stage) -> None:
    scene = stage.play(
        stage.talkative,
        (at_once, clip("dark_roast_cappuccino")),
        (into_reply(2.4), clip("house_coffee")),
        (into_reply(0.1), clip("stop")),
    )
    first, second = scene.reports
    assert (first.interrupted, first.reason) == (True, "interrupted")
    assert len(first.heard) < len(first.reply)
    ((onset_s, silent_s),) = first.silences_s
    assert silent_s - onset_s > 0
    assert understood([second.transcript], "house_coffee")
    assert second.first_audio_s is not None
    assert scene.conversation is not None
    assert scene.conversation.history.exchanges[0].heard == first.heard


def test_a_murmur_over_the_reply_silences_it_for_a_moment_only(stage: Stage) -> None:
    scene = stage.play(stage.brief, (at_once, clip("drip_coffee")), (into_reply(0.8), clip("murmur")))
    (report,) = scene.reports
    assert State.OVERLAP in scene.states
    assert report.silences_s
    assert not report.interrupted
    assert normalise(report.heard) == normalise(report.reply)
    assert not scene.withdrawn


def test_stop_over_the_reply_ends_it_without_another(stage: Stage) -> None:
    scene = stage.play(stage.talkative, (at_once, clip("drip_coffee")), (into_reply(2.4), clip("stop")))
    reply = scene.reports[0]
    assert (reply.interrupted, reply.reason) == (True, "stopped")
    assert len(reply.heard) < len(reply.reply)
    assert not any(report.reply for report in scene.reports[1:])
    assert all(report.reason == "stopped" for report in scene.reports)


def test_a_user_who_goes_on_after_a_false_end_is_answered_as_a_whole(stage: Stage) -> None:
    request = clip("paced_up_and_down")
    scene = stage.play(
        stage.brief, (at_once, _cut(request, 0, PAUSE_S[0])), (into_reply(0.3), _cut(request, PAUSE_S[1], 6))
    )
    (withdrawn,) = scene.withdrawn
    (report,) = scene.reports
    assert agreement(WORDS["paced_up_and_down"], report.transcript) >= 0.9
    assert (report.turn, report.withdrawn) == (withdrawn.turn, 1)
    assert report.revision > withdrawn.revision
    assert withdrawn.onset_s < withdrawn.silent_s
    assert scene.conversation is not None
    (exchange,) = scene.conversation.history.exchanges
    assert exchange.said == report.transcript


def test_silence_and_noise_are_not_answered(stage: Stage) -> None:
    scene = stage.play(stage.brief, (at_once, joined(seconds(0.5), clip("exercise_bike"), clip("murmur"))))
    assert not scene.reports
    assert not scene.troubles
    assert not scene.output.any()


def test_jett_does_not_interrupt_itself_where_the_microphone_hears_the_speaker(stage: Stage) -> None:
    parts = with_echo_cancellation(replace(stage.app, parts=stage.brief), stage.brief.tts.rate_hz)
    echo = EchoPath(SEMINAR_ROOM, rate_hz=parts.tts.rate_hz, gain=0.5)
    scene = stage.play(
        parts,
        (at_once, clip("drip_coffee")),
        (at_rest(0.3), clip("dark_roast_cappuccino")),
        (at_rest(0.3), clip("drip_coffee")),
        echo=echo,
    )
    transcripts = [report.transcript for report in scene.reports]
    assert understood(transcripts, "drip_coffee", "dark_roast_cappuccino", "drip_coffee")
    assert not any(report.interrupted for report in scene.reports)
    assert not any(report.silences_s for report in scene.reports), "it paused for its own voice"
    assert not scene.withdrawn
    assert all(normalise(report.heard) == normalise(report.reply) for report in scene.reports)
