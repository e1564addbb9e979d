"""Traces for the owner's own collector (OTLP over HTTP), where `telemetry.traces_url` names one; off without it.

Spans are made from finished turns (`telemetry_spans`) and sent by a thread of their own from a queue of 512: when it is
full the oldest go. A collector that does not answer costs nothing but the first failure's line. At the end
what is queued is sent within two seconds, or dropped. Nothing of OpenTelemetry's environment is followed, no proxy and
no other certificates: what leaves this machine, and to where, is the settings' to say.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import httpx

from jett.core.events import Observer, SessionEvent, TurnReport, unobserved
from jett.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

QUEUE_SPANS = 512
_BATCH_SPANS = 256
_EVERY_MS = 2000
_TIMEOUT_S = 2.0
_FLUSH_S = 2.0


@asynccontextmanager
async def open_telemetry(settings: Settings, on_warning: Callable[[str], None]) -> AsyncGenerator[Observer, None]:
    """An observer that traces turns while the block lasts. `on_warning` is told once, if the collector fails.

    OpenTelemetry is imported only where an address is set.
    """
    if not settings.telemetry.traces_url:
        yield unobserved
        return
    collector = _Collector(settings.telemetry.traces_url)
    tracing = await anyio.to_thread.run_sync(_Tracing, collector)
    told: list[str] = []

    def tell_once() -> None:
        """On the event loop, where whoever is told lives; at the first turn after the failure, or at the end."""
        if collector.trouble and not told:
            told.append(collector.trouble)
            on_warning(collector.trouble)

    def observe(event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            tell_once()
            tracing.trace(event)

    try:
        yield observe
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(tracing.close)
        tell_once()


class _Tracing:
    """Makes spans of what a conversation tells, and hands them to the thread that sends them."""

    def __init__(self, collector: _Collector) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        from jett.app.telemetry_spans import Instant, turn_spans

        version = metadata.version("jett")
        resource = Resource({"service.name": "jett", "service.version": version})
        scope = InstrumentationScope("jett", version)
        self._collector = collector
        self._spans: Callable[[TurnReport], list[ReadableSpan]] = lambda report: turn_spans(
            report, Instant(time.time_ns(), time.monotonic()), resource, scope
        )
        self._sender = BatchSpanProcessor(
            _exporter(collector),
            max_queue_size=QUEUE_SPANS,
            schedule_delay_millis=_EVERY_MS,
            max_export_batch_size=_BATCH_SPANS,
            export_timeout_millis=_TIMEOUT_S * 1000,
        )

    def trace(self, report: TurnReport) -> None:
        """Queue one turn's spans, which takes no time worth naming."""
        for span in self._spans(report):
            self._sender.on_end(span)

    def close(self) -> None:
        """Send what is queued, for `_FLUSH_S` at most."""
        self._collector.until_s = time.monotonic() + _FLUSH_S
        self._sender.shutdown()  # type: ignore[no-untyped-call]
        self._collector.close()


class _Collector:
    """The address, and what went wrong with it first."""

    def __init__(self, url: str) -> None:
        base = url.rstrip("/")
        self._url = base if base.endswith("/v1/traces") else f"{base}/v1/traces"
        self._client = httpx.Client(trust_env=False, follow_redirects=False, timeout=_TIMEOUT_S)
        self.until_s: float | None = None
        """When sending is over, once it ends."""
        self.trouble = ""

    def send(self, body: bytes) -> bool:
        """Whether it was taken. Called by the sending thread alone."""
        left_s = _TIMEOUT_S if self.until_s is None else min(_TIMEOUT_S, self.until_s - time.monotonic())
        if left_s <= 0:
            return False
        try:
            headers = {"Content-Type": "application/x-protobuf"}
            with self._client.stream("POST", self._url, content=body, headers=headers, timeout=left_s) as answer:
                return self._took(f"answered {answer.status_code}" if answer.status_code >= 300 else "")
        except httpx.HTTPError as error:
            return self._took(f"cannot be reached ({type(error).__name__})")

    def close(self) -> None:
        self._client.close()

    def _took(self, wrong: str) -> bool:
        if wrong and not self.trouble:
            self.trouble = f"telemetry: {self._url} {wrong}; traces were lost, check telemetry.traces_url"
        return not wrong


def _exporter(collector: _Collector) -> _SpanExporter:
    """OpenTelemetry's own reads addresses, keys, certificates and proxies from the environment; this one does not."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Exporter(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            body: bytes = encode_spans(spans).SerializeToString()
            return SpanExportResult.SUCCESS if collector.send(body) else SpanExportResult.FAILURE

    return Exporter()


if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter as _SpanExporter
