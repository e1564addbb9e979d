"""The whole HTTP surface of a real `jett serve`, judged by schemathesis against its own OpenAPI document.

Each operation gets boundary values and random bodies, fit and unfit: each answer must be one that the document has, in
the shape that it says, and none a crash. Every day each operation gets a few, but those that speak or answer at
length; `JETT_HTTP_CASES=500` sends so many to all.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Jett
from tests.cli.test_serve import free_address, served

CASES = os.environ.get("JETT_HTTP_CASES", "")
_JUDGE = Path(sys.executable).with_name("schemathesis")
_ENDLESS = ("watchLive", "followContainerLog")
_SLOW = () if CASES else ("createSpeech", "createChatCompletion", "previewVoice")
_CONFIGURATION = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]  # with Retry-After: there is no container engine here, and no speaker
"""
POLICY = """
version = 1
[containers.n8n]
actions = ["status", "logs", "stats", "restart"]
[identities.dashboard]
verbs = ["list", "status", "logs", "stats", "restart"]
"""


def judged(url: str, browser: httpx.Client, folder: Path) -> subprocess.CompletedProcess[str]:
    """Everything but signing out, and what never ends."""
    (folder / "schemathesis.toml").write_text(_CONFIGURATION, "utf-8")
    shown = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        "X-Jett-CSRF": browser.get("/api/session").json()["csrf"],
        "Origin": url,
    }
    return subprocess.run(
        [
            *(_JUDGE, "--config-file", "schemathesis.toml", "run", f"{url}/api/openapi.json"),
            *("--no-color", "--phases", "coverage,fuzzing", "--max-examples", CASES or "3", "--continue-on-failure"),
            *("--rate-limit", "auto", "--request-timeout", "100", "--suppress-health-check", "all"),
            *("--checks", "all", "--exclude-checks", "ignored_auth,positive_data_acceptance,unsupported_method"),
            *(word for name in (*_ENDLESS, *_SLOW, "leave") for word in ("--exclude-operation-id", name)),
            *(word for name, value in shown.items() for word in ("--header", f"{name}: {value}")),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.models
@pytest.mark.timeout(7_200 if CASES else 400)
def test_every_operation_answers_as_the_document_says_whatever_is_sent(jett: Jett) -> None:
    (jett.folder / "policy.toml").write_text(POLICY, "utf-8")
    (jett.folder / "policy.toml").chmod(0o600)
    address = free_address()
    with (
        served(jett, JETT_SERVER__ADDRESS=address, JETT_SERVER__ACTIONS="true", JETT_LLM__MAX_TOKENS="8") as (told, _),
        httpx.Client(base_url=told["address"], trust_env=False, follow_redirects=True) as browser,
    ):
        browser.get(told["link"])
        done = judged(told["address"], browser, jett.folder)
        assert done.returncode == 0, done.stdout[-8_000:]
        assert int(re.findall(r"(\d+) generated", done.stdout)[-1]) > 200
        print(done.stdout[-2_000:])
        assert browser.get("/api/status").json()["sessions"] == 0
