"""What the composition root makes of settings; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from jett import app
from jett.app.voices import close_voice, voice_name
from jett.core.errors import LanguageModelError, ModelMissing
from jett.core.ports import Message
from jett.models.store import Store
from jett.settings import Settings
from tests.engines.llm.peer import HANG, playing


def test_a_voice_that_is_named_is_asked_of_kokoro_and_never_replaced_by_another(tmp_path: Path) -> None:
    named = Settings.load(env={}, overrides={"tts.voice": "af_heart"})
    assert named.tts.backend == "auto"
    with pytest.raises(ModelMissing, match="fix: jett models pull kokoro-82m-int8 kokoro-voices"):
        app.load_tts(named, Store(tmp_path))
    assert app.needed_models(named)[-2:] == ["kokoro-82m-int8", "kokoro-voices"]
    assert app.needed_models(Settings.load(env={}))[-1] == "piper-en-us-joe"


@pytest.mark.models
def test_a_voice_that_is_named_speaks_although_another_is_faster(store: Store) -> None:
    for model_id in ("kokoro-82m-int8", "kokoro-voices", "piper-en-us-joe"):
        store.path(model_id)
    overrides = {"tts.voice": "af_heart", "tts.first_audio_budget_ms": 50}
    voice, _ = app.load_tts(Settings.load(env={}, overrides=overrides), store)
    assert voice_name(voice) == "kokoro"
    close_voice(voice)


@pytest.mark.parametrize("backend", ["openai", "ollama"])
def test_warming_up_a_server_that_hangs_is_given_up_after_the_timeout_of_the_settings(
    backend: str, tmp_path: Path
) -> None:
    async def warm_up() -> None:
        async with playing(HANG) as peer:
            overrides = {"llm.backend": backend, "llm.url": peer.url, "llm.timeout_s": 0.2}
            llm = app.load_llm(Settings.load(env={}, overrides=overrides), Store(tmp_path))
            with anyio.fail_after(30):
                await llm.prefill([Message("user", "Hello")])

    with pytest.raises(LanguageModelError, match=r"within 0\.2 s"):
        anyio.run(warm_up)
