"""There is no verb that runs, makes, removes, fetches or kills, and nothing in the guard could carry one out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import jett.guard
from jett.guard import Verb

SOURCES = sorted(Path(jett.guard.__file__).parent.glob("*.py"))
FORBIDDEN = re.compile(
    r"exec|run|rm|remove|down|pull|push|kill|image|network|volume|create|delete|prune|build|commit|attach|cp|copy|update"
    r"|rename|pause|unpause|export|import|load|save|swarm|secret|config|plugin|system"
)
REACHING = {"subprocess", "socket", "asyncio", "http", "urllib", "ctypes", "multiprocessing", "importlib", "shutil"}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "execv", "execve", "spawnv", "fork", "posix_spawn"}


def test_the_verbs_are_these_and_no_others() -> None:
    """Adding one means coming here."""
    assert list(Verb) == [
        *("list", "status", "logs", "stats", "start", "stop", "restart"),
        *("run_workflow", "read_tool", "change_tool", "announce"),
    ]
    assert [verb for verb in Verb if FORBIDDEN.fullmatch(verb)] == []


@pytest.mark.parametrize("source", SOURCES, ids=[path.name for path in SOURCES])
def test_no_file_of_the_guard_names_a_forbidden_verb(source: Path) -> None:
    """No text constant is one of Docker's other verbs or a path of its API."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    ours = {"export"} if source.name == "__init__.py" else set()  # of the audit log
    assert {text for text in texts if FORBIDDEN.fullmatch(text)} == ours
    assert [text for text in texts if re.search(r"/(containers|images|exec|networks|volumes)/", text)] == []


@pytest.mark.parametrize("source", SOURCES, ids=[path.name for path in SOURCES])
def test_no_file_of_the_guard_reaches_out_or_reads_a_clock(source: Path) -> None:
    """It decides and records; time is an argument."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    assert not modules & (REACHING | {"time", "logging"})
    assert not called & {"now", "utcnow", "today", "time", "monotonic"}
    # `re.compile` is the one compile there is.
    assert not called & (CALLS - {"compile"})


def test_no_verb_reads_and_changes_by_another_name() -> None:
    """Each verb is one lower-case word, and none is the beginning of another's value with a space or sign."""
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)?", verb) for verb in Verb)
    assert len({verb.value for verb in Verb}) == len(Verb)
