"""What an n8n workflow or a tool of an MCP server may be given: flat, typed, bounded. Pure; called by `policy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from jett.guard.request import MAX_ARGUMENT_CHARS, Scalar

DEFAULT_MAXIMUM = 1_000_000

ArgumentType = Literal["string", "int", "bool", "enum"]


@dataclass(frozen=True, slots=True)
class ArgumentRule:
    """One argument. `max_chars` is of strings, `minimum` and `maximum` of whole numbers, `values` of enums."""

    type: ArgumentType
    required: bool = True
    max_chars: int = MAX_ARGUMENT_CHARS
    minimum: int = 0
    maximum: int = DEFAULT_MAXIMUM
    values: frozenset[str] = frozenset()

    def accepts(self, value: Scalar) -> bool:
        """Whether the value is of the type, and within its limits. True is no whole number."""
        match self.type:
            case "string":
                return type(value) is str and len(value) <= self.max_chars
            case "int":
                return type(value) is int and self.minimum <= value <= self.maximum
            case "bool":
                return type(value) is bool
            case _:  # enum
                return type(value) is str and value in self.values


@dataclass(frozen=True, slots=True)
class WorkflowRule:
    """One workflow: its arguments by name, none unless they are listed."""

    arguments: Mapping[str, ArgumentRule] = field(default_factory=lambda: MappingProxyType({}))

    def problem(self, given: tuple[tuple[str, Scalar], ...]) -> str:
        """What is wrong with the arguments, fit to be spoken and without their values; empty when nothing is."""
        return _problem("workflow", self.arguments, given)


@dataclass(frozen=True, slots=True)
class ToolRule:
    """One tool of an MCP server. `changes`: a person must say yes first; else it only reads.

    `definition` is the SHA-256 of what the server said the tool is when the owner listed it, and `description` the
    one line that a language model is told: the owner's words, never the server's of today.
    """

    definition: str
    description: str
    arguments: Mapping[str, ArgumentRule] = field(default_factory=lambda: MappingProxyType({}))
    changes: bool = False

    def problem(self, given: tuple[tuple[str, Scalar], ...]) -> str:
        """As a workflow's."""
        return _problem("tool", self.arguments, given)


def _problem(what: str, rules: Mapping[str, ArgumentRule], given: tuple[tuple[str, Scalar], ...]) -> str:
    for name, value in given:
        rule = rules.get(name)
        if rule is None:
            return f"That {what} has no such argument."
        if not rule.accepts(value):
            return f"The {_spoken(name)} is not right."
    missing = sorted(name for name, rule in rules.items() if rule.required and name not in dict(given))
    return f"The {_spoken(missing[0])} is missing." if missing else ""


def _spoken(name: str) -> str:
    return name.replace("_", " ")
