"""One secret, said by the user, logged by a container, repeated by the model: it is nowhere afterwards.

A whole conversation on real engines, but for the words: speech-to-text hears a sentence with the secret in it, and the
language model, wrapped as `load_llm` wraps each, says it in the middle of a clause and over two.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jett.app.redacted_model import RedactedLanguageModel
from jett.cli.log_text import RedactingFormatter
from jett.cli.views import JsonLines, PlainLines
from jett.core.audio import Samples
from jett.core.errors import OperationError
from jett.core.events import SessionEvent
from jett.core.ports import Message, SpeechToText, TextToSpeech, ToolCall, ToolSpec, Transcript
from jett.guard import AuditLog, Gate, Identity, Kind, Permit, parse_policy, tail
from jett.guard.audit_files import segment_path
from jett.guard.gate import Outcome
from jett.tools.commands import Server
from jett.tools.model_tools import GuardedTools
from tests.session.conftest import Stage
from tests.system.recordings import at_once, at_rest, clip

pytestmark = pytest.mark.models

SECRET = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
PASSWORD = "hunter2swordfish"
SAID = f"My token is {SECRET}, please look at the log of n8n."
LOG = f"starting\nDB_PASSWORD={PASSWORD}\nusing {SECRET}\nready\n"
POLICY = """
version = 1
[containers.n8n]
actions = ["status", "logs"]
[identities.voice]
verbs = ["list", "status", "logs"]
"""
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Hears:
    """Port SpeechToText: a real engine whose words are others."""

    def __init__(self, engine: SpeechToText) -> None:
        self._engine = engine

    def transcribe(self, speech: Samples, *, earlier: Sequence[Transcript] = (), partial: bool = False) -> Transcript:
        return replace(self._engine.transcribe(speech, earlier=earlier, partial=partial), text=SAID)


class Speaks:
    """Port TextToSpeech: a real voice that remembers what it was given."""

    def __init__(self, engine: TextToSpeech) -> None:
        self.rate_hz = engine.rate_hz
        self.given: list[str] = []
        self._engine = engine

    def synthesize(self, clause: str) -> Samples:
        self.given.append(clause)
        return self._engine.synthesize(clause)


class Repeats:
    """Port LanguageModel: looks at the log, then repeats what it should not; remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Message] = []

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        self.shown += messages
        if messages[-1].role == "user":
            yield ToolCall("container_logs", json.dumps({"name": "n8n"}), SECRET[:8])
            return
        for piece in (
            f"Your token is {SECRET[:9]}",
            f"{SECRET[9:]}, ",
            "and the password:\n",
            PASSWORD,
            ". Is that all?",
        ):
            yield piece

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        raise NotImplementedError

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        self.shown += messages

    async def aclose(self) -> None:
        """Nothing to close."""


class World:
    """The guard, with a container whose log holds the secret, and a server whose errors do."""

    def __init__(self, folder: Path) -> None:
        self.audit = AuditLog(folder)
        self.gate = Gate(parse_policy(POLICY), self.audit)
        server = Server(lambda: frozenset({"n8n"}), self._told, self._told, lambda *_: "")
        self.tools = GuardedTools(self.gate, server, Identity(Kind.VOICE, "owner"), wall_clock=lambda: NOW)

    async def _told(self, permit: Permit) -> str:
        self.gate.redeem(permit, NOW)
        trouble = OperationError(f"docker: token={SECRET} was refused, password: {PASSWORD}")
        self.gate.finish(permit, Outcome("done", str(trouble)), NOW)
        logging.getLogger("a.library").error("connected with %s and password=%s", SECRET, PASSWORD)
        return LOG  # as if `ops` had forgotten to redact it


def test_a_planted_secret_is_nowhere_afterwards(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Two turns, so that the second prompt has the first one's history."""
    world, model, voice = World(tmp_path), Repeats(), Speaks(stage.brief.tts)
    caplog.handler.setFormatter(RedactingFormatter())
    parts = replace(
        stage.brief,
        stt=Hears(stage.brief.stt),
        llm=RedactedLanguageModel(model),
        tts=voice,
        tools=world.tools,
        commands=None,
    )
    events: list[SessionEvent] = []
    views = (JsonLines(), PlainLines())

    def observe(event: SessionEvent) -> None:
        events.append(event)
        for view in views:
            view(event)

    sayings = (at_once, clip("drip_coffee")), (at_rest(0.2), clip("dark_roast_cappuccino"))
    scene = stage.play(parts, *sayings, observer=observe)

    assert len(scene.reports) == 2
    assert all(report.error == "" and "[redacted]" in report.reply for report in scene.reports)
    assert any(message.role == "tool" and "ready" in message.content for message in model.shown), "the log was read"
    assert any(message.role == "assistant" and "redacted" in message.content for message in model.shown)
    assert scene.conversation
    assert tail(world.audit, 1)[0].kind == "outcome"
    assert "[redacted]" in caplog.text
    printed = capsys.readouterr()
    places = {
        "history": repr([asdict(exchange) for exchange in scene.conversation.history.exchanges]),
        "prompts": repr(model.shown),
        "spoken text": " ".join(voice.given),
        "events": repr(events),
        "audit": segment_path(tmp_path, 1).read_text("utf-8"),
        "log text": caplog.text,
        "JSON and plain lines": printed.out + printed.err,
    }
    for name, text in places.items():
        assert text, name
        for secret in (SECRET, SECRET[9:], PASSWORD):
            assert secret not in text, name
