"""Traces as a collector on this machine gets them: real HTTP, the bytes of it, and what is not among them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from jett.app.telemetry import QUEUE_SPANS, open_telemetry
from jett.core.events import ClauseSpoken, PartialHeard, Troubled, TurnReport, unobserved
from jett.settings import Settings

pytestmark = pytest.mark.anyio
PLANTED = ("swordfish", "marmalade", "pelican", "thimble", "zeppelin")
STAGES_MS = {
    "speech_end": 0.0,
    "pause_seen": 32.0,
    "stt_final": 210.0,
    "llm_first_token": 400.0,
    "tts_first_audio": 520.0,
    "commit": 620.0,
    "first_audio": 655.0,
}
ENGINES = {
    "turn": "smart-turn-v3.2",
    "stt": "ctranslate2/whisper-tiny.en",
    "llm": "ollama/qwen3-8b",
    "tts": "piper/joe",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Collector:
    """What arrived, as bytes."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200
    release: threading.Event = field(default_factory=threading.Event)
    """An answer is given once it is set."""

    def spans(self) -> list[Span]:
        found: list[Span] = []
        for body in self.bodies:
            for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [span for scope in one.scope_spans for span in scope.spans]
        return found


@contextmanager
def collecting(*, answering: bool = True) -> Iterator[Collector]:
    collector = Collector()
    if answering:
        collector.release.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.paths.append(self.path)
            collector.bodies.append(body)
            collector.release.wait(30)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

        def handle(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the sender did not wait
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        collector.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def turn(number: int = 3, *, error: str = "", stages_ms: dict[str, float] | None = None) -> TurnReport:
    transcript, reply, heard, *_ = PLANTED
    return TurnReport(
        number,
        1,
        transcript,
        reply,
        heard,
        interrupted=False,
        ttfa_ms=655.0,
        stages_ms=STAGES_MS if stages_ms is None else stages_ms,
        speech_end_monotonic_s=time.monotonic() - 3.0,
        error=error,
        engines=ENGINES,
    )


def settings(url: str) -> Settings:
    return Settings.load(env={}, overrides={"telemetry.traces_url": url})


async def traced(collector: Collector, *events: object) -> list[str]:
    """Have these told, and what the owner was warned of."""
    warnings: list[str] = []
    async with open_telemetry(settings(collector.url), warnings.append) as observe:
        for event in events:
            observe(event)  # type: ignore[arg-type]
    return warnings


def attributes(span: Span) -> dict[str, object]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes}


async def test_a_turn_is_one_trace_with_a_span_for_each_stage() -> None:
    """Names and attributes are those of the GenAI conventions."""
    with collecting() as collector:
        assert await traced(collector, turn()) == []
    assert collector.paths == ["/v1/traces"]
    own, *stages = collector.spans()
    assert own.name == "invoke_agent jett"
    assert not own.parent_span_id
    assert [span.name for span in stages] == [
        "speech_to_text",
        "chat qwen3-8b",
        "text_to_speech",
        "endpointing",
        "playback",
    ]
    assert {span.trace_id for span in (own, *stages)} == {own.trace_id}
    assert {span.parent_span_id for span in stages} == {own.span_id}
    assert len({span.span_id for span in (own, *stages)}) == 6
    chat = attributes(stages[1])
    assert chat["gen_ai.operation.name"] == "chat"
    assert chat["gen_ai.request.model"] == "qwen3-8b"
    assert chat["gen_ai.provider.name"] == "ollama"
    assert chat["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.19)
    assert attributes(own)["gen_ai.operation.name"] == "invoke_agent"
    assert attributes(own)["jett.ttfa"] == pytest.approx(0.655)


async def test_times_are_the_marks_on_the_wall_clock() -> None:
    """The monotonic end of speech, three seconds ago, and each stage as far after it as it was, to a microsecond."""
    before_ns = time.time_ns()
    with collecting() as collector:
        await traced(collector, turn())
    after_ns = time.time_ns()
    own, stt, chat, *_, playback = collector.spans()
    assert before_ns - 3.05e9 <= own.start_time_unix_nano <= after_ns - 2.95e9
    zero_ns = own.start_time_unix_nano
    assert (stt.start_time_unix_nano - zero_ns) == pytest.approx(32e6, abs=1000)
    assert (stt.end_time_unix_nano - zero_ns) == pytest.approx(210e6, abs=1000)
    assert (chat.end_time_unix_nano - zero_ns) == pytest.approx(400e6, abs=1000)
    assert (playback.start_time_unix_nano - zero_ns) == pytest.approx(655e6, abs=1000)
    assert before_ns <= playback.end_time_unix_nano == own.end_time_unix_nano <= after_ns


async def test_no_word_leaves_the_machine() -> None:
    """Neither of the turn, nor of what went wrong with it, nor of any other event."""
    with collecting() as collector:
        await traced(
            collector,
            PartialHeard(3, PLANTED[0]),
            ClauseSpoken(3, PLANTED[1]),
            Troubled(PLANTED[3], PLANTED[4]),
            turn(error=f"llm: the server said {PLANTED[3]} and {PLANTED[4]}"),
        )
    body = b"".join(collector.bodies)
    assert len(collector.spans()) == 6
    assert not [word for word in PLANTED if word.encode() in body]
    own = collector.spans()[0]
    assert own.status.code == Status.STATUS_CODE_ERROR
    assert attributes(own)["error.type"] == "turn_failed"
    assert own.status.message == ""


async def test_a_command_has_no_chat_and_a_stop_phrase_no_trace() -> None:
    commanded = {stage: ms for stage, ms in STAGES_MS.items() if stage != "llm_first_token"}
    with collecting() as collector:
        await traced(collector, turn(stages_ms=commanded), TurnReport(4, 0, "stop", "", "", interrupted=False))
    names = [span.name for span in collector.spans()]
    assert names == ["invoke_agent jett", "speech_to_text", "text_to_speech", "endpointing", "playback"]


async def test_work_that_was_kept_from_an_earlier_pause_ends_no_sooner_than_it_begins() -> None:
    """A draft's first token may be older than the last transcript."""
    kept = STAGES_MS | {"stt_final": 410.0, "llm_first_token": 400.0}
    with collecting() as collector:
        await traced(collector, turn(stages_ms=kept))
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in collector.spans())


async def test_without_an_address_nothing_is_observed() -> None:
    async with open_telemetry(Settings.load(env={}), pytest.fail) as observe:
        assert observe is unobserved
        observe(turn())


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_collector_that_refuses_is_told_of_once(status: int) -> None:
    """However many turns there were."""
    with collecting() as collector:
        collector.status = status
        warnings = await traced(collector, *(turn(number) for number in range(100)))
    assert len(warnings) == 1
    assert f"answered {status}" in warnings[0]
    assert "telemetry.traces_url" in warnings[0]


async def test_a_collector_that_is_not_there_costs_a_line() -> None:
    warnings: list[str] = []
    async with open_telemetry(settings("http://127.0.0.1:9"), warnings.append) as observe:
        observe(turn())
    assert len(warnings) == 1
    assert "cannot be reached" in warnings[0]


async def test_a_collector_that_hangs_holds_up_neither_the_turns_nor_the_end() -> None:
    """The queue is bounded and the end is too, so that the hang limit is what fails."""
    with collecting(answering=False) as collector, anyio.fail_after(20):
        warnings = await traced(collector, *(turn(number) for number in range(QUEUE_SPANS)))
        assert len(warnings) == 1
        assert len(collector.bodies) <= 3


async def test_the_environment_says_neither_where_nor_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, certificates, and OpenTelemetry's own variables."""
    for name, value in {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": "/nowhere",
        "SSL_CERT_FILE": "/nowhere",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-leak=swordfish",
        "OTEL_RESOURCE_ATTRIBUTES": "leak=swordfish",
        "OTEL_TRACES_SAMPLER": "always_off",
    }.items():
        monkeypatch.setenv(name, value)
    with collecting() as collector:
        assert await traced(collector, turn()) == []
    assert len(collector.spans()) == 6
    assert b"leak" not in b"".join(collector.bodies)
