"""What the dashboard needs of the servers, which `app` implements over its operations. It gives no permit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from jett.guard import Permit

Health = Literal["healthy", "unhealthy", "starting", "none"]


class Sight(Protocol):
    """One container, as the engine tells of it."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def health(self) -> Health: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def exit_code(self) -> int | None: ...


class Used(Protocol):
    """What a container takes; `cpu_percent` is of one core."""

    @property
    def cpu_percent(self) -> float: ...
    @property
    def memory_bytes(self) -> int: ...
    @property
    def memory_limit_bytes(self) -> int: ...


class Logged(Protocol):
    """Redacted lines, and how many were left out before them."""

    @property
    def lines(self) -> tuple[str, ...]: ...
    @property
    def dropped(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an operation. `trouble` is for whoever mends it."""

    result: Literal["done", "failed", "unknown"]
    text: str
    trouble: str = ""
    took_s: float = 0.0
    log: str = ""


class ContainerPort(Protocol):
    """The containers of one server. What takes a permit raises GuardError where it is not good or not on record."""

    def live_names(self) -> AbstractSet[str] | None:
        """As the guard wants them; None while they cannot be seen."""

    def trouble(self) -> str:
        """Why nothing can be seen, or may be done; empty where all is well."""

    def seen(self, name: str) -> Sight | None:
        """As last seen."""

    async def look_closer(self, names: Sequence[str]) -> None:
        """Find out what the engine's list alone does not tell. Fails silently: then it stays unknown."""

    async def carry_out(self, permit: Permit) -> Done:
        """Do what was permitted, to its end."""

    def follow(self, permit: Permit) -> AsyncGenerator[Logged, None]:
        """A permitted `logs`, held open."""

    def usages(self, permit: Permit) -> AsyncGenerator[Used, None]:
        """A permitted `stats`, held open."""
