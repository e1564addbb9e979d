"""What the terminal, `--json` and Python's log show has no secret in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncGenerator

import anyio
import pytest

from jett.cli.ask import _words
from jett.cli.failures import crashed, failure_line, report, without_secrets
from jett.cli.log_text import RedactingFormatter
from jett.cli.views import JsonLines
from jett.core.errors import OperationError

SECRET = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


def test_a_log_line_and_its_traceback_are_redacted() -> None:
    """A library's, too, with the secret in an argument or in an exception."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(RedactingFormatter("%(name)s: %(message)s"))
    log = logging.Logger("somebody")
    log.addHandler(handler)
    try:
        raise ValueError(f"token={SECRET}")
    except ValueError:
        log.exception("with %s", SECRET)
    assert "somebody: with [redacted]" in text.getvalue()
    assert "ValueError" in text.getvalue()
    assert SECRET not in text.getvalue()


def test_an_error_is_shown_without_its_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the terminal, in JSON, in a view, and with --debug."""
    error = OperationError(f"docker: token={SECRET} was refused; try again")
    report(error, as_json=True)
    JsonLines().failed(error)
    monkeypatch.setenv("JETT_DEBUG", "1")
    crashed(error)
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    assert json.loads(failure_line(str(error), 8))["error"] == "docker: token=[redacted] was refused; try again"
    assert "Traceback" in shown.err or "OperationError" in shown.err


@pytest.mark.parametrize(
    "deltas",
    [
        ["The key is ghp_A1b2C3d4E5", "f6G7h8I9j0K1l2M3n4O5p6Q7r8", ", all right?"],
        ["The key is ", SECRET, " today.\n", "Bye."],
        [*f"It is {SECRET}."],
        ["password", ":\n", "hunter2 ", "is it."],
    ],
)
def test_a_stream_that_cuts_a_secret_in_pieces_shows_none_of_it(deltas: list[str]) -> None:
    async def shown() -> str:
        async def stream() -> AsyncGenerator[str, None]:
            for delta in deltas:
                yield delta

        return "".join([words async for words in _words(stream())])

    text = anyio.run(shown)
    assert "[redacted]" in text
    assert "ghp_" not in text
    assert "hunter2" not in text


def test_a_stream_without_a_secret_is_shown_as_it_is() -> None:
    async def shown() -> str:
        async def stream() -> AsyncGenerator[str, None]:
            for delta in ["Two lines:\n", "  one", " and\ttwo", ".\n\n", "End"]:
                yield delta

        return "".join([words async for words in _words(stream())])

    assert anyio.run(shown) == "Two lines:\n  one and\ttwo.\n\nEnd"


@pytest.mark.parametrize("error", ["token: verb 'foo' is unknown; use list", "tokens: there is or was a token editor"])
def test_an_error_about_tokens_is_no_secret(error: str) -> None:
    """Its first word is what it is about; what follows is looked at as ever."""
    assert without_secrets(error) == error
    assert without_secrets(f"{error}, password=hunter2") == f"{error}, password=[redacted]"
