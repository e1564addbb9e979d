"""`jett bench commands`: sentences understood without the language model: how fast, how rightly, how soon answered.

Decisions are timed on 1,000 sentences, those of tests/tools/sentences.tsv in turn, each with a courtesy before it now
and then, so that nothing is remembered. "Right" counts action and name; a wrong change is one that nobody asked for.
The spoken question goes through the whole loop, guard and audit log included, at the pace of real time; the containers'
health is known beforehand, as while Jett runs, so that no server is needed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.to_thread
import numpy as np

from benchmarks.report import Figures, emit, percentile, table
from benchmarks.stage import converse, true_speech_end_s
from jett.app import App, conversation_settings, open_app
from jett.audio.resample import resample
from jett.cli.failures import report
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import JettError
from jett.core.ports import Commands
from jett.guard import AuditLog, FileAnchor, Gate, Identity, Kind, Outcome, Permit, parse_policy
from jett.settings import Settings
from jett.tools.commands import GuardedCommands, Server
from jett.tools.fast_path import FastPath
from jett.tools.intent import CHANGES, Intent

SENTENCES = Path(__file__).resolve().parents[2] / "tests" / "tools" / "sentences.tsv"
CONTAINERS = {"n8n": [], "postgres": ["database", "postgresql"], "qdrant": ["vector database"], "portainer": []}
WORKFLOWS: dict[str, list[str]] = {"backup": [], "morning-report": []}
COURTESIES = ("", "", "Hey Jett, ", "Okay, ", "Jett, ", "So, ")
QUESTION = "Is post gress healthy?"
ANSWER = "postgres is up and healthy."
POLICY = """
version = 1
[containers.postgres]
actions = ["status"]
[identities.voice]
verbs = ["status"]
"""


def rows() -> list[tuple[str, str, str]]:
    """The table: text, action or "-", target."""
    lines = [line.split("\t") for line in SENTENCES.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [(line[0], line[1], line[2] if len(line) > 2 else "") for line in lines]


def decided(n_sentences: int) -> Figures:
    """Time and rightness of the fast path alone."""
    path = FastPath({**CONTAINERS, "socket-proxy": []}, WORKFLOWS)
    asked = rows()
    spans_ms: list[float] = []
    chosen = random.Random(5)
    for turn in range(n_sentences):
        text = chosen.choice(COURTESIES) + asked[turn % len(asked)][0]
        started_s = time.perf_counter()
        path.understand(text)
        spans_ms.append((time.perf_counter() - started_s) * 1000)
    right = wrong_changes = 0
    for text, action, target in asked:
        understood = path.understand(text)
        got = (understood.action.value, understood.target) if isinstance(understood, Intent) else ("-", "")
        right += got == (action, target if action != "-" else "")
        wrong_changes += isinstance(understood, Intent) and understood.action in CHANGES and got != (action, target)
    return {
        "commands_decision_p50_ms": percentile(spans_ms, 50),
        "commands_decision_p95_ms": percentile(spans_ms, 95),
        "commands_decision_worst_ms": percentile(spans_ms, 100),
        "commands_sentences": len(asked),
        "commands_must_not_match": sum(action == "-" for _, action, _ in asked),
        "commands_right_percent": round(100 * right / len(asked), 1),
        "commands_wrong_changes": wrong_changes,
    }


def guarded(folder: Path) -> Commands:
    """Real guard, real log; of the server only what is known of it beforehand."""
    gate = Gate(parse_policy(POLICY), AuditLog(folder / "audit", anchors=[FileAnchor(folder / "anchor" / "head.json")]))

    async def carry_out(permit: Permit) -> str:
        await anyio.to_thread.run_sync(gate.redeem, permit, datetime.now(UTC))
        await anyio.to_thread.run_sync(gate.finish, permit, Outcome("done"), datetime.now(UTC))
        return ANSWER

    server = Server(lambda: frozenset(CONTAINERS), carry_out, carry_out, lambda request, identity: ANSWER)
    return GuardedCommands(FastPath(CONTAINERS, WORKFLOWS), gate, server, Identity(Kind.VOICE, "owner"))


def question(app: App) -> Samples:
    """The spoken question with a little room before and after it."""
    tts = app.parts.tts
    speech = resample(tts.synthesize(QUESTION), tts.rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([silence(SAMPLE_RATE_HZ // 4), speech, silence(SAMPLE_RATE_HZ // 10)])


async def answered(times: int) -> list[float]:
    """Milliseconds from the true end of the question to the first sample of its answer, where it was understood."""
    found: list[float] = []
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            open_app(Settings.load(env={}, overrides={"stt.vocabulary": ["Postgres"]}))
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        parts = replace(app.parts, commands=guarded(folder))
        for _ in range(times):
            sound = await anyio.to_thread.run_sync(question, app)
            end_s = true_speech_end_s(parts.vad, sound)
            seen = await converse(parts, conversation_settings(app.settings), sound, enough_s=0.3)
            found += [
                (turn.first_audio_s - end_s) * 1000
                for turn in seen.reports
                if turn.reply == ANSWER and turn.first_audio_s is not None
            ]
    return found


def run(*, quick: bool = False) -> tuple[Figures, str]:
    """Flat figures (`commands_…`) and a table. Raises JettError."""
    figures = decided(200 if quick else 1000)
    times = 3 if quick else 20
    ttfa_ms = anyio.run(answered, times)
    figures |= {
        "commands_spoken_tries": times,
        "commands_spoken_answered": len(ttfa_ms),
        "commands_ttfa_p50_ms": percentile(ttfa_ms, 50),
        "commands_ttfa_p95_ms": percentile(ttfa_ms, 95),
    }
    names = {
        "decision, P50 / P95 / worst, ms": ("decision_p50_ms", "decision_p95_ms", "decision_worst_ms"),
        "sentences, of them not to match": ("sentences", "must_not_match"),
        "right, %": ("right_percent",),
        "wrong changes": ("wrong_changes",),
        f'"{QUESTION}" answered, of': ("spoken_answered", "spoken_tries"),
        "its end to first audio, P50 / P95, ms": ("ttfa_p50_ms", "ttfa_p95_ms"),
    }
    lines = [[name, " / ".join(str(figures[f"commands_{key}"]) for key in keys)] for name, keys in names.items()]
    return figures, table(lines, ["figure", "measured"])


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench commands", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer sentences, under a minute")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON to this file")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        figures, text = run(quick=args.quick)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    emit(figures, text, as_json=args.json, save=args.save)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
