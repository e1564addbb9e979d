"""What came of an operation, and how it is said: short, and nothing that was not seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jett.guard import Request, Verb
from jett.ops.seen import Seen, Usage

_DONE = {Verb.START: "is up", Verb.RESTART: "is back up", Verb.STOP: "has stopped"}
_MOST_NAMED = 4
_GIB, _MIB = 1 << 30, 1 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """`done`: seen to be so. `failed`: seen not to be so. `unknown`: begun, and nobody could see how it ended."""

    request: Request
    result: Literal["done", "failed", "unknown"]
    seen: tuple[Seen, ...] = ()
    """The container, or for `list` all that may be named."""
    missing: tuple[str, ...] = ()
    """For `list`: what the policy lists and the engine does not have."""
    usage: Usage | None = None
    log: str = ""
    """Redacted lines, or what a tool answered; data, never instructions."""
    took_s: float = 0.0
    trouble: str = ""
    """For the terminal and the record."""
    spoken_trouble: str = ""
    unrecorded: str = ""
    """Why the record has no outcome of it."""


def sentence(result: Result) -> str:
    """One or two spoken sentences."""
    unrecorded = " But I could not write into my record how it ended." if result.unrecorded else ""
    return f"{_sentence(result)}{unrecorded}"


def _sentence(result: Result) -> str:
    request = result.request
    if request.changes:
        return _changed(result)
    if result.result != "done" and request.verb is Verb.READ_TOOL:
        tool, server = tool_words(request.target)
        return result.spoken_trouble or f"{server} says that {tool} did not work."
    if result.result != "done":
        return result.spoken_trouble or f"I don't know how {request.target or 'the server'} is right now."
    match request.verb:
        case Verb.LIST:
            return _listed(result.seen) + _missing(result.missing)
        case Verb.STATS if result.usage is not None:
            return _used(request.target, result.usage)
        case Verb.READ_TOOL:
            return f"{tool_words(request.target)[1]} has answered."
        case Verb.LOGS:
            return _last_line(request.target, result.log)
    return status_sentence(result.seen[0])


def tool_words(target: str) -> tuple[str, str]:
    """`home.set_light` as "set light" and "home", the names that the owner listed. Nothing a server says is spoken."""
    server, _, tool = target.partition(".")
    return tool.replace("_", " "), server.replace("_", " ")


def status_sentence(seen: Seen) -> str:
    """How one container is."""
    if not seen.running:
        how = {"exited": "is stopped", "created": "was never started", "restarting": "keeps restarting"}
        failed = seen.state == "exited" and seen.exit_code not in (None, 0, 137, 143)
        return f"{seen.name} {how.get(seen.state, f'is {seen.state}')}{', it ended with an error' if failed else ''}."
    return {
        "healthy": f"{seen.name} is up and healthy.",
        "unhealthy": f"{seen.name} is running, but unhealthy.",
        "starting": f"{seen.name} is running, its health check is still starting.",
        "none": f"{seen.name} is running.",
    }[seen.health]


def _changed(result: Result) -> str:
    request, name = result.request, result.request.target
    if request.verb is Verb.RUN_WORKFLOW:
        return {
            "done": f"The {name} workflow has run.",
            "failed": result.spoken_trouble or f"The {name} workflow failed.",
            "unknown": f"I started the {name} workflow, but could not see how it ended.",
        }[result.result]
    if request.verb is Verb.CHANGE_TOOL:
        tool, server = tool_words(name)
        return {
            "done": f"{server} says that {tool} is done.",
            "failed": result.spoken_trouble or f"{server} says that {tool} did not work.",
            "unknown": f"I asked {server} for {tool}, but can't see whether it worked.",
        }[result.result]
    if result.result == "unknown":
        return f"I asked for the {request.verb} of {name}, but I can't see whether it worked."
    if result.result == "failed":
        now = f" {status_sentence(result.seen[0])}" if result.seen else ""
        return f"{result.spoken_trouble or f'That did not work: I could not {request.verb} {name}.'}{now}"
    after = _after(result.took_s)
    health = result.seen[0].health if result.seen else "none"
    if request.verb is Verb.STOP or health == "none":
        return f"{name} {_DONE[request.verb]} after {after}."
    return f"{name} {_DONE[request.verb]} after {after}, {health}."


def _listed(seen: tuple[Seen, ...]) -> str:
    if not seen:
        return "There is no container that I may tell of."
    ill = [each for each in seen if not each.well]
    if not ill:
        names = _and([each.name for each in seen]) if len(seen) <= _MOST_NAMED else f"All {len(seen)} containers"
        return f"{names} {'is' if len(seen) == 1 else 'are'} up and well."
    well = len(seen) - len(ill)
    told = " ".join(status_sentence(each) for each in ill[:_MOST_NAMED])
    more = f" And {len(ill) - _MOST_NAMED} more are not well." if len(ill) > _MOST_NAMED else ""
    return f"{f'{well} of {len(seen)} are well. ' if well else ''}{told}{more}"


def _missing(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    some = list(names) if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more"]
    return f" There is no {_and(some)}." if len(some) == 1 else f" {_and(some)} are not there."


def _used(name: str, usage: Usage) -> str:
    limit = f" of {_bytes(usage.memory_limit_bytes)}" if usage.memory_limit_bytes else ""
    return f"{name} uses {_bytes(usage.memory_bytes)}{limit} of memory and {usage.cpu_percent:.0f} percent of a core."


def _last_line(name: str, log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if not lines:
        return f"{name} has logged nothing."
    said = lines[-1] if len(lines[-1]) <= 160 else f"{lines[-1][:160].rsplit(' ', 1)[0]} …"
    return f"The last of {len(lines)} lines says: {said}" if len(lines) > 1 else f"The log says: {said}"


def _after(took_s: float) -> str:
    seconds = max(1, round(took_s))
    return "a second" if seconds == 1 else f"{seconds} seconds"


def _bytes(count: int) -> str:
    return f"{count / _GIB:.1f} gigabytes" if count >= _GIB else f"{max(1, round(count / _MIB))} megabytes"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
