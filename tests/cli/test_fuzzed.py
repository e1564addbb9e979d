"""The whole HTTP surface of a real `jett serve`, judged by schemathesis against its own OpenAPI document.

Each operation gets boundary values and random bodies, fit and unfit: each answer must be one that the document has, in
the shape that it says, and none a crash. Afterwards nothing may be left of it: no seat, no thread, no open file. Every
day each operation gets a few, but those that speak or answer at length; `JETT_HTTP_CASES=500` sends so many to each,
and to those a twentieth of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from jett.history import Archive
from jett.history.sqlite import FILE, SqliteDatabase
from tests.cli.conftest import Jett
from tests.cli.test_serve import free_address, served
from tests.history.support import say
from tests.system.conftest import _engine, engine
from tests.system.docker_engine import TestEngine

__all__ = ["_engine", "engine"]

CASES = int(os.environ.get("JETT_HTTP_CASES", "3"))
_MANY = CASES > 3
_LIMIT_S = 7_200 if _MANY else 400
_SECONDS = "300"
"""For one answer: on a slow machine four thousand characters are spoken for a minute."""
_JUDGE = Path(sys.executable).with_name("schemathesis")
_SLOW = ("createSpeech", "createChatCompletion", "previewVoice")
_POOL = 40
"""Threads that may stay: those in which blocking routes run are kept for the next request."""
_SPARE = 8
"""Open files that may be added: databases and their journals, each opened once when it is first asked."""
_ALL = (
    *("--exclude-method", "DELETE"),
    *(word for name in ("watchLive", *_SLOW) for word in ("--exclude-operation-id", name)),
)
_AT_LENGTH = tuple(word for name in _SLOW for word in ("--include-operation-id", name))
_DELETIONS = ("--include-method", "DELETE", "--exclude-operation-id", "leave")
_PATIENT = ("--rate-limit", "auto")  # waits when the doors say that it was too fast
_CONTAINERS = ("--include-tag", "containers", "--exclude-operation-id", "followContainerLog")

pytestmark = pytest.mark.stage

POLICY = """
version = 1
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[identities.dashboard]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
"""
_CONFIGURATION = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", {unready}]

[dictionaries]
conversations = {{ values = [{conversation}] }}
turns = {{ values = [{turns}] }}
containers = {{ values = ["n8n"] }}

[[operations]]
include-path-regex = "^/api/conversations/"
parameters = {{ "path.id" = {{ dictionary = "conversations" }} }}

[[operations]]
include-path-regex = "^/api/turns/"
parameters = {{ "path.id" = {{ dictionary = "turns" }} }}

[[operations]]
include-path-regex = "^/api/containers/"
parameters = {{ "path.name" = {{ dictionary = "containers" }} }}
"""


class Judge:
    """Sends what schemathesis thinks of, as a browser that is let in."""

    def __init__(self, url: str, browser: httpx.Client, folder: Path, configuration: str) -> None:
        self._folder = folder
        (folder / "schemathesis.toml").write_text(configuration, "utf-8")
        shown = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
            "X-Jett-CSRF": browser.get("/api/session").json()["csrf"],
            "Origin": url,
        }
        self._words: list[str | Path] = [
            *(_JUDGE, "--config-file", "schemathesis.toml", "run", f"{url}/api/openapi.json", "--no-color"),
            *("--phases", "coverage,fuzzing", "--continue-on-failure"),
            *("--request-timeout", _SECONDS, "--max-response-time", _SECONDS, "--suppress-health-check", "all"),
            # what is fit for the document may still be refused: no such voice, no such turn
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *("--report", "json", "--report-json-path", "report.json"),
            *(word for name, value in shown.items() for word in ("--header", f"{name}: {value}")),
        ]

    def judges(self, *which: str, cases: int = CASES) -> dict[str, Any]:
        """Its report, when it found nothing wrong."""
        words: list[str | Path] = [*self._words, "--max-examples", str(cases), *which]
        done = subprocess.run(words, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
        report: dict[str, Any] = json.loads((self._folder / "report.json").read_text("utf-8"))
        print(f"{' '.join(which)}: {report['test_cases']}")
        return report


def taken(report: dict[str, Any], operation: str) -> int:
    """How many of the operation's requests were done."""
    return sum(int(phase["accepted"]) for phase in report["valid_rates"][operation].values())


def held(pid: int) -> tuple[int, int, int]:
    """Files and connections that the process has open, its threads, its children."""
    process = psutil.Process(pid)
    return process.num_fds(), process.num_threads(), len(process.children(recursive=True))


def policy(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    (folder / "policy.toml").chmod(0o600)


@pytest.mark.models
@pytest.mark.timeout(_LIMIT_S)
def test_every_operation_answers_as_the_document_says_whatever_is_sent(jett: Jett) -> None:
    """What deletes comes last, so that there is something to read before. Nobody signs out, nor watches without an end;
    a log that is followed ends at once, as there is no container engine."""
    policy(jett.folder)
    archive = Archive(SqliteDatabase(jett.folder / "history" / FILE))
    turns = say(archive, ("Is n8n up?", "It is up."), ("Thanks.", "Gladly."))
    archive.close()
    (conversation,) = {row["conversation_id"] for row in jett.lines("history", "list")}
    env = {"JETT_SERVER__ADDRESS": free_address(), "JETT_SERVER__ACTIONS": "true", "JETT_LLM__MAX_TOKENS": "8"}
    with (
        served(jett, **env) as (told, process),
        httpx.Client(base_url=told["address"], trust_env=False, follow_redirects=True) as browser,
    ):
        browser.get(told["link"])
        # 503: there is no container engine here, and no speaker
        configuration = _CONFIGURATION.format(conversation=conversation, turns=str(turns)[1:-1], unready=503)
        judge = Judge(told["address"], browser, jett.folder, configuration)
        files, threads, children = held(process.pid)
        report = judge.judges(*_ALL, *_PATIENT)
        for operation in ("GET /api/conversations/{id}", "GET /api/turns/{id}", "POST /api/memories"):
            assert taken(report, operation) > 0, operation
        if _MANY:
            judge.judges(*_AT_LENGTH, *_PATIENT, cases=CASES // 20 + 1)
        deleted = judge.judges(*_DELETIONS, *_PATIENT)
        assert taken(deleted, "DELETE /api/history") > 0
        assert report["test_cases"]["generated"] + deleted["test_cases"]["generated"] > 300
        assert browser.get("/api/status").json()["sessions"] == 0
        now = held(process.pid)
        assert now[0] <= files + _SPARE
        assert now[1] <= threads + _POOL
        assert now[2] == children


@pytest.mark.models
@pytest.mark.timeout(_LIMIT_S)
def test_a_container_engine_that_is_there_makes_no_difference_to_that(jett: Jett, engine: TestEngine) -> None:
    """Logs are read, questions asked, until the guard says that it is enough for a minute; nobody says yes to one."""
    policy(jett.folder)
    engine.run("n8n", "echo Ready; sleep 10000")
    env = {"JETT_OPS__DOCKER": engine.address, "JETT_SERVER__ACTIONS": "true", "JETT_SERVER__ADDRESS": free_address()}
    with (
        served(jett, **env) as (told, _),
        httpx.Client(base_url=told["address"], trust_env=False, follow_redirects=True) as browser,
    ):
        browser.get(told["link"])
        configuration = _CONFIGURATION.format(conversation=1, turns=1, unready='"2xx"')
        report = Judge(told["address"], browser, jett.folder, configuration).judges(*_CONTAINERS)
        assert taken(report, "GET /api/containers/{name}/logs") > 0
        assert sum(taken(report, f"POST /api/containers/{{name}}/{verb}") for verb in ("start", "stop", "restart")) > 0
        assert engine.state("n8n") == "running"
