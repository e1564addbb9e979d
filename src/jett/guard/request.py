"""What may be asked, as a frozen type that validates itself. Not who may ask it (`policy`), nor how it is done (`ops`).

Everything else in the guard sees only `Request`. Text and mappings come in through `parse_request`, which refuses
what it does not know; what goes out to a server is built again from the frozen type, never passed on.
There is no verb that runs a command, makes, removes, fetches or kills anything, and a test holds that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, TypeAlias

from jett.core.errors import RequestError

Scalar: TypeAlias = str | int | bool

MAX_TEXT_CHARS = 4096
MAX_LINES = 500
DEFAULT_LINES = 50
MAX_ARGUMENTS = 16
MAX_ARGUMENT_CHARS = 500

# Docker's own pattern for a container's name (moby, daemon/names/names.go), with a length.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", re.ASCII)
ARGUMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,31}", re.ASCII)
# `server.tool`: the server as the settings name it, the tool as the Model Context Protocol names tools.
TOOL = re.compile(r"[a-z][a-z0-9_-]{0,31}\.[a-zA-Z0-9_.-]{1,95}", re.ASCII)


class Verb(StrEnum):
    """All that can be asked."""

    LIST = "list"
    STATUS = "status"
    LOGS = "logs"
    STATS = "stats"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RUN_WORKFLOW = "run_workflow"
    READ_TOOL = "read_tool"
    CHANGE_TOOL = "change_tool"
    ANNOUNCE = "announce"


READING = frozenset({Verb.LIST, Verb.STATUS, Verb.LOGS, Verb.STATS, Verb.READ_TOOL, Verb.ANNOUNCE})
"""Nothing is another way on any server afterwards; to have words spoken is among it."""
CHANGING = frozenset({Verb.START, Verb.STOP, Verb.RESTART, Verb.RUN_WORKFLOW, Verb.CHANGE_TOOL})
CONTAINER_VERBS = frozenset({Verb.STATUS, Verb.LOGS, Verb.STATS, Verb.START, Verb.STOP, Verb.RESTART})
TOOL_VERBS = frozenset({Verb.READ_TOOL, Verb.CHANGE_TOOL})
WITHOUT_TARGET = frozenset({Verb.LIST, Verb.ANNOUNCE})
WITH_ARGUMENTS = frozenset({Verb.RUN_WORKFLOW, *TOOL_VERBS, Verb.ANNOUNCE})


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do. `target` is a container, a workflow, or `server.tool`; empty for `list` and `announce`.

    `lines` is of `logs` only, 1 to 500. `arguments` are of workflows and tools, in order of their names; `announce`
    has one, `text`.
    Raises RequestError for anything else, so that a Request in hand is well-formed.
    """

    verb: Verb
    target: str = ""
    lines: int | None = None
    arguments: tuple[tuple[str, Scalar], ...] = ()

    def __post_init__(self) -> None:
        if type(self.verb) is not Verb:
            _refuse("request.verb", "the verb is not one of Verb; use Verb('status') and its like")
        _check_target(self.verb, self.target)
        _check_lines(self.verb, self.lines)
        _check_arguments(self.verb, self.arguments)

    @property
    def changes(self) -> bool:
        """Whether carrying it out changes something on the server."""
        return self.verb in CHANGING


def parse_request(source: str | Mapping[str, object]) -> Request:
    """A request out of JSON text (at most 4,096 characters) or a mapping such as a tool's arguments.

    Keys: `verb`, `target`, `lines`, `arguments`. Raises RequestError, whose text never repeats what was given.
    """
    fields = dict(source) if isinstance(source, Mapping) else object_of(source)
    unknown = set(fields) - {"verb", "target", "lines", "arguments"}
    if unknown:
        _refuse("request.field", f"{len(unknown)} field(s) are unknown; send verb, target, lines, arguments only")
    target = fields.get("target", "")
    if type(target) is not str:
        _refuse("request.type", "target is not text; send a container's or workflow's name")
    lines = fields.get("lines")
    if lines is not None and type(lines) is not int:
        _refuse("request.type", "lines is not a whole number")
    return Request(_verb_of(fields.get("verb")), target, lines, _arguments_of(fields.get("arguments", {})))


def object_of(text: object) -> dict[str, object]:
    """The object in JSON text of at most 4,096 characters, each name in it once. Raises RequestError."""
    if type(text) is not str:
        _refuse("request.type", "a request is JSON text or a mapping")
    if len(text) > MAX_TEXT_CHARS:
        _refuse("request.long", f"the request has {len(text)} characters, at most {MAX_TEXT_CHARS} are read")
    try:
        parsed = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _refuse("request.json", "the request is not JSON")
    if type(parsed) is not dict:
        _refuse("request.type", "the request is not a JSON object")
    return parsed


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("request.duplicate", "a field is given twice; which one counts would be a guess")
    return found


def _no_constant(_: str) -> NoReturn:
    _refuse("request.number", "NaN and Infinity are not numbers here")


def _verb_of(verb: object) -> Verb:
    if type(verb) is not str or verb not in Verb.__members__.values():
        _refuse("request.verb", f"the verb is unknown; it is one of {', '.join(Verb)}")
    return Verb(verb)


def _arguments_of(arguments: object) -> tuple[tuple[str, Scalar], ...]:
    if not isinstance(arguments, Mapping):
        _refuse("request.type", "arguments is not an object")
    if not all(type(name) is str for name in arguments):
        _refuse("request.argument", "an argument's name is not text")
    return tuple(sorted(arguments.items()))


def _check_target(verb: Verb, target: object) -> None:
    if type(target) is not str:
        _refuse("request.type", "target is not text; send a container's or workflow's name")
    if verb in WITHOUT_TARGET:
        if target:
            _refuse("request.target", f"{verb} takes no target")
    elif verb in TOOL_VERBS:
        if not TOOL.fullmatch(target):
            _refuse("request.name", f"the target is not a tool of a server; such names match {TOOL.pattern}")
    elif not NAME.fullmatch(target):
        _refuse("request.name", f"the target is not a name; Docker's names match {NAME.pattern}")


def _check_lines(verb: Verb, lines: object) -> None:
    if lines is None:
        return
    if verb is not Verb.LOGS:
        _refuse("request.lines", f"{verb} takes no lines; only logs does")
    if type(lines) is not int or not 1 <= lines <= MAX_LINES:
        _refuse("request.lines", f"lines is out of range; it is 1 to {MAX_LINES}")


def _check_arguments(verb: Verb, arguments: object) -> None:
    if type(arguments) is not tuple:
        _refuse("request.type", "arguments is not a tuple of pairs")
    if arguments and verb not in WITH_ARGUMENTS:
        _refuse("request.arguments", f"{verb} takes no arguments; workflows, tools and announcements do")
    if len(arguments) > MAX_ARGUMENTS:
        _refuse("request.arguments", f"there are {len(arguments)} arguments, at most {MAX_ARGUMENTS} are taken")
    for pair in arguments:
        if type(pair) is not tuple or len(pair) != 2:
            _refuse("request.type", "arguments is not a tuple of pairs")
        _check_argument(*pair)
    names = [name for name, _ in arguments]
    if names != sorted(set(names)):
        _refuse("request.arguments", "arguments are in the order of their names, each once")
    if verb is Verb.ANNOUNCE and not (names == ["text"] and type(arguments[0][1]) is str and arguments[0][1].strip()):
        _refuse("request.arguments", "announce takes one argument, text, with words in it")


def _check_argument(name: object, value: object) -> None:
    if type(name) is not str or not ARGUMENT_NAME.fullmatch(name):
        _refuse("request.argument", f"an argument's name does not match {ARGUMENT_NAME.pattern}")
    if type(value) not in (str, int, bool):
        _refuse("request.argument", f"argument {name} is not text, a whole number, true or false")
    if type(value) is int and abs(value) > 2**53:
        _refuse("request.argument", f"argument {name} is out of range; whole numbers go to 2**53")
    if type(value) is str and (len(value) > MAX_ARGUMENT_CHARS or not value.isprintable()):
        _refuse(
            "request.argument",
            f"argument {name} is longer than {MAX_ARGUMENT_CHARS} characters or holds a control character",
        )


def _refuse(rule: str, message: str) -> NoReturn:
    raise RequestError(rule, f"guard: {message}")
