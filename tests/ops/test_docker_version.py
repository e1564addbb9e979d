"""Which version of Docker's API is spoken: with old engines, with those that refuse old clients, across an upgrade."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jett.core.errors import ConfigError, OperationError
from jett.ops.docker_engine import DockerEngine
from jett.ops.docker_version import NEWEST, OLDEST, api_of, refuses_version

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class StandIn:
    """An engine that knows versions from `oldest` to `newest` and refuses others in Docker's own words.

    The words: moby, daemon/server/middleware/version.go. It has one container, n8n.
    """

    def __init__(self, oldest: int, newest: int, port: int = 0) -> None:
        self.oldest, self.newest = oldest, newest
        self.asked: list[str] = []
        self.ping_says = ""
        self.is_engine = True
        self.connections: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer.connections.append(self.connection)

            def do_GET(self) -> None:
                self._answer(*outer.answer("GET", self.path))

            def do_POST(self) -> None:
                self._answer(*outer.answer("POST", self.path))

            def _answer(self, status: int, content: object) -> None:
                body = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if outer.ping_says or self.path == "/_ping":
                    self.send_header("Api-Version", outer.ping_says or f"1.{outer.newest}")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.address = f"tcp://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close what is still connected."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def answer(self, method: str, target: str) -> tuple[int, object]:
        """Status and content."""
        path = target.partition("?")[0]
        self.asked.append(f"{method} {path}")
        if path == "/_ping":
            return (200, None) if self.is_engine else (404, None)
        version = re.match(r"/v1\.(\d+)/", path)
        assert version, path
        asked = int(version[1])
        if asked < self.oldest:
            words = f"client version 1.{asked} is too old. Minimum supported API version is 1.{self.oldest}, please "
            return 400, {"message": words + "upgrade your client to a newer version"}
        if asked > self.newest:
            words = f"client version 1.{asked} is too new. Maximum supported API version is 1.{self.newest}"
            return 400, {"message": words}
        if method == "POST":
            return 204, None
        return (200, []) if path.endswith("/containers/json") else (404, {"message": "No such container"})


@contextmanager
def serving(standin: StandIn) -> Iterator[StandIn]:
    """Until the block ends; then its port is closed, and so are its connections."""
    thread = threading.Thread(target=standin.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield standin
    finally:
        standin.server.shutdown()
        thread.join()
        standin.hang_up()
        standin.server.server_close()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with serving(StandIn(*request.param)) as standin:
        yield standin


ENGINES = [
    pytest.param((12, 41), "/v1.41", id="Docker 20.10"),
    pytest.param((24, 44), "/v1.44", id="Docker 25"),
    pytest.param((44, 52), f"/v1.{NEWEST}", id="Docker 29"),
    pytest.param((51, 60), "/v1.51", id="one that is still to come"),
]


@pytest.mark.parametrize(("engine", "api"), ENGINES, indirect=["engine"])
async def test_the_newest_version_that_both_know_is_spoken_and_asked_for_once(engine: StandIn, api: str) -> None:
    """Reads and changes; one ping for all of them."""
    docker = DockerEngine(engine.address)
    assert await docker.containers() == ()
    await docker.change("restart", "n8n")
    await docker.containers()
    await docker.aclose()
    listed = f"GET {api}/containers/json"
    assert engine.asked == ["GET /_ping", listed, f"POST {api}/containers/n8n/restart", listed]


@pytest.mark.parametrize("engine", [(12, 41)], indirect=True)
async def test_what_knows_no_ping_is_no_engine_and_no_container_is_missed(engine: StandIn) -> None:
    engine.is_engine = False
    docker = DockerEngine(engine.address)
    with pytest.raises(OperationError, match=rf"what answers at {engine.address} is no Docker engine; correct ops"):
        await docker.containers()
    await docker.aclose()


def test_an_address_without_a_port_is_refused() -> None:
    """The port that the web's addresses have by themselves is never Docker's."""
    with pytest.raises(ConfigError, match=r"docker address 'tcp://10\.0\.0\.2' is not understood; use .*HOST:PORT"):
        DockerEngine("tcp://10.0.0.2")


@pytest.mark.parametrize("engine", [(12, 40)], indirect=True)
async def test_an_engine_that_is_too_old_is_told_and_asked_nothing(engine: StandIn) -> None:
    docker = DockerEngine(engine.address)
    with pytest.raises(OperationError, match=r"speaks the API up to 1\.40, need 1\.41; update it"):
        await docker.change("restart", "n8n")
    await docker.aclose()
    assert engine.asked == ["GET /_ping"]


@pytest.mark.parametrize("engine", [(NEWEST + 1, NEWEST + 4)], indirect=True)
async def test_an_engine_that_is_too_new_is_told_once_more_and_no_change_is_made(engine: StandIn) -> None:
    docker = DockerEngine(engine.address)
    with pytest.raises(OperationError, match=r"the engine refuses the API 1\.51, Jett speaks 1\.41 to 1\.51"):
        await docker.change("stop", "n8n")
    await docker.aclose()
    assert engine.asked.count("GET /_ping") == 2


@pytest.mark.parametrize("engine", [(12, 41)], indirect=True)
async def test_an_engine_that_is_upgraded_meanwhile_is_asked_again(engine: StandIn) -> None:
    """Nobody noticed that it was away; it refuses, so nothing has happened, and the change is asked for anew."""
    docker = DockerEngine(engine.address)
    await docker.containers()
    engine.oldest, engine.newest = 44, 52
    await docker.change("start", "n8n")
    assert engine.asked[-3:] == [
        "POST /v1.41/containers/n8n/start",
        "GET /_ping",
        f"POST /v1.{NEWEST}/containers/n8n/start",
    ]
    engine.oldest, engine.newest = 12, 43
    assert await docker.containers() == ()
    await docker.aclose()
    assert engine.asked[-1] == "GET /v1.43/containers/json"


async def test_an_engine_that_was_out_of_reach_is_asked_again() -> None:
    """It may be another one now, though the old version would do."""
    with serving(StandIn(12, 41)) as one:
        docker = DockerEngine(one.address)
        await docker.containers()
    with pytest.raises(OperationError) as told:
        await docker.containers()
    assert told.value.unreachable
    with serving(StandIn(12, 45, one.port)) as other:
        await docker.containers()
    await docker.aclose()
    assert other.asked == ["GET /_ping", "GET /v1.45/containers/json"]


@pytest.mark.parametrize("engine", [(12, 45)], indirect=True)
@pytest.mark.parametrize("words", ["x", "2.0", "1.41/../..", "1.4411", "1."])
async def test_an_answer_without_a_version_is_no_engine(engine: StandIn, words: str) -> None:
    engine.ping_says = words
    docker = DockerEngine(engine.address)
    with pytest.raises(OperationError, match="names no version of the API; is this an engine"):
        await docker.containers()
    await docker.aclose()


def test_only_versions_that_jett_speaks_come_out() -> None:
    spoken = {api_of(f"1.{newest}") for newest in range(OLDEST, 1000)}
    assert spoken == {f"/v1.{number}" for number in range(OLDEST, NEWEST + 1)}
    with pytest.raises(OperationError):
        api_of(None)


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b"{}", b'{"message": 1}', b'{"message": "invalid name"}'])
def test_another_mistake_is_not_taken_for_a_refused_version(content: bytes) -> None:
    assert not refuses_version(400, content)
    assert not refuses_version(500, b'{"message": "client version 1.41 is too old"}')
