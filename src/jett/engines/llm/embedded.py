"""llama.cpp inside this process: its real OpenAI-compatible server on a loopback port, tuned for a few CPU cores.

Owns that server; starting it is `llama_server`'s, the talking `openai_chat`'s. Not for a model that does not fit into
memory: it refuses. Called by the composition root, in a thread, since loading blocks for seconds.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import anyio
import httpx

from jett.core.errors import LanguageModelError
from jett.core.ports import Message, ToolCall, ToolSpec
from jett.engines.llm.answer import Timeouts, Timings
from jett.engines.llm.gguf import read_header
from jett.engines.llm.llama_server import EmbeddedSettings, refuse_what_does_not_fit, start
from jett.engines.llm.openai_chat import NO_THINKING, OpenAIChatLanguageModel
from jett.engines.llm.own_ports import OWN_PORTS

__all__ = ["EmbeddedLanguageModel", "EmbeddedSettings"]


class EmbeddedLanguageModel:
    """Answers from a GGUF file. Blocks while the model loads; use `aclose` to give everything back.

    Raises ModelMissing, ModelError (damaged), OutOfMemory, LanguageModelError (llama.cpp cannot run it).
    """

    def __init__(
        self,
        model_path: Path,
        settings: EmbeddedSettings | None = None,
        *,
        max_tokens: int = 160,
        temperature: float = 0.0,
        timeouts: Timeouts | None = None,
    ) -> None:
        settings = settings or EmbeddedSettings()
        header = read_header(model_path)
        refuse_what_does_not_fit(model_path, header, settings)
        self._api_key = secrets.token_urlsafe(32)
        self._server: object | None = start(model_path, settings, self._api_key)
        self.base_url = f"{self._server.listening_address}/v1"  # type: ignore[attr-defined]
        self._port = httpx.URL(self.base_url).port or 0
        OWN_PORTS.add(self._port)
        self.slots = tuple(
            OpenAIChatLanguageModel(
                self.base_url,
                api_key=self._api_key,
                max_tokens=max_tokens,
                temperature=temperature,
                timeouts=timeouts,
                # With progress events the server also notices during a long prompt that nobody listens any more.
                extra_body={**NO_THINKING, "cache_prompt": True, "return_progress": True, "id_slot": slot},
            )
            for slot in range(settings.slots)
        )
        """A model for each slot of the server, which answers one request at a time and remembers what it has read."""
        self._chat = self.slots[0]
        if settings.draft_path is not None:
            self._require_guessing(settings.draft_path)

    @property
    def key_header(self) -> dict[str, str]:
        """What a request of one's own to `base_url` must carry, such as one for its `/slots`."""
        return {"Authorization": f"Bearer {self._api_key}"}

    @property
    def last_timings(self) -> Timings:
        """Where the time of the last finished answer or prefill went."""
        return self._chat.last_timings

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated. Closing the stream frees the slot at once. Raises LanguageModelError."""
        return self._chat.stream(messages)

    def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        """The same, where the model may ask for one of `tools`."""
        return self._chat.act(messages, tools)

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Read `messages` into the slot's cache. Cancelling stops after the batch at hand."""
        await self._chat.prefill(messages, tools)

    async def aclose(self) -> None:
        """End the server and free the model; safe to call twice."""
        for slot in self.slots:
            await slot.aclose()
        await anyio.to_thread.run_sync(self._drop)

    def _require_guessing(self, draft: Path) -> None:
        """llama.cpp goes on without a draft that does not fit the model, and says so only in its log."""
        url = self.base_url.removesuffix("/v1") + "/slots"
        slots = httpx.get(url, headers=self.key_header, trust_env=False).json()
        if not slots[0].get("speculative"):
            self._drop()
            raise LanguageModelError(
                f"llm: {draft.name} cannot guess ahead for this model, their vocabularies differ; choose one of its "
                "family for llm.draft_model, or leave it empty"
            )

    def _drop(self) -> None:
        if self._server is not None:
            self._server = None
            OWN_PORTS.discard(self._port)  # once only: another may listen there by now
