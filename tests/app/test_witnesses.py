"""A conversation over the network is kept, told to live pages, and counted while it lasts."""

from __future__ import annotations

import json
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from jett.app.history import archive_of
from jett.app.witnesses import Witnesses
from jett.core.events import Decided, SessionEvent, StateChanged, TurnReport
from jett.guard import Identity, Kind
from jett.server.live import Live
from jett.server.metrics import Metrics
from jett.settings import Settings

OWNER = Identity(Kind.DASHBOARD, "owner")


def test_a_browsers_turn_has_one_number_everywhere(tmp_path: Path) -> None:
    archive = archive_of(Settings.load(env={}, overrides={"history.dir": str(tmp_path)}))
    live, metrics = Live(run="r"), Metrics()
    others: list[SessionEvent] = []
    witnesses = Witnesses(archive, live, metrics, [others.append])
    with live.watching() as (_, coming):
        witness = witnesses.begin("realtime", OWNER)
        witness.observe(StateChanged("hearing"))
        decided = (Decided("op", "status", "n8n", "allow", "", "2026-01-01T00:00:00Z"),)
        witness.observe(TurnReport(1, 0, "is n8n up", "Yes.", "Yes.", interrupted=False, ttfa_ms=500.0, guard=decided))
        number = witness.turn_id(1)
        witness.end()
        told = []
        while coming.statistics().current_buffer_used:
            event = coming.receive_nowait()
            told.append((event.name, json.loads(event.data)))
    assert number is not None
    assert witness.turn_id(2) is None
    assert [name for name, _ in told] == ["sessions", "state", "turn", "sessions"]
    assert [data["sessions"] for name, data in told if name == "sessions"] == [1, 0]
    assert told[2][1]["id"] == number
    assert archive.recorder.written(10)
    kept = archive.turn(number)
    assert kept is not None
    assert kept.transcript == "is n8n up"
    assert [event.id for event in others if isinstance(event, TurnReport)] == [number]
    families = {family.name: family for family in text_string_to_metric_families(_text(metrics))}
    assert families["jett_guard_verdicts"].samples[0].labels == {"verb": "status", "verdict": "allow"}
    archive.close()


def _text(metrics: Metrics) -> str:
    from prometheus_client import generate_latest

    return generate_latest(metrics.registry).decode()
