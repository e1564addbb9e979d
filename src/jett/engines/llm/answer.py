"""What every language model adapter shares: its limits, its timings, and how a broken answer becomes an error.

Not a client. Called by `openai_chat`, `ollama` and `embedded`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from jett.core.errors import LanguageModelError, RequestRefused


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a language model, in seconds. A listening person hangs up long before these."""

    connect_s: float = 2.0
    first_byte_s: float = 20.0
    """From request to the first event, a cold prompt included."""
    gap_s: float = 10.0
    """Between two events."""
    prefill_s: float = 120.0
    """For a whole prefill. Long for the embedded model, whose first may read a long prompt on a slow machine."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of one answer went, as its server measured it; 0 where it does not say."""

    cached_tokens: int = 0
    """Prompt tokens that were still in the cache."""
    prompt_tokens: int = 0
    """Prompt tokens that had to be evaluated."""
    prompt_ms: float = 0.0
    generated_tokens: int = 0
    generated_ms: float = 0.0
    load_ms: float = 0.0
    """Time to load the model: anything but 0 means that it had been thrown out of memory."""


def parse_object(text: bytes, where: str) -> dict[str, Any]:
    """One JSON object from the server. Raises LanguageModelError; the text itself is never quoted."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise garbage(where, f"{len(text)} bytes that are not JSON") from error
    if not isinstance(value, dict):
        raise garbage(where, f"JSON of type {type(value).__name__}, need an object")
    return value


def garbage(where: str, what: str) -> LanguageModelError:
    """The server answers, but not in its protocol."""
    return LanguageModelError(f"llm: {where} sent {what}; check that llm.url is a chat server and its version")


def refused(where: str, status: int, body: bytes) -> LanguageModelError:
    """The server said no. Only numbers and the error's type are quoted: its message may repeat the prompt."""
    error = _error_of(body)
    if isinstance(asked := error.get("n_prompt_tokens"), int) and isinstance(limit := error.get("n_ctx"), int):
        return LanguageModelError(
            f"llm: the question is too long: {asked} tokens with the instructions, limit {limit}; "
            "shorten it or raise llm.context_tokens"
        )
    return RequestRefused(f"llm: {where} refused with HTTP {status}{_reason(error)}; {_fix(status)}")


def _error_of(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _reason(error: dict[str, Any]) -> str:
    parts = [str(error[key]) for key in ("type", "code") if isinstance(error.get(key), str | int)]
    return f" ({', '.join(parts)[:120]})" if parts else ""


def _fix(status: int) -> str:
    fixes: dict[int, str] = {
        401: "set llm.api_key",
        403: "set llm.api_key",
        404: "check llm.url and llm.model",
        503: "wait until the model is loaded",
    }
    return fixes.get(status, "see the server's log")


def spent(where: str, what: str, limit_s: float, setting: str) -> LanguageModelError:
    """The server took longer than a limit."""
    return LanguageModelError(f"llm: {where} sent no {what} within {limit_s:g} s; restart it or raise {setting}")


def broken(where: str, error: httpx.HTTPError | httpx.StreamError) -> LanguageModelError:
    """The connection could not be made or did not last."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return LanguageModelError(f"llm: no server answers at {where}; start it or correct llm.url")
    return LanguageModelError(f"llm: {where} broke off ({type(error).__name__}); restart it and see its log")


def number(value: object, kind: Callable[[float], Any] = float) -> Any:
    """A count or a time from the server, 0 for anything else: timings are for reports and never fail an answer."""
    return kind(value) if isinstance(value, int | float) and not isinstance(value, bool) else kind(0)
