"""A finished turn as OpenTelemetry spans, by the GenAI conventions: times, names of engines, and not a word. Pure.

    invoke_agent jett  |true end of speech ······································· end of the reply|
      speech_to_text      |pause_seen ··· stt_final|
      chat MODEL                                   |·· llm_first_token|
      text_to_speech                                                  |·· tts_first_audio|
      endpointing         |pause_seen ····································· commit|
      playback                                                    first_audio |············|

A span is drawn where its marks are: a command has no `chat`. Work ahead that was kept from an earlier pause began
before that pause; then its span begins with its end. How many tokens were used, engines do not tell.
Called by `telemetry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from jett.core.events import TurnReport

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_REASONS = frozenset({"interrupted", "continued", "stopped", "ended"})
_IDS = RandomIdGenerator()


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks, so that monotonic marks have a date."""

    wall_ns: int
    monotonic_s: float

    def ns(self, monotonic_s: float) -> int:
        """Nanoseconds since the Unix epoch at `monotonic_s`."""
        return self.wall_ns + round((monotonic_s - self.monotonic_s) * 1e9)


@dataclass(frozen=True, slots=True)
class _Stage:
    """A span below the turn's: which marks it lies between."""

    name: str
    begin: tuple[str, ...]
    """The first of these that was reached."""
    end: str
    engine: str = ""


_STAGES = (
    _Stage("speech_to_text", ("pause_seen",), "stt_final", "stt"),
    _Stage("chat", ("stt_final",), "llm_first_token", "llm"),
    _Stage("text_to_speech", ("llm_first_token", "stt_final"), "tts_first_audio", "tts"),
    _Stage("endpointing", ("pause_seen",), "commit", "turn"),
)


def turn_spans(
    report: TurnReport, ended: Instant, resource: Resource, scope: InstrumentationScope
) -> list[ReadableSpan]:
    """The spans of one turn, its own first; none where it has no marks (a stop phrase)."""
    if report.speech_end_monotonic_s is None or not report.stages_ms:
        return []
    zero_s = report.speech_end_monotonic_s
    at_ns = {stage: ended.ns(zero_s + ms / 1000) for stage, ms in report.stages_ms.items()}
    trace = _IDS.generate_trace_id()
    own = _context(trace)

    def span(name: str, begin_ns: int, end_ns: int, attributes: Mapping[str, Any], **more: Any) -> ReadableSpan:
        return ReadableSpan(
            name,
            more.pop("context", None) or _context(trace),
            resource=resource,
            attributes=dict(attributes),
            start_time=min(begin_ns, end_ns),
            end_time=end_ns,
            instrumentation_scope=scope,
            **more,
        )

    last_ns = max(ended.wall_ns, *at_ns.values())
    status = Status(StatusCode.ERROR if report.error else StatusCode.UNSET)
    spans = [span("invoke_agent jett", ended.ns(zero_s), last_ns, _turn(report), context=own, status=status)]
    for name, begin_ns, end_ns, attributes in _stages(report, at_ns, last_ns):
        kind = SpanKind.CLIENT if name.startswith("chat") else SpanKind.INTERNAL
        spans.append(span(name, begin_ns, end_ns, attributes, parent=own, kind=kind))
    return spans


def _stages(
    report: TurnReport, at_ns: Mapping[str, int], last_ns: int
) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    for stage in _STAGES:
        begin = next((mark for mark in stage.begin if mark in at_ns), None)
        if begin is None or stage.end not in at_ns:
            continue
        attributes = _engine(report.engines.get(stage.engine, ""), stage.name)
        name = stage.name
        if stage.name == "chat":
            name = f"chat {attributes[gen_ai.GEN_AI_REQUEST_MODEL]}"
            waited_ms = report.stages_ms[stage.end] - report.stages_ms[begin]
            attributes[gen_ai.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = max(0.0, waited_ms / 1000)
        yield name, at_ns[begin], at_ns[stage.end], attributes
    if "first_audio" in at_ns:
        yield "playback", at_ns["first_audio"], last_ns, {"jett.interrupted": report.interrupted}


def _turn(report: TurnReport) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        gen_ai.GEN_AI_OPERATION_NAME: "invoke_agent",
        gen_ai.GEN_AI_AGENT_NAME: "jett",
        gen_ai.GEN_AI_PROVIDER_NAME: "jett",
        "jett.turn.number": report.turn,
        "jett.turn.revision": report.revision,
        "jett.turn.withdrawn": report.withdrawn,
        "jett.interrupted": report.interrupted,
    }
    if report.ttfa_ms is not None:
        attributes["jett.ttfa"] = report.ttfa_ms / 1000
    if report.reason in _REASONS:
        attributes["jett.turn.end_reason"] = report.reason
    if report.error:  # its text stays at home: a server may have put words of the prompt into it
        attributes[error_attributes.ERROR_TYPE] = "turn_failed"
    return attributes


def _engine(named: str, stage: str) -> dict[str, Any]:
    """From `backend/model`, as `app.engine_names` writes it."""
    backend, _, model = named.rpartition("/")
    attributes: dict[str, Any] = {gen_ai.GEN_AI_REQUEST_MODEL: model or "unknown"}
    if stage == "chat":
        attributes[gen_ai.GEN_AI_OPERATION_NAME] = "chat"
        attributes[gen_ai.GEN_AI_PROVIDER_NAME] = backend or "unknown"
    return attributes


def _context(trace: int) -> SpanContext:
    return SpanContext(trace, _IDS.generate_span_id(), is_remote=False, trace_flags=_SAMPLED)
