"""Python's log as text, without secrets: messages, arguments and tracebacks. Set up by `commands`."""

from __future__ import annotations

import logging

from jett.guard import redact

_FORM = "%(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """At the very end, where every library's words are text already."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(level: int) -> None:
    """The one handler, on stderr, of this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(_FORM))
    logging.basicConfig(level=level, handlers=[handler])
