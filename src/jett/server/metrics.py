"""Prometheus metrics: counts and times of what Jett does, never a word of what was said. Served at `/metrics`.

Told by whoever sees it happen: `observer` watches a conversation's events; sessions, connections, verdicts, engines and
lost sound are noted by the server. All is in a registry of its own. Labels come from fixed lists (what is not in one is
`other`), so the number of series is bounded. Names and units are Prometheus': seconds, bytes, `_total`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psutil
from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from jett.core.events import (
    STAGES,
    AnnouncementEnded,
    Observer,
    ReplyWithdrawn,
    SessionEvent,
    Troubled,
    TurnReport,
    WakeRejected,
    Woken,
)
from jett.guard import Verb
from jett.server.visitor import Visitor

_SECONDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Fine where it matters whether Jett feels quick: a reply comes after 0.5 to 1.2 s."""
_SILENCE_SECONDS = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""A barge-in is silenced within 0.15 s, or it is late."""
_FROM_END_OF_SPEECH = STAGES[1:]

KINDS = frozenset({"local", "realtime", "wyoming"})
QUEUES = frozenset({"microphone", "network", "events", "echo_reference"})
PROTOCOLS = frozenset({"sse", "websocket", "wyoming"})
ENGINES = frozenset({"vad", "turn", "stt", "llm", "tts", "embedding"})
VERDICTS = frozenset({"allow", "confirm", "confirmed", "deny"})
_VERBS = frozenset(verb.value for verb in Verb)


class Metrics:
    """All that is counted. Its methods take no time and may be called from any thread."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._ttfa = Histogram(
            "jett_ttfa_seconds",
            "True end of the user's speech to the first sample of the reply.",
            ["kind"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "jett_turn_stage_seconds",
            "True end of the user's speech to each stage of the turn.",
            ["kind", "stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._silence = Histogram(
            "jett_barge_in_silence_seconds",
            "Onset of speech over a reply to silence.",
            ["kind"],
            buckets=_SILENCE_SECONDS,
            registry=registry,
        )
        self._turns = _counter(registry, "jett_turns", "Finished turns by how they ended.", "kind", "outcome")
        self._withdrawn = _counter(registry, "jett_replies_withdrawn", "Replies that came too soon.", "kind")
        self._barge_ins = _counter(registry, "jett_barge_ins", "Replies that another turn interrupted.", "kind")
        self._announcements = _counter(registry, "jett_announcements", "Announcements by how they ended.", "outcome")
        self._troubles = _counter(registry, "jett_troubles", "Failures after which a conversation went on.", "kind")
        self._wakings = _counter(registry, "jett_wakings", "Times Jett woke, and calls that were none.", "outcome")
        self._verdicts = _counter(registry, "jett_guard_verdicts", "What the guard decided.", "verb", "verdict")
        self._begun = _counter(registry, "jett_sessions", "Conversations that began.", "kind")
        self._refused = _counter(registry, "jett_sessions_refused", "Conversations refused: no room.", "kind")
        self._dropped = _counter(registry, "jett_dropped", "Items that a full queue lost, samples of sound.", "queue")
        self._active = Gauge("jett_sessions_active", "Conversations now.", ["kind"], registry=registry)
        self._connections = Gauge("jett_connections", "Open connections.", ["protocol"], registry=registry)
        self._engines = Gauge("jett_engine_up", "1 where the engine is ready.", ["stage"], registry=registry)
        registry.register(_Process())

    def observer(self, kind: str) -> Observer:
        """For one conversation: `local`, `realtime` or `wyoming`."""
        kind = _known(kind, KINDS)

        def observe(event: SessionEvent) -> None:
            match event:
                case TurnReport():
                    self._turn(kind, event)
                case ReplyWithdrawn():
                    self._withdrawn.labels(kind).inc()
                case Troubled():
                    self._troubles.labels(kind).inc()
                case AnnouncementEnded():
                    self._announcements.labels(_announced(event)).inc()
                case Woken():
                    self._wakings.labels("woken").inc()
                case WakeRejected():
                    self._wakings.labels("rejected").inc()
                case _:
                    pass

        return observe

    @contextmanager
    def session(self, kind: str) -> Iterator[None]:
        """A conversation, for as long as it lasts."""
        self._begun.labels(_known(kind, KINDS)).inc()
        with self._active.labels(_known(kind, KINDS)).track_inprogress():
            yield

    @contextmanager
    def connection(self, protocol: str) -> Iterator[None]:
        """A connection that stays open, for as long as it does: `sse`, `websocket`, `wyoming`."""
        with self._connections.labels(_known(protocol, PROTOCOLS)).track_inprogress():
            yield

    def refused(self, kind: str) -> None:
        """A conversation for which there was no room."""
        self._refused.labels(_known(kind, KINDS)).inc()

    def dropped(self, queue: str, items: int) -> None:
        """So many more were lost: samples of `microphone`, `network` or `echo_reference`, or `events`."""
        self._dropped.labels(_known(queue, QUEUES)).inc(items)

    def decided(self, verb: str, verdict: str) -> None:
        """The guard's word on a request: `allow`, `confirm`, `confirmed`, `deny`."""
        self._verdicts.labels(_known(verb, _VERBS), _known(verdict, VERDICTS)).inc()

    def engine(self, stage: str, *, up: bool) -> None:
        """Whether an engine is ready to work."""
        self._engines.labels(_known(stage, ENGINES)).set(int(up))

    def _turn(self, kind: str, report: TurnReport) -> None:
        self._turns.labels(kind, _outcome(report)).inc()
        if report.reason == "interrupted":
            self._barge_ins.labels(kind).inc()
        for onset_s, silent_s in report.silences_s:
            self._silence.labels(kind).observe(max(0.0, silent_s - onset_s))
        for decision in report.guard:
            self.decided(decision.verb, decision.verdict)
        if report.ttfa_ms is not None:
            self._ttfa.labels(kind).observe(report.ttfa_ms / 1000)
        for stage in _FROM_END_OF_SPEECH:
            if stage in report.stages_ms:
                self._stages.labels(kind, stage).observe(max(0.0, report.stages_ms[stage] / 1000))


class _Process(Collector):
    """This process, under the names that Prometheus' own clients use."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        process = psutil.Process()
        with process.oneshot():
            rss_bytes, started_s, threads = process.memory_info().rss, process.create_time(), process.num_threads()
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=rss_bytes)
        yield GaugeMetricFamily("process_start_time_seconds", "Start since the Unix epoch.", value=started_s)
        yield GaugeMetricFamily("process_threads", "Threads.", value=threads)


def router(metrics: Metrics) -> APIRouter:
    """`/metrics`, for a scraper with a token, in the format that it asks for."""
    routes = APIRouter()

    @routes.get("/metrics", operation_id="readMetrics", include_in_schema=False)
    def read_metrics(visitor: Visitor, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return routes


def _counter(registry: CollectorRegistry, name: str, words: str, *labels: str) -> Counter:
    return Counter(name, words, labels, registry=registry)


def _known(value: str, values: frozenset[str]) -> str:
    return value if value in values else "other"


def _outcome(report: TurnReport) -> str:
    """`failed` before all else: something was said instead of an answer, or half of one."""
    if report.error:
        return "failed"
    if report.reason == "stopped":
        return "stopped"
    if report.reason == "ended":
        return "ended"
    return "interrupted" if report.interrupted else "answered"


def _announced(event: AnnouncementEnded) -> str:
    if event.error:
        return "failed"
    return "interrupted" if event.interrupted else "heard"
