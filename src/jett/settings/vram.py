"""From settings to what should run on the card: the bridge between the user's words and `models.vram`.

Not the plan itself. Called by `app` before loading and by `jett vram`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from jett.core.errors import ModelError, OutOfMemory
from jett.models.gguf import read_header
from jett.models.vram import Wish, plan
from jett.models.vram_known import KOKORO, LANGUAGE_MODELS, WHISPERS
from jett.models.vram_sizes import LanguageModelShape, shape_of
from jett.models.vram_speech import ComputeType, WhisperShape
from jett.settings.load import Settings
from jett.settings.schema import LanguageModel, SpeechToText

_HERE = {"127.0.0.1", "localhost", "::1", ""}


def wish_of(settings: Settings, gguf: Path | None = None) -> Wish:
    """What these settings put on the card of this machine. `gguf` is the language model's file, when it is known.

    Raises ModelError when the memory of a named model is not known.
    """
    stt = _whisper(settings.stt)
    llm = _language_model(settings.llm, gguf)
    return Wish(
        llm=llm,
        stt=stt,
        tts=KOKORO if settings.tts.device == "cuda" and settings.tts.backend in ("auto", "kokoro") else None,
        context_tokens=settings.llm.context_tokens,
        cache=settings.llm.cache_type,
        compute=_compute(settings.stt),
        smaller_llms=tuple(shape for shape in LANGUAGE_MODELS if llm and shape.gpu_weight_bytes < llm.gpu_weight_bytes),
        smaller_stts=tuple(shape for shape in WHISPERS if stt and shape.encoder_layers < stt.encoder_layers),
    )


def _language_model(chosen: LanguageModel, gguf: Path | None) -> LanguageModelShape | None:
    elsewhere = chosen.backend != "embedded" and (urlsplit(chosen.url).hostname or "") not in _HERE
    if elsewhere or (chosen.backend == "embedded" and chosen.gpu_layers == 0):
        return None
    return shape_of(read_header(gguf), gguf.stem) if gguf else known_language_model(chosen.model)


def known_language_model(name: str) -> LanguageModelShape:
    """The published shape whose short name, such as `qwen3-8b`, is in `name`. Raises ModelError when there is none."""
    wanted = name.lower().replace(":", "-").replace("_", "-")
    for shape in LANGUAGE_MODELS:
        if _short(shape.name) in wanted:
            return shape
    known = ", ".join(_short(shape.name) for shape in LANGUAGE_MODELS)
    raise ModelError(f"vram: the size of model '{name}' is not known, known are {known}; name its GGUF file with --llm")


def _short(name: str) -> str:
    """`Qwen3-4B-Instruct-2507 Q4_K_M` is known as `qwen3-4b`."""
    return "-".join(name.lower().split()[0].split("-")[:2])


def _whisper(chosen: SpeechToText) -> WhisperShape | None:
    if chosen.backend != "ctranslate2" or chosen.device == "cpu":
        return None
    for shape in WHISPERS:
        if shape.name.removesuffix(".en") == chosen.model.removesuffix(".en"):
            return shape
    known = ", ".join(shape.name for shape in WHISPERS)
    raise ModelError(
        f"vram: the size of stt.model '{chosen.model}' is not known, known are {known}; choose one of them"
    )


def _compute(chosen: SpeechToText) -> ComputeType:
    return "int8_float16" if chosen.compute_type == "auto" else chosen.compute_type


def fitted(settings: Settings, card_bytes: int, gguf: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """The settings that fit the card, and what was given up for it; called before anything is loaded.

    Another language model is a choice for the owner: where only a smaller one fits, this refuses. Raises OutOfMemory.
    """
    wish = wish_of(settings, gguf)
    headroom_bytes = settings.vram.headroom_mib * 2**20
    got = plan(wish, card_bytes, headroom_bytes, fall_back=settings.vram.fall_back)
    if wish.llm and got.wish.llm and got.wish.llm != wish.llm:
        raise OutOfMemory(
            f"vram: {wish.llm.name} does not fit {card_bytes / 2**30:.1f} GiB, {got.wish.llm.name} would; "
            "set llm.model to it, or see: jett vram"
        )
    llm = settings.llm.model_copy(update={"context_tokens": got.wish.context_tokens, "cache_type": got.wish.cache})
    update: dict[str, object] = {"llm": llm}
    if wish.stt and got.wish.stt and got.wish.stt != wish.stt:
        update["stt"] = settings.stt.model_copy(update={"model": got.wish.stt.name})
    if wish.tts and not got.wish.tts:
        update["tts"] = settings.tts.model_copy(update={"device": "cpu"})
    return settings.model_copy(update=update), got.given_up
