"""What Prometheus reads: its own parser over what the route gives after a day of made-up events."""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, suppress

import psutil
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.testclient import TestClient

from jett.core.events import (
    AnnouncementEnded,
    ClauseSpoken,
    LevelMeasured,
    PartialHeard,
    ReplyWithdrawn,
    StateChanged,
    Troubled,
    TurnReport,
    WakeRejected,
    Woken,
)
from jett.guard import Identity, Kind
from jett.server.metrics import Metrics, router
from tests.server.test_memories import Doors

SAID = "swordfish"
STAGES_MS = {"speech_end": 0.0, "pause_seen": 32.0, "stt_final": 210.0, "commit": 620.0, "first_audio": 655.0}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def turn(*, reason: str = "", interrupted: bool = False, error: str = "", ttfa_ms: float | None = 655.0) -> TurnReport:
    return TurnReport(
        1,
        0,
        SAID,
        SAID,
        SAID,
        interrupted,
        reason=reason,
        error=error,
        ttfa_ms=ttfa_ms,
        stages_ms=STAGES_MS if ttfa_ms else {},
        silences_s=((4.0, 4.09),) if interrupted else (),
    )


def read(metrics: Metrics, accept: str = "text/plain") -> str:
    app = FastAPI()
    app.include_router(router(metrics))
    with TestClient(Doors(app, Identity(Kind.DASHBOARD, "owner"))) as client:
        answer = client.get("/metrics", headers={"accept": accept})
    assert answer.status_code == 200
    return answer.text


def samples(text: str) -> Samples:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in parse_text(text)
        for one in family.samples
    }


def test_turns_are_counted_by_how_they_ended_and_timed_by_stage() -> None:
    metrics = Metrics()
    observe = metrics.observer("local")
    for event in (
        turn(),
        turn(interrupted=True, reason="interrupted"),
        turn(interrupted=True, reason="stopped"),
        turn(error="llm: down"),
        turn(reason="stopped", ttfa_ms=None),
    ):
        observe(event)
    found = samples(read(metrics))
    local = ("kind", "local")
    outcomes = {name: found["jett_turns_total", (local, ("outcome", name))] for name in ("answered", "interrupted")}
    assert outcomes == {"answered": 1, "interrupted": 1}
    assert found["jett_turns_total", (local, ("outcome", "stopped"))] == 2
    assert found["jett_turns_total", (local, ("outcome", "failed"))] == 1
    assert found["jett_barge_ins_total", (local,)] == 1
    assert found["jett_ttfa_seconds_count", (local,)] == 4
    assert found["jett_ttfa_seconds_sum", (local,)] == pytest.approx(4 * 0.655)
    assert found["jett_ttfa_seconds_bucket", (local, ("le", "0.6"))] == 0
    assert found["jett_ttfa_seconds_bucket", (local, ("le", "0.7"))] == 4
    assert found["jett_turn_stage_seconds_sum", (local, ("stage", "stt_final"))] == pytest.approx(4 * 0.21)
    assert found["jett_barge_in_silence_seconds_bucket", (local, ("le", "0.1"))] == 2


def test_what_else_a_conversation_tells_is_counted() -> None:
    metrics = Metrics()
    observe = metrics.observer("realtime")
    observe(Troubled("llm: down"))
    observe(ReplyWithdrawn(1, 0, "", None, 1.0, 1.1))
    observe(AnnouncementEnded(1, SAID, SAID, False))
    observe(AnnouncementEnded(1, SAID, "", True))
    for waking in (Woken("hey_jett", 1.0), WakeRejected(2.0), Woken("key", 3.0)):
        observe(waking)
    for event in (StateChanged("idle"), LevelMeasured(-40, 0.1), PartialHeard(1, SAID), ClauseSpoken(1, SAID)):
        observe(event)
    found = samples(read(metrics))
    assert found["jett_troubles_total", (("kind", "realtime"),)] == 1
    assert found["jett_replies_withdrawn_total", (("kind", "realtime"),)] == 1
    assert found["jett_announcements_total", (("outcome", "heard"),)] == 1
    assert found["jett_announcements_total", (("outcome", "interrupted"),)] == 1
    assert found["jett_wakings_total", (("outcome", "woken"),)] == 2
    assert found["jett_wakings_total", (("outcome", "rejected"),)] == 1


def test_sessions_and_connections_go_up_and_come_down_again() -> None:
    """Also when they end in an error."""
    metrics = Metrics()
    with ExitStack() as open_now:
        open_now.enter_context(metrics.session("realtime"))
        open_now.enter_context(metrics.connection("websocket"))
        found = samples(read(metrics))
        assert found["jett_sessions_active", (("kind", "realtime"),)] == 1
        assert found["jett_connections", (("protocol", "websocket"),)] == 1
    with suppress(RuntimeError), metrics.connection("websocket"):
        raise RuntimeError
    metrics.refused("realtime")
    found = samples(read(metrics))
    assert found["jett_sessions_active", (("kind", "realtime"),)] == 0
    assert found["jett_connections", (("protocol", "websocket"),)] == 0
    assert found["jett_sessions_total", (("kind", "realtime"),)] == 1
    assert found["jett_sessions_refused_total", (("kind", "realtime"),)] == 1


def test_engines_verdicts_and_losses_are_told() -> None:
    metrics = Metrics()
    metrics.engine("stt", up=True)
    metrics.engine("llm", up=False)
    metrics.decided("restart", "confirm")
    metrics.dropped("microphone", 320)
    metrics.dropped("microphone", 0)
    found = samples(read(metrics))
    assert found["jett_engine_up", (("stage", "stt"),)] == 1
    assert found["jett_engine_up", (("stage", "llm"),)] == 0
    assert found["jett_guard_verdicts_total", (("verb", "restart"), ("verdict", "confirm"))] == 1
    assert found["jett_dropped_total", (("queue", "microphone"),)] == 320


def test_the_process_is_described_as_other_clients_do() -> None:
    found = samples(read(Metrics()))
    assert found["process_resident_memory_bytes", ()] > 1_000_000
    assert found["process_start_time_seconds", ()] == pytest.approx(psutil.Process().create_time(), abs=1)


def test_no_word_of_a_conversation_is_in_it() -> None:
    metrics = Metrics()
    observe = metrics.observer("local")
    observe(turn(error=SAID))
    observe(Troubled(SAID, SAID))
    observe(AnnouncementEnded(1, SAID, SAID, False, SAID))
    assert SAID not in read(metrics)


@settings(deadline=None)
@given(st.lists(st.text(max_size=20).map("?".__add__), min_size=1, max_size=10))
def test_the_number_of_series_does_not_grow_with_what_is_told(names: list[str]) -> None:
    """A label that nobody knows is `other`."""
    metrics = Metrics()
    for name in names:
        metrics.observer(name)(turn())
        metrics.decided(name, name)
        metrics.dropped(name, len(names))
        metrics.engine(name, up=True)
        metrics.refused(name)
        with metrics.session(name), metrics.connection(name):
            pass
    found = {value for _, labels in samples(read(metrics)) for label, value in labels if label not in _OWN}
    assert found == {"other"}


_OWN = ("le", "stage", "outcome")


def test_names_and_units_are_those_of_prometheus() -> None:
    """Lower case, base units; a counter ends in _total, a time in _seconds."""
    metrics = Metrics()
    metrics.observer("local")(turn())
    metrics.decided("restart", "allow")
    for family in parse_text(read(metrics)):
        assert re.fullmatch(r"(jett|process)_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|mib|kb)$", family.name)


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    """As Prometheus does; its strict parser takes it."""
    metrics = Metrics()
    metrics.observer("local")(turn())
    text = read(metrics, "application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert "jett_ttfa_seconds" in {family.name for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]


def test_many_threads_lose_no_count() -> None:
    metrics = Metrics()

    def lose() -> None:
        for _ in range(500):
            metrics.dropped("network", 1)

    threads = [threading.Thread(target=lose) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(read(metrics))["jett_dropped_total", (("queue", "network"),)] == 4000
