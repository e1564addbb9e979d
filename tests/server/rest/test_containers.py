"""The Containers page against a real Docker engine, a real guard and its real record."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from jett.app.dashboard_containers import containers_part
from jett.app.servers import Servers
from jett.guard import AuditLog, Policy, PolicyWatch, Question, Request, Verb, parse_policy, tail, unfinished, verify
from jett.ops.book import ContainerBook
from jett.ops.docker_engine import DockerEngine
from jett.ops.operations import Operations
from tests.server.rest.place import VOICE, events, failure, served
from tests.server.support import OverheardGate
from tests.system.docker_engine import TestEngine

pytestmark = [pytest.mark.root, pytest.mark.anyio]

POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.postgres]
actions = ["status", "stats"]
[containers.proxy]
actions = ["status", "restart"]
status_only = true
[containers.absent]
actions = ["status", "logs", "stop"]
[identities.voice]
verbs = ["list", "status", "restart"]
[identities.dashboard]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
[identities.token]
verbs = ["status", "logs", "restart"]
"""
SERVES = "trap 'exit 0' TERM; echo ready; while :; do echo password=hunter2; sleep 0.1; done"
PHONE = {"X-Who": "phone"}
HANG_LIMIT_S = 40


@dataclass
class Place:
    """What a test needs of one server."""

    http: httpx.AsyncClient
    gate: OverheardGate
    servers: Servers
    published: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    news: anyio.Event = field(default_factory=anyio.Event)

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        self.published.append((name, data))
        self.news.set()

    async def until(self, name: str, **wanted: Any) -> Mapping[str, Any]:
        """The first event of that name with these fields."""
        with anyio.fail_after(HANG_LIMIT_S):
            while True:
                self.news = anyio.Event()
                for one, data in self.published:
                    if one == name and wanted.items() <= data.items():
                        return data
                await self.news.wait()

    def records(self) -> list[tuple[str, str, str, str]]:
        return [(one.kind, one.verb, one.verdict, one.identity) for one in tail(self.gate.audit, 99)]

    async def container(self, name: str, **headers: str) -> dict[str, Any]:
        page = (await self.http.get("/api/containers", headers=headers)).json()
        return next(one for one in page["containers"] if one["name"] == name)


@asynccontextmanager
async def place(
    address: str,
    folder: Path,
    *,
    actions: bool = True,
    policy: Policy | None = None,
    policy_file: PolicyWatch | None = None,
) -> AsyncGenerator[Place, None]:
    """As `jett serve` puts it together."""
    docker = DockerEngine(address)
    book = ContainerBook(docker)
    gate = OverheardGate(policy or parse_policy(POLICY), AuditLog(folder / "audit"))
    servers = Servers(gate, book, Operations(gate, docker, book, None, settle_s=20.0), policy_file)
    made = Place(httpx.AsyncClient(), gate, servers)
    await made.http.aclose()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(book.keep)
        with anyio.move_on_after(5):
            await book.wait_until(lambda: book.live_names is not None or "reached" in book.trouble)
        async with served(containers_part(servers, tasks, made.publish, actions=actions)) as made.http:
            yield made
        tasks.cancel_scope.cancel()
    await docker.aclose()
    assert unfinished(gate.audit) == []
    assert verify(gate.audit).intact


async def test_the_page_shows_how_each_container_is_and_what_this_browser_may(
    engine: TestEngine, tmp_path: Path
) -> None:
    """And nothing of its environment or command, or of a container that the policy does not list."""
    engine.run("n8n", SERVES, "--env", "SECRET=hunter3")
    engine.run("postgres", "exit 3")
    engine.run("stranger", SERVES)
    engine.docker("wait", "postgres")
    async with place(engine.address, tmp_path) as at:
        answer = await at.http.get("/api/containers")
        page = answer.json()
        started = datetime.fromisoformat(engine.state("n8n", ".State.StartedAt")[:19] + "+00:00")
        found = {one["name"]: one for one in page["containers"]}
        assert (page["known"], page["trouble"], page["place"], page["may_change"]) == (True, "", "on the VPS", True)
        assert list(found) == ["absent", "n8n", "postgres", "proxy"]
        assert [found[name]["state"] for name in found] == ["absent", "running", "exited", "absent"]
        assert abs((datetime.fromisoformat(found["n8n"]["started_at"]) - started).total_seconds()) < 1
        assert (found["n8n"]["exit_code"], found["postgres"]["exit_code"]) == (None, 3)
        assert [name for name in found if found[name]["lifeline"]] == ["proxy"]
        verdicts = {(name, one["verb"]): one["verdict"] for name in found for one in found[name]["permissions"]}
        assert verdicts["n8n", "logs"] == "allow"
        assert verdicts["n8n", "restart"] == "confirm"
        assert verdicts["postgres", "logs"] == verdicts["proxy", "restart"] == verdicts["absent", "stop"] == "deny"
        assert not any(word in answer.text for word in ("hunter3", "SECRET", "trap", "stranger"))
        assert "request" not in [kind for kind, verb, _, _ in at.records() if verb != "stats"]


async def test_what_is_out_of_sight_is_said_to_be_unknown(tmp_path: Path) -> None:
    """No engine behind the socket."""
    async with place(f"unix://{tmp_path}/none.sock", tmp_path) as at:
        page = (await at.http.get("/api/containers")).json()
        assert (page["known"], page["containers"]) == (False, [])
        assert "cannot be reached" in page["trouble"]
        failure(await at.http.get("/api/containers/n8n/logs"), 503)


async def test_a_log_is_one_operation_and_has_no_secrets(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        log = (await at.http.get("/api/containers/n8n/logs?lines=5")).json()
        assert log["name"] == "n8n"
        assert 1 <= len(log["lines"]) <= 5
        assert "hunter2" not in str(log)
        assert [(kind, verb) for kind, verb, _, _ in at.records()] == [
            *(("request", "logs"), ("intent", "logs"), ("outcome", "logs"))
        ]


async def test_a_log_is_followed_until_the_page_is_closed(engine: TestEngine, tmp_path: Path) -> None:
    """One operation, whose outcome comes when the browser has gone."""
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        lines: list[str] = []
        async with at.http.stream("GET", "/api/containers/n8n/logs/follow?lines=1") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            async for name, data in events(response):
                assert name == "line"
                lines.append(data["line"])
                if len(lines) > 5:
                    break
        assert {*lines} <= {"ready", "password=[redacted]"}
        with anyio.fail_after(HANG_LIMIT_S):
            await at.gate.finished.wait()
        assert [kind for kind, verb, _, _ in at.records()] == ["request", "intent", "outcome"]


async def test_a_followed_log_says_that_it_ended(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", "echo one")
    async with place(engine.address, tmp_path) as at:
        async with at.http.stream("GET", "/api/containers/n8n/logs/follow") as response:
            found = [one async for one in events(response)]
        assert found[0] == ("line", {"line": "one"})
        assert found[-1][0] == "ended"


async def test_samples_are_taken_while_somebody_looks_as_one_operation(engine: TestEngine, tmp_path: Path) -> None:
    """However often the page is read; and a token that may not know gets none."""
    engine.run("n8n", "while :; do :; done", "--memory", "32m")
    async with place(engine.address, tmp_path) as at:
        with anyio.fail_after(HANG_LIMIT_S):
            while not (usage := (await at.container("n8n"))["usage"]):
                pass
        assert usage[0]["cpu_percent"] > 5
        assert usage[0]["memory_limit_bytes"] == 32 << 20
        assert (await at.container("n8n", **PHONE))["usage"] == []
        assert [(kind, verb) for kind, verb, _, _ in at.records()] == [("request", "stats"), ("intent", "stats")]


async def test_a_change_is_asked_told_clicked_done_and_seen(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    async with place(engine.address, tmp_path) as at:
        asked = await at.http.post("/api/containers/n8n/restart")
        assert asked.status_code == 202
        question = asked.json()
        assert question["text"] == "Restart n8n on the VPS?"
        assert (question["verb"], question["target"], question["asked_by"]) == ("restart", "n8n", "dashboard/owner")
        assert (await at.http.get("/api/confirmations")).json() == {"questions": [question]}
        assert engine.state("n8n", ".State.StartedAt") == before
        answer = await at.http.post(f"/api/confirmations/{question['nonce']}", json={"answer": "yes"})
        outcome = answer.json()
        assert (answer.status_code, outcome["result"]) == (200, "done")
        assert outcome["text"].startswith("n8n is back up after ")
        assert engine.state("n8n", ".State.StartedAt") != before
        told = [(name, data) for name, data in at.published if name != "containers"]
        assert [name for name, _ in told] == ["question", "question_ended", "operation", "operation"]
        assert told[0][1] == question
        assert told[1][1] == {"nonce": question["nonce"], "answer": "yes"}
        assert [data["phase"] for _, data in told[2:]] == ["began", "ended"]
        assert told[3][1]["text"] == outcome["text"]
        again = await at.http.post(f"/api/confirmations/{question['nonce']}", json={"answer": "yes"})
        failure(again, 404)
        assert [kind for kind, verb, _, _ in at.records() if verb == "restart"] == [
            *("request", "confirmation", "intent", "outcome")
        ]
        await at.until("containers")


async def test_a_browser_that_leaves_does_not_break_off_a_restart(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    async with place(engine.address, tmp_path) as at:
        nonce = (await at.http.post("/api/containers/n8n/restart")).json()["nonce"]

        async def click() -> None:
            await at.http.post(f"/api/confirmations/{nonce}", json={"answer": "yes"})

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click)
            await at.until("operation", phase="began")
            tasks.cancel_scope.cancel()
        ended = await at.until("operation", phase="ended")
        assert ended["result"] == "done"
        assert engine.state("n8n", ".State.StartedAt") != before


async def test_a_no_leaves_it_alone_and_is_on_record(engine: TestEngine, tmp_path: Path) -> None:
    """Also where the dashboard may change nothing."""
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path, actions=False) as at:
        at.gate.ask(Request(Verb.RESTART, "n8n"), VOICE, frozenset({"n8n"}), datetime.now(UTC))
        nonce = (await at.until("question"))["nonce"]
        failure(await at.http.post(f"/api/confirmations/{nonce}", json={"answer": "yes"}), 403)
        outcome = (await at.http.post(f"/api/confirmations/{nonce}", json={"answer": "no"})).json()
        assert (outcome["result"], outcome["rule"]) == ("refused", "confirmation.no")
        assert await at.until("question_ended") == {"nonce": nonce, "answer": "no"}
        assert at.records()[-1] == ("confirmation", "restart", "decline", "dashboard/owner")


@pytest.mark.parametrize(("words", "answer"), [("yes", "yes"), ("no", "no")])
async def test_what_is_asked_and_answered_by_voice_is_seen_here(
    engine: TestEngine, tmp_path: Path, words: str, answer: str
) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        now = datetime.now(UTC)
        decided = at.gate.ask(Request(Verb.RESTART, "n8n"), VOICE, frozenset({"n8n"}), now, aloud=True)
        assert isinstance(decided, Question)
        question = await at.until("question")
        assert (question["asked_by"], question["nonce"]) == ("voice/owner", decided.nonce)
        at.gate.heard(VOICE, now)
        at.gate.answer(words, VOICE, now)
        assert await at.until("question_ended") == {"nonce": decided.nonce, "answer": answer}


async def test_a_question_asked_by_voice_is_answered_by_a_click(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        at.gate.ask(Request(Verb.RESTART, "n8n"), VOICE, frozenset({"n8n"}), datetime.now(UTC), aloud=True)
        nonce = (await at.until("question"))["nonce"]
        outcome = (await at.http.post(f"/api/confirmations/{nonce}", json={"answer": "yes"})).json()
        assert outcome["result"] == "done"
        assert not at.gate.awaits(VOICE, datetime.now(UTC))


async def test_a_token_may_ask_and_only_a_person_is_told_the_nonce(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        asked = await at.http.post("/api/containers/n8n/restart", headers=PHONE)
        assert (asked.status_code, asked.json()["nonce"]) == (202, "")
        question = await at.until("question")
        assert (question["asked_by"], len(question["nonce"])) == ("token/phone", 22)
        failure(await at.http.get("/api/confirmations", headers=PHONE), 403)
        clicked = await at.http.post(f"/api/confirmations/{question['nonce']}", json={"answer": "yes"}, headers=PHONE)
        failure(clicked, 403)
        assert len(at.gate.pending(datetime.now(UTC))) == 1


ATTACKS: list[tuple[str, str, str, Mapping[str, str], Any, int]] = [
    ("a verb that destroys", "POST", "/api/containers/n8n/kill", {}, None, 404),
    ("a command", "POST", "/api/containers/n8n/exec", {}, None, 404),
    ("a removal", "DELETE", "/api/containers/n8n", {}, None, 404),
    ("a change by reading", "GET", "/api/containers/n8n/restart", {}, None, 405),
    ("a path in a name", "GET", "/api/containers/..%2F..%2Fimages/logs", {}, None, 404),
    ("a query in a name", "GET", "/api/containers/n8n%3Ffollow=1/logs", {}, None, 404),
    ("a line end in a name", "GET", "/api/containers/n8n%0d%0aX:%201/logs", {}, None, 404),
    ("a look-alike", "GET", "/api/containers/%EF%BD%8E8n/logs", {}, None, 404),
    ("another case", "GET", "/api/containers/N8N/logs", {}, None, 404),
    ("a container that is not listed", "GET", "/api/containers/stranger/logs", {}, None, 404),
    ("… followed", "GET", "/api/containers/stranger/logs/follow", {}, None, 404),
    ("… changed", "POST", "/api/containers/stranger/stop", {}, None, 404),
    ("a log that is not permitted", "GET", "/api/containers/postgres/logs", {}, None, 403),
    ("… followed", "GET", "/api/containers/postgres/logs/follow", {}, None, 403),
    ("a lifeline", "POST", "/api/containers/proxy/restart", {}, None, 403),
    ("one that is not there", "POST", "/api/containers/absent/stop", {}, None, 404),
    ("too many lines", "GET", "/api/containers/n8n/logs?lines=501", {}, None, 422),
    ("no number of lines", "GET", "/api/containers/n8n/logs/follow?lines=all", {}, None, 422),
    ("a long name", "GET", f"/api/containers/{'n' * 500}/logs", {}, None, 422),
    ("a nonce that was guessed", "POST", "/api/confirmations/AAAAAAAAAAAAAAAAAAAAAA", {}, {"answer": "yes"}, 404),
    ("an answer that is none", "POST", "/api/confirmations/AAAA", {}, {"answer": "yes please"}, 422),
    ("an answer and more", "POST", "/api/confirmations/AAAA", {}, {"answer": "yes", "verb": "stop"}, 422),
    ("a token out of its verbs", "POST", "/api/containers/n8n/stop", PHONE, None, 403),
    ("a token out of its targets", "GET", "/api/containers/proxy/logs", PHONE, None, 403),
]


async def test_attacks_change_nothing(engine: TestEngine, tmp_path: Path) -> None:
    """Each in turn, against containers that run; limits are not what stops them."""
    engine.run("n8n", SERVES)
    engine.run("postgres", SERVES)
    engine.run("proxy", SERVES)
    engine.run("stranger", SERVES)
    async with place(engine.address, tmp_path) as at:
        for name, method, path, headers, body, status in ATTACKS:
            answer = await at.http.request(method, path, headers=headers, json=body)
            assert answer.status_code == status, (name, answer.text)
            failure(answer, status)
            assert at.gate.pending(datetime.now(UTC)) == []
        assert "intent" not in [kind for kind, _, _, _ in at.records()]
        assert {engine.state(name) for name in ("n8n", "postgres", "proxy", "stranger")} == {"running"}


async def test_actions_are_off_until_the_owner_turns_them_on(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path, actions=False) as at:
        assert (await at.http.get("/api/containers")).json()["may_change"] is False
        answer = await at.http.post("/api/containers/n8n/restart")
        failure(answer, 403)
        assert "server.actions = true" in answer.json()["error"]["fix"]
        assert at.gate.pending(datetime.now(UTC)) == []


async def test_a_flood_is_refused_by_the_guard(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    async with place(engine.address, tmp_path) as at:
        answers = [await at.http.get("/api/containers/n8n/logs") for _ in range(11)]
        assert [one.status_code for one in answers] == [200] * 10 + [429]
        assert answers[-1].headers["retry-after"] == "60"


async def test_a_mistake_in_the_policy_is_shown_and_allows_nothing(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", SERVES)
    (tmp_path / "policy.toml").write_text("version = 2", "utf-8")
    wrong = PolicyWatch(tmp_path / "policy.toml")
    async with place(engine.address, tmp_path, policy=wrong.policy, policy_file=wrong) as at:
        page = (await at.http.get("/api/containers")).json()
        assert page["containers"] == []
        assert page["trouble"].startswith("policy: version is 2, must be 1")
        failure(await at.http.get("/api/containers/n8n/logs"), 403)
