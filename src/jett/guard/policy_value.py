"""One table of the policy file, taken apart key by key; what nobody took is unknown, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from jett.core.errors import PolicyError

MAX_ENTRIES = 256


def fail(where: str, what: str) -> NoReturn:
    """Raises PolicyError: `policy: containers.n8n.actions has 'fly'; …`."""
    raise PolicyError(f"policy: {where} {what}")


class Table:
    """A TOML table, and which of its keys were taken. Every method raises PolicyError for a value of another type."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        self._name = name
        self._left = dict(values)
        if len(self._left) > MAX_ENTRIES:
            fail(name or "the file", f"has {len(self._left)} entries, at most {MAX_ENTRIES}; take some away")

    def where(self, key: str) -> str:
        """The key's full name."""
        return f"{self._name}.{key}" if self._name else key

    def has(self, key: str) -> bool:
        """Whether it is there and not yet taken."""
        return key in self._left

    def names(self) -> list[str]:
        """The keys not yet taken."""
        return list(self._left)

    def table(self, key: str) -> Table:
        """The table under the key; an empty one when there is none."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            fail(self.where(key), f"is not a table; write [{self.where(key)}]")
        return Table(self.where(key), value)

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number between two limits, both allowed."""
        value = self._left.pop(key, default)
        if type(value) is not int or not least <= value <= most:
            fail(self.where(key), f"is {_shown(value)}, must be a whole number from {least} to {most}; correct it")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._left.pop(key, default)
        if type(value) is not bool:
            fail(self.where(key), f"is {_shown(value)}; write true or false")
        return value

    def text(self, key: str, default: str, most_chars: int) -> str:
        """One line of text."""
        value = self._left.pop(key, default)
        if type(value) is not str or len(value) > most_chars or not value.isprintable():
            fail(self.where(key), f"must be one line of at most {most_chars} characters; correct it")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of text, each once; an empty one when there is none."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(type(item) is str for item in value):
            fail(self.where(key), 'must be a list of text; write ["…", "…"]')
        if len(value) > MAX_ENTRIES or len(set(value)) != len(value):
            fail(self.where(key), f"has an entry twice, or more than {MAX_ENTRIES}; take some away")
        return value

    def end(self) -> None:
        """Nothing else may be in the table."""
        for key in sorted(self._left):
            fail(self.where(key), "is unknown; correct its spelling or take it away")


def _shown(value: object) -> str:
    """Python refuses to write numbers of thousands of digits."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"
