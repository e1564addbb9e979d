"""The official JavaScript client (`@openai/agents-realtime`), unmodified, in a real Node, against real engines."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.turns.phrases import normalise
from tests.server.realtime.house import Hall
from tests.server.realtime.weatherman import Weatherman
from tests.system.recordings import WORDS, clip

_HERE = Path(__file__).parent / "agents-js"
_HANG_S = 110
pytestmark = pytest.mark.models


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, installed as its lock file says; without Node or npm's registry the tests are skipped, not in CI."""
    folder = tmp_path_factory.mktemp("agents-js")
    for name in ("package.json", "package-lock.json", "talk.mjs"):
        shutil.copy(_HERE / name, folder)
    npm = shutil.which("npm")
    command = [npm or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False) if npm else None
    if done is None or done.returncode:
        reason = f"@openai/agents-realtime cannot be installed: {done.stderr.strip() if done else 'no npm'}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder


def talk(client: Path, hall: Hall, scene: str, *names: str) -> dict[str, Any]:
    """One scene of `talk.mjs`, and what it saw."""
    files: list[str] = []
    for name in names:
        file = client / f"{name}.raw"
        file.write_bytes(resample(clip(name), 16_000, 24_000).tobytes())
        files.append(str(file))
    command = ["node", "talk.mjs", hall.url, scene, *files]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, timeout=_HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["errors"] == []
    return seen


def test_a_clip_is_answered_in_sound(client: Path, hall: Hall) -> None:
    """The client's own history has what was said, and the reply that its sound says."""
    seen = talk(client, hall, "speak", "drip_coffee")
    user, reply = seen["history"]
    assert (user["role"], normalise(user["text"])) == ("user", WORDS["drip_coffee"])
    assert (reply["role"], reply["status"]) == ("assistant", "completed")
    sound = np.frombuffer(base64.b64decode(seen["audio"]), np.int16)
    said = hall.parts.stt.transcribe(resample(sound, 24_000, 16_000)).text
    assert agreement(normalise(reply["text"]), normalise(said)) > 0.6


def test_it_truncates_what_it_interrupts(client: Path, hall: Hall) -> None:
    """Its player is told to stop, and its history agrees with what the model remembers."""
    seen = talk(client, hall, "interrupt", "house_coffee")
    assert seen["interrupted"] >= 1
    assert "conversation.item.truncated" in seen["events"]
    assert "conversation.item.retrieved" in seen["events"]
    first, *_, last = hall.witnesses[0].reports
    assert first.interrupted
    assert agreement(WORDS["house_coffee"], normalise(last.transcript)) > 0.6


def test_it_runs_its_own_tool(client: Path, hall: Hall) -> None:
    """The model's call reaches the function, its output reaches the model."""
    hall.with_model(Weatherman())
    seen = talk(client, hall, "tool")
    assert seen["toolCalls"] == ["Paris"]
    assert "sunny in Paris" in seen["history"][-1]["text"]
