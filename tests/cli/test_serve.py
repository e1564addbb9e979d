"""`jett serve` and `jett link` as a user runs them: a real process, real engines, a real client."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import HANG_LIMIT_S, Jett

pytestmark = pytest.mark.models


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def served(jett: Jett, *words: str, **env: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """`jett serve`, once it has said where; it must end by SIGINT as it should."""
    process = jett.start("serve", "--json", "--no-open", *words, **env)
    try:
        assert process.stdout is not None
        told: dict[str, Any] = {}
        while "address" not in told:  # the first run answers its example before
            line = process.stdout.readline()
            assert line, process.communicate(timeout=HANG_LIMIT_S)[1]
            told = json.loads(line)
        yield told, process
        process.send_signal(signal.SIGINT)
        assert process.wait(HANG_LIMIT_S) == 130
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=HANG_LIMIT_S)


def test_the_link_lets_a_browser_in_and_it_stays_in_after_a_restart(jett: Jett) -> None:
    address = free_address()
    with httpx.Client(base_url=f"http://{address}", trust_env=False, follow_redirects=True) as browser:
        with served(jett, JETT_SERVER__ADDRESS=address) as (told, _):
            assert told["address"] == f"http://{address}"
            assert browser.get("/api/status").status_code == 401
            assert browser.get(told["link"]).status_code == 200
            status = browser.get("/api/status").json()
            assert {engine["stage"] for engine in status["engines"]} >= {"vad", "turn", "stt", "llm", "tts"}
            assert {engine["state"] for engine in status["engines"]} == {"ready"}
            another = jett("link", JETT_SERVER__ADDRESS=address).stdout.strip()
            with httpx.Client(trust_env=False, follow_redirects=True) as phone:
                assert phone.get(another).status_code == 200
                assert phone.get(f"http://{address}/api/session").json()["name"] == "owner"
        with served(jett, JETT_SERVER__ADDRESS=address):
            assert browser.get("/api/session").status_code == 200
            assert jett("link", "--sign-out-all").stdout == "signed out: 2\n"
            assert browser.get("/api/session").status_code == 401


def test_the_document_is_the_one_that_the_dashboards_types_are_made_from(jett: Jett) -> None:
    """With JETT_WRITE_OPENAPI set it is written; then `npm run types` in dashboard/."""
    kept = Path(__file__).parents[2] / "dashboard" / "openapi.json"
    with (
        served(jett, JETT_SERVER__ADDRESS=free_address()) as (told, _),
        httpx.Client(base_url=told["address"], trust_env=False, follow_redirects=True) as browser,
    ):
        browser.get(told["link"])
        document = browser.get("/api/openapi.json").json()
    if os.environ.get("JETT_WRITE_OPENAPI"):
        kept.write_text(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    assert json.loads(kept.read_text("utf-8")) == document


def test_the_first_run_answers_the_example_and_then_serves(jett: Jett) -> None:
    """Also where Jett is to sleep until it is called: nobody calls it in the example."""
    named = {"JETT_WAKE__ENABLED": "true", "JETT_WAKE__WORDS": '["hey_jett"]'}
    with served(jett, "--first-run", JETT_SERVER__ADDRESS=free_address(), **named) as (told, _):
        assert (jett.folder / "reply.wav").exists()
        assert httpx.get(told["address"], trust_env=False).status_code == 200


def test_an_address_in_use_is_told_before_anything_is_loaded(bare: Jett) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = bare("serve", JETT_SERVER__ADDRESS=f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 2
    assert "is in use by another program" in done.stderr
    assert "server.address" in done.stderr


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"JETT_SERVER__ADDRESS": "0.0.0.0:8480"}, "private network"),
        ({"JETT_SERVER__ADDRESS": "8.8.8.8:8480"}, "private network"),
        ({"JETT_SERVER__ADDRESS": "10.0.0.1:8480"}, "server.tls_certificate and server.tls_key"),
        ({"JETT_SERVER__TLS_KEY": "key.pem"}, "both or neither"),
    ],
)
def test_an_address_that_would_let_the_world_in_is_refused(bare: Jett, env: dict[str, str], says: str) -> None:
    done = bare("serve", **env)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_file_that_is_no_certificate_is_told(jett: Jett) -> None:
    (jett.folder / "jett.pem").write_text("x", "utf-8")
    env = {"JETT_SERVER__TLS_CERTIFICATE": "jett.pem", "JETT_SERVER__TLS_KEY": "jett.pem"}
    done = jett("serve", "--no-open", JETT_SERVER__ADDRESS=free_address(), **env)
    assert done.returncode == 2
    assert "are no certificate and its key" in done.stderr


def test_with_a_certificate_the_cookie_is_sent_over_tls_alone(jett: Jett) -> None:
    address = free_address()
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    words = [*make.split(), "-keyout", "key.pem", "-out", "jett.pem"]
    subprocess.run(words, cwd=jett.folder, check=True, capture_output=True)
    env = {"JETT_SERVER__TLS_CERTIFICATE": "jett.pem", "JETT_SERVER__TLS_KEY": "key.pem"}
    with served(jett, JETT_SERVER__ADDRESS=address, **env) as (told, _):
        assert told["address"] == f"https://{address}"
        answer = httpx.get(told["link"], verify=False, trust_env=False)
        assert answer.headers["set-cookie"].startswith("__Host-jett_session=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]
