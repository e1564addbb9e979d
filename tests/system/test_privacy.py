"""`jett talk` with no network but loopback: it works, asks nobody for anything, and leaves no sound behind.

Two witnesses: Python's own audit events, written down by a `sitecustomize` of the child, and `strace` for native code.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jett.app import needed_models
from jett.audio.files import read_audio
from jett.cli.environment import QUIET
from jett.models.store import Store
from jett.settings import Settings
from tests.system.recordings import SPEECH, understood

pytestmark = [pytest.mark.models, pytest.mark.root]

HANG_LIMIT_S = 100.0
LOOPBACK = re.compile(r"^(127\.\d+\.\d+\.\d+|::1|localhost)$")
SETTINGS = {"llm.model": "smollm2-135m-instruct-q4_1", "llm.max_tokens": 12, "tts.backend": "piper"}
SOUND = {".wav", ".flac", ".ogg", ".mp3", ".raw", ".pcm", ".npy", ".npz"}

WITNESS = """
import json, os, sys
_log = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr",
            "socket.getnameinfo", "socket.sendto", "socket.sendmsg"}
def _note(event, args):
    if event in _NETWORK:
        os.write(_log, (json.dumps([event, [str(arg) for arg in args[-2:]]]) + "\\n").encode())
    elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        os.write(_log, (json.dumps([event, [str(args[0])]]) + "\\n").encode())
os.write(_log, (json.dumps(["environment", [f"{k}={v}" for k, v in os.environ.items()]]) + "\\n").encode())
sys.addaudithook(_note)
"""


@dataclass(frozen=True)
class Witnessed:
    """What one `jett talk` did."""

    turns: list[dict[str, object]]
    events: list[tuple[str, list[str]]]
    calls: list[str]
    """System calls of the network, as strace writes them."""
    folder: Path


def _why_not() -> str:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a network namespace of one's own needs root on Linux"
    missing = [name for name in ("unshare", "ip", "strace") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)} (apt-get install util-linux iproute2 strace)" if missing else ""


@pytest.fixture(scope="module")
def witnessed(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Witnessed:
    """One request answered into a file, in a fresh network namespace in which only loopback is up."""
    missing = _why_not()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert not missing, missing
    for model in needed_models(Settings.load(env={}, overrides=SETTINGS)):
        store.path(model)
    folder = tmp_path_factory.mktemp("private")
    _talk(folder, store)
    events = [json.loads(line) for line in (folder / "witness.jsonl").read_text("utf-8").splitlines()]
    turns = [json.loads(line) for line in (folder / "turns.jsonl").read_text("utf-8").splitlines()]
    calls = (folder / "strace.txt").read_text("utf-8", "replace").splitlines()
    return Witnessed(turns, [(name, arguments) for name, arguments in events], calls, folder)


def _talk(folder: Path, store: Store) -> None:
    for name in ("site", "home", "tmp", "work"):
        (folder / name).mkdir()
    (folder / "site" / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    talk = f"{sys.executable} -m jett talk --input {SPEECH / 'drip_coffee.flac'} --output reply.wav --json"
    trace = f"strace -f --seccomp-bpf -e trace=connect,sendto,sendmsg,sendmmsg -o {folder / 'strace.txt'}"
    with (folder / "turns.jsonl").open("wb") as turns:
        done = subprocess.run(
            ["unshare", "--net", "sh", "-c", f"ip link set lo up && exec {trace} {talk}"],
            cwd=folder / "work",
            env=_environment(folder, store),
            stdout=turns,
            stderr=subprocess.PIPE,
            timeout=HANG_LIMIT_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def _environment(folder: Path, store: Store) -> dict[str, str]:
    ours = {f"JETT_{name.replace('.', '__').upper()}": str(value) for name, value in SETTINGS.items()}
    return ours | {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(folder / "site"),
        "WITNESS": str(folder / "witness.jsonl"),
        "JETT_MODELS__DIR": str(store.root),
        "JETT_PROFILE": "cpu",
    }


def test_a_request_is_answered_without_any_network(witnessed: Witnessed) -> None:
    (turn,) = witnessed.turns
    assert understood([str(turn["transcript"])], "drip_coffee")
    assert turn["reply"]
    assert not turn["error"]
    assert read_audio(witnessed.folder / "work" / "reply.wav").any()


def test_no_name_is_looked_up_and_nothing_but_loopback_is_connected_to(witnessed: Witnessed) -> None:
    network = [(name, arguments) for name, arguments in witnessed.events if name.startswith("socket.")]
    outside = [(name, arguments) for name, arguments in network if not _is_local(name, arguments)]
    assert not outside


def _is_local(name: str, arguments: list[str]) -> bool:
    """Audit arguments: an address for a connection, a host (and more) for a look-up."""
    hosts = re.findall(r"'([^']+)'", arguments[-1]) if name in ("socket.connect", "socket.sendto") else arguments[:1]
    return all(host.startswith("/") or LOOPBACK.match(host) for host in hosts)


def test_native_code_connects_to_loopback_alone(witnessed: Witnessed) -> None:
    addresses = [found for call in witnessed.calls for found in re.findall(r'inet_(?:addr|pton)\([^"]*"([^"]+)"', call)]
    assert addresses, "the model's server is on loopback, so strace must have seen connections"
    assert not [address for address in addresses if not LOOPBACK.match(address)]
    assert not [call for call in witnessed.calls if re.search(r"htons\((53|5353|853)\)", call)]


def test_no_sound_is_left_anywhere_but_in_the_file_that_was_asked_for(witnessed: Witnessed) -> None:
    folder = witnessed.folder
    left = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {path for path in left if path.suffix in SOUND} == {Path("work/reply.wav")}
    assert {path for path in left if path.parts[0] == "work"} == {Path("work/reply.wav")}
    assert not {path for path in left if path.parts[0] == "tmp"}
    assert not {path for path in left if path.parts[0] == "home"}, "not even a library's notes about us"


def test_python_writes_to_no_other_place(witnessed: Witnessed) -> None:
    written = {arguments[0] for name, arguments in witnessed.events if name == "open"}
    allowed = (str(witnessed.folder), "/dev/", "/proc/", "reply.wav")
    pipes = {path for path in written if path.isdigit() or path == "None"}
    stray = {path for path in written - pipes if not path.startswith(allowed) and "__pycache__" not in path}
    assert not {path for path in stray if not path.endswith(".lock")}


def test_the_telemetry_of_libraries_is_off_in_jett_and_what_it_starts(witnessed: Witnessed) -> None:
    """The first process notes its environment before Jett runs, its children when Jett has told them."""
    _, *children = (arguments for name, arguments in witnessed.events if name == "environment")
    assert children
    assert all({f"{name}={value}" for name, value in QUIET.items()} <= set(child) for child in children)
