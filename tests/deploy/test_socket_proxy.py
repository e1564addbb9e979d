"""The socket proxies permit what is asked of them and nothing else: every path of Jett's, every row of the refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable

import httpx
import pytest

from jett.core.errors import OperationError
from jett.guard import Verb, parse_policy
from jett.ops.deploy_check import forbidden
from jett.ops.docker_engine import DockerEngine
from jett.ops.docker_version import NEWEST, OLDEST
from tests.deploy.support import AllowList, shipped
from tests.deploy.test_compose import POLICY

CONTAINERS = ("n8n", "postgres", "qdrant", "portainer", "socket-proxy", "socket-proxy-view", "wireguard", "other")
ACTIONS = (Verb.STATUS, Verb.LOGS, Verb.STATS, Verb.START, Verb.STOP, Verb.RESTART)

REFUSED = [
    ("a new container", "POST", "/v1.41/containers/create"),
    ("a new container with a name", "POST", "/v1.41/containers/create?name=n8n"),
    ("a command in a container", "POST", "/v1.41/containers/n8n/exec"),
    ("the start of a command", "POST", "/v1.41/exec/0123456789ab/start"),
    ("a look at a command", "GET", "/v1.41/exec/0123456789ab/json"),
    ("a signal", "POST", "/v1.41/containers/n8n/kill"),
    ("a signal with a name", "POST", "/v1.41/containers/n8n/kill?signal=SIGKILL"),
    ("a removal", "DELETE", "/v1.41/containers/n8n"),
    ("a removal by force", "DELETE", "/v1.41/containers/n8n?force=true&v=true"),
    ("a pause", "POST", "/v1.41/containers/n8n/pause"),
    ("the end of a pause", "POST", "/v1.41/containers/n8n/unpause"),
    ("another name", "POST", "/v1.41/containers/n8n/rename?name=x"),
    ("other limits", "POST", "/v1.41/containers/n8n/update"),
    ("another size of terminal", "POST", "/v1.41/containers/n8n/resize?h=1&w=1"),
    ("waiting", "POST", "/v1.41/containers/n8n/wait"),
    ("all stopped containers gone", "POST", "/v1.41/containers/prune"),
    ("a container's input", "POST", "/v1.41/containers/n8n/attach?stdin=true&stream=true"),
    ("a container's input by WebSocket", "GET", "/v1.41/containers/n8n/attach/ws?stdin=true&stream=true"),
    ("a container's files", "GET", "/v1.41/containers/n8n/archive?path=/run/secrets"),
    ("files into a container", "PUT", "/v1.41/containers/n8n/archive?path=/"),
    ("whether a file is there", "HEAD", "/v1.41/containers/n8n/archive?path=/run/secrets"),
    ("a container as an archive", "GET", "/v1.41/containers/n8n/export"),
    ("the processes of a container", "GET", "/v1.41/containers/n8n/top"),
    ("their environment", "GET", "/v1.41/containers/postgres/top?ps_args=axeww%20-o%20pid,args"),
    ("what changed in a container", "GET", "/v1.41/containers/n8n/changes"),
    ("an image made from a container", "POST", "/v1.41/commit?container=n8n"),
    ("a build", "POST", "/v1.41/build"),
    ("the build's leftovers gone", "POST", "/v1.41/build/prune"),
    ("a pulled image", "POST", "/v1.41/images/create?fromImage=x"),
    ("a loaded image", "POST", "/v1.41/images/load"),
    ("an image as an archive", "GET", "/v1.41/images/n8n/get"),
    ("several images as an archive", "GET", "/v1.41/images/get?names=n8n"),
    ("a pushed image", "POST", "/v1.41/images/n8n/push"),
    ("an image's removal", "DELETE", "/v1.41/images/n8n"),
    ("unused images gone", "POST", "/v1.41/images/prune"),
    ("an image's other name", "POST", "/v1.41/images/n8n/tag?repo=x"),
    ("a new network", "POST", "/v1.41/networks/create"),
    ("a container in a network", "POST", "/v1.41/networks/outside/connect"),
    ("a network's removal", "DELETE", "/v1.41/networks/outside"),
    ("unused networks gone", "POST", "/v1.41/networks/prune"),
    ("a new volume", "POST", "/v1.41/volumes/create"),
    ("a volume's removal", "DELETE", "/v1.41/volumes/x?force=true"),
    ("unused volumes gone", "POST", "/v1.41/volumes/prune"),
    ("the swarm's secrets", "GET", "/v1.41/secrets"),
    ("a swarm", "POST", "/v1.41/swarm/init"),
    ("the swarm's key", "GET", "/v1.41/swarm/unlockkey"),
    ("a service", "POST", "/v1.41/services/create"),
    ("the swarm's configuration", "GET", "/v1.41/configs"),
    ("a plugin", "POST", "/v1.41/plugins/pull?remote=x"),
    ("a session of the builder", "POST", "/v1.41/session"),
    ("the builder itself", "POST", "/v1.41/grpc"),
    ("a registry's login", "POST", "/v1.41/auth"),
    ("a registry's manifest", "GET", "/v1.41/distribution/x/json"),
    ("another method on a list", "POST", "/v1.41/containers/json"),
    ("another method on an inspection", "PUT", "/v1.41/containers/n8n/json"),
    ("a change by GET", "GET", "/v1.41/containers/n8n/restart"),
    ("a change by PUT", "PUT", "/v1.41/containers/n8n/restart"),
    ("a tunnel", "CONNECT", "/v1.41/containers/json"),
    ("an API that Jett does not speak", "POST", "/v1.52/containers/n8n/start"),
    ("an old API, whose start takes a host configuration", "POST", "/v1.20/containers/n8n/start"),
    ("a change without a version", "POST", "/containers/n8n/start"),
    ("a dot that is any character", "POST", "/v1x41/containers/n8n/start"),
    ("a name that only begins so", "POST", "/v1.41/containers/n8nx/start"),
    ("a name that only ends so", "POST", "/v1.41/containers/xn8n/start"),
    ("an identifier instead of a name", "POST", "/v1.41/containers/0123456789ab/start"),
    ("another case", "POST", "/v1.41/containers/N8N/start"),
    ("a longer path", "POST", "/v1.41/containers/n8n/start/x"),
    ("a slash at the end", "POST", "/v1.41/containers/n8n/start/"),
    ("two slashes", "POST", "//v1.41/containers/n8n/start"),
    ("a way up", "POST", "/v1.41/containers/n8n/start/../kill"),
    ("an encoded way up", "POST", "/v1.41/containers/n8n/%2e%2e/create"),
    ("an encoded slash to another container", "POST", "/v1.41/containers/n8n%2f..%2fother/start"),
    ("a line feed at the end", "POST", "/v1.41/containers/n8n/start%0a"),
    ("a line feed before", "POST", "/%0a/v1.41/containers/n8n/start"),
    ("a zero byte", "POST", "/v1.41/containers/n8n%00/start"),
    ("a space", "POST", "/v1.41/containers/n8n%20/start"),
    ("a letter that looks like one", "POST", "/v1.41/containers/n8%D5%B8/start"),
    ("no name", "POST", "/v1.41/containers//start"),
    ("the root", "GET", "/"),
    ("a stop of PostgreSQL", "POST", "/v1.41/containers/postgres/stop"),
    ("a stop of Qdrant", "POST", "/v1.41/containers/qdrant/stop"),
    ("a restart of Portainer", "POST", "/v1.41/containers/portainer/restart"),
    ("a restart of the door itself", "POST", "/v1.41/containers/socket-proxy/restart"),
    ("a stop of the door itself", "POST", "/v1.41/containers/socket-proxy/stop"),
]
READ_BY_THE_WINDOW = [
    ("GET", "/_ping"),
    ("HEAD", "/_ping"),
    ("GET", "/version"),
    ("GET", "/v1.41/info"),
    ("GET", "/v1.51/containers/json?all=1"),
    ("GET", "/containers/json?all=1"),
    ("GET", "/v1.41/containers/0123456789abcdef/json"),
    ("GET", "/v1.41/containers/n8n/logs?stdout=1"),
    ("GET", "/v1.41/containers/n8n/stats?stream=false"),
    ("GET", "/v1.41/images/json"),
    ("GET", "/v1.41/images/sha256:0123456789abcdef/json"),
    ("GET", "/v1.41/networks"),
    ("GET", "/v1.41/networks/jett_tunnel"),
    ("GET", "/v1.41/volumes"),
    ("GET", "/v1.41/events?since=1"),
    ("GET", "/v1.41/system/df"),
]
"""What Portainer's pages ask of an engine."""


@pytest.fixture(scope="module")
def door() -> AllowList:
    return AllowList.of(shipped()["services"]["socket-proxy"]["command"])


@pytest.fixture(scope="module")
def window() -> AllowList:
    return AllowList.of(shipped()["services"]["socket-proxy-view"]["command"])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


SPOKEN = [f"1.{number}" for number in range(OLDEST, NEWEST + 1)]


class Recorded:
    """A DockerEngine whose requests go nowhere but into a list; the engine it believes in knows this version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.sent: list[tuple[str, str]] = []
        self.engine = DockerEngine("tcp://10.0.0.2:2375")
        self.engine._http = httpx.AsyncClient(base_url="http://docker", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.url.raw_path.decode()))
        if request.url.path == "/_ping":
            return httpx.Response(200, headers={"Api-Version": self.version})
        return httpx.Response(500)

    async def ask(self, verb: Verb, name: str) -> tuple[str, str]:
        """The one request that a verb becomes."""
        self.sent.clear()
        asked: Awaitable[object]
        match verb:
            case Verb.STATUS:
                asked = self.engine.inspect(name)
            case Verb.LOGS:
                asked = self.engine.logs(name, 50)
            case Verb.STATS:
                asked = self.engine.stats(name)
            case Verb.START:
                asked = self.engine.change("start", name)
            case Verb.STOP:
                asked = self.engine.change("stop", name)
            case Verb.RESTART:
                asked = self.engine.change("restart", name)
            case _:
                asked = self.engine.containers()
        with pytest.raises(OperationError):
            await asked
        only = self.sent[-1]
        assert self.sent in ([only], [("GET", "/_ping"), only])
        return only


@pytest.fixture(params=["1.41", "1.44", "1.51"])
async def recorded(request: pytest.FixtureRequest) -> AsyncGenerator[Recorded, None]:
    recorded = Recorded(request.param)
    yield recorded
    await recorded.engine.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("verb", ACTIONS)
@pytest.mark.parametrize("name", CONTAINERS)
async def test_the_door_permits_exactly_what_the_example_policy_allows(
    name: str, verb: Verb, door: AllowList, recorded: Recorded
) -> None:
    rules = parse_policy(POLICY.read_text("utf-8")).containers
    allowed = name in rules and verb in rules[name].actions
    assert door.permits(*await recorded.ask(verb, name)) is allowed


@pytest.mark.anyio
async def test_the_door_permits_the_list_and_the_events(door: AllowList, recorded: Recorded) -> None:
    assert door.permits(*await recorded.ask(Verb.LIST, ""))
    recorded.sent.clear()
    with pytest.raises(OperationError):
        _ = [event async for event in recorded.engine.events()]
    assert door.permits(*recorded.sent[0])


def test_the_door_permits_the_ping_and_the_versions_that_jett_speaks_and_no_others(door: AllowList) -> None:
    assert door.permits("GET", "/_ping")
    versions = [f"1.{number}" for number in range(200)] + ["1.4", "1.041", "1.411", "2.41", "41", "1.41.1", "01.41"]
    for method, rest in (("GET", "containers/json"), ("POST", "containers/n8n/start"), ("GET", "events")):
        assert [each for each in versions if door.permits(method, f"/v{each}/{rest}")] == SPOKEN


@pytest.mark.parametrize("version", ["v1.41", "v1.44", "v1.51"])
@pytest.mark.parametrize(("what", "method", "target"), REFUSED, ids=[row[0] for row in REFUSED])
def test_the_door_and_the_window_refuse(
    what: str, method: str, target: str, version: str, door: AllowList, window: AllowList
) -> None:
    target = target.replace("v1.41", version)
    assert not door.permits(method, target)
    assert not window.permits(method, target)


@pytest.mark.parametrize(("method", "target"), READ_BY_THE_WINDOW)
def test_the_window_shows_what_portainer_asks_for(method: str, target: str, window: AllowList) -> None:
    assert window.permits(method, target)


def test_the_window_only_reads_and_the_door_reads_and_changes(door: AllowList, window: AllowList) -> None:
    assert {method for method, _ in window.patterns} == {"GET", "HEAD"}
    assert {method for method, _ in door.patterns} == {"GET", "POST"}


def test_no_pattern_depends_on_how_the_proxy_anchors_it(door: AllowList, window: AllowList) -> None:
    """`^a|b$` is not `^(a|b)$`: an alternative outside brackets would open the door wide."""
    for _, pattern in (*door.patterns, *window.patterns):
        depth = 0
        for character in pattern:
            depth += {"(": 1, ")": -1}.get(character, 0)
            assert character != "|" or depth, pattern
        assert ".*" not in pattern
        assert pattern.startswith(("/", "(/"))


def test_only_the_desktop_may_knock_at_the_door_and_only_portainer_at_the_window() -> None:
    services = shipped(JETT_DESKTOP_ADDRESS="10.9.0.1")["services"]
    assert "-allowfrom=10.9.0.1/32" in services["socket-proxy"]["command"]
    assert "-allowfrom=10.0.0.1/32" in shipped()["services"]["socket-proxy"]["command"]
    assert "-allowfrom=portainer" in services["socket-proxy-view"]["command"]
    assert "ports" not in services["socket-proxy-view"]


def test_deploy_check_asks_only_what_the_door_refuses_and_of_nothing_that_exists(door: AllowList) -> None:
    rows = [row for version in SPOKEN for row in forbidden("jett-check-0123456789abcdef", f"/v{version}")]
    assert len(rows) >= 30 * len(SPOKEN)
    for what, method, target in rows:
        assert not door.permits(method, target), what
        for word in ("prune", "pull", "build", "commit", "load", "swarm", "fromImage", "force"):
            assert word not in target
        if method == "GET":
            continue
        assert "jett-check-0123456789abcdef" in target or (method, target.partition("/containers")[2]) == (
            "POST",
            "/create",
        )
        assert not set(CONTAINERS) & set(target.split("/"))
