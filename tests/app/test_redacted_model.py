"""What a language model is told: every message but the system prompt without its secrets, and JSON stays JSON."""

from __future__ import annotations

import json

import pytest

from jett.app import load_llm
from jett.app.redacted_model import RedactedLanguageModel, _message
from jett.core.ports import Message, ToolCall
from jett.models.store import Store
from jett.settings import Settings

SECRET = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_no_message_brings_a_secret(role: str) -> None:
    told = _message(Message(role, f"use {SECRET}\npassword:\n hunter2" if role == "assistant" else f"use {SECRET}"))  # type: ignore[arg-type]
    assert SECRET not in told.content
    assert "hunter2" not in told.content


def test_the_system_prompt_stays_as_its_owner_wrote_it() -> None:
    assert _message(Message("system", f"say {SECRET}")).content == f"say {SECRET}"


@pytest.mark.parametrize(
    "arguments", ['{"name": "n8n"}', json.dumps({"name": SECRET}), '{"password": "hunter2"}', f"password={SECRET}", ""]
)
def test_the_arguments_of_a_call_lose_their_secrets_and_stay_json(arguments: str) -> None:
    told = _message(Message("assistant", "", ToolCall("look", arguments))).call
    assert told
    assert SECRET not in told.arguments
    assert "hunter2" not in told.arguments
    if told.arguments != arguments:
        json.loads(told.arguments)


@pytest.mark.parametrize("backend", ["openai", "ollama"])
def test_every_model_that_is_loaded_is_wrapped(backend: str, store: Store) -> None:
    settings = Settings.load(
        env={}, overrides={"llm.backend": backend, "llm.url": "http://127.0.0.1:9", "llm.model": "m"}
    )
    assert isinstance(load_llm(settings, store), RedactedLanguageModel)
