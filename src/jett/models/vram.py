"""Decides before anything is loaded whether the models fit the card, and what to give up when they do not.

The policy, in order, each step kept when the next is needed:
1. the KV cache as q8_0, which hardly changes an answer;
2. the context halved, not below 2048 tokens;
3. a smaller Whisper, one size after another;
4. text-to-speech on the CPU;
5. a smaller language model;
6. refuse: OutOfMemory. A model is never split between card and CPU, since that is what made first tokens take seconds.

Not a measurement: sizes come from `vram_sizes` and `vram_speech`. Called by `app` before loading and by `jett vram`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jett.core.errors import OutOfMemory
from jett.models.vram_sizes import GIB, CacheType, LanguageModelShape, Share, language_model
from jett.models.vram_speech import (
    ComputeType,
    VoiceModel,
    WhisperShape,
    elsewhere,
    speech_to_text,
    system,
    text_to_speech,
)

LEAST_CONTEXT_TOKENS = 2048

# Two processes open CUDA: the language model's server and Jett.
_USUAL_SYSTEM = system(2)


@dataclass(frozen=True, slots=True)
class Wish:
    """What should run on the card. A stage that is None runs elsewhere. Smaller ones are listed largest first."""

    llm: LanguageModelShape | None
    stt: WhisperShape | None
    tts: VoiceModel | None
    context_tokens: int = 8192
    cache: CacheType = "q8_0"
    compute: ComputeType = "int8_float16"
    smaller_llms: tuple[LanguageModelShape, ...] = ()
    smaller_stts: tuple[WhisperShape, ...] = ()
    system: Share = _USUAL_SYSTEM

    def shares(self) -> tuple[Share, ...]:
        """What each stage takes."""
        llm = language_model(self.llm, self.context_tokens, self.cache) if self.llm else elsewhere("LLM")
        stt = speech_to_text(self.stt, self.compute) if self.stt else elsewhere("STT")
        tts = text_to_speech(self.tts) if self.tts else elsewhere("TTS")
        return llm, stt, tts, self.system

    @property
    def total_bytes(self) -> int:
        return sum(share.size_bytes for share in self.shares())


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run, and what was given up for it."""

    wish: Wish
    card_bytes: int
    headroom_bytes: int
    given_up: tuple[str, ...]

    @property
    def free_bytes(self) -> int:
        """What stays free on the card, headroom included."""
        return self.card_bytes - self.wish.total_bytes


def plan(wish: Wish, card_bytes: int, headroom_bytes: int, *, fall_back: bool = True) -> Plan:
    """The first wish of the policy that fits. Raises OutOfMemory when none does, or when falling back is forbidden."""
    smallest = wish
    for smallest in _ladder(wish) if fall_back else (wish,):
        if smallest.total_bytes + headroom_bytes <= card_bytes:
            return Plan(smallest, card_bytes, headroom_bytes, tuple(_given_up(wish, smallest)))
    raise OutOfMemory(_refusal(smallest, card_bytes, headroom_bytes, fall_back=fall_back))


def _ladder(wish: Wish) -> Iterator[Wish]:
    """The wish itself, then what each step of the policy makes of it."""
    yield wish
    for step in (_smaller_cache, _smaller_contexts, _smaller_whispers, _voice_elsewhere, _smaller_models):
        for smaller in step(wish):
            wish = smaller
            yield wish


def _smaller_cache(wish: Wish) -> Iterator[Wish]:
    if wish.llm and wish.cache == "f16":
        yield replace(wish, cache="q8_0")


def _smaller_contexts(wish: Wish) -> Iterator[Wish]:
    tokens = wish.context_tokens
    while wish.llm and tokens // 2 >= LEAST_CONTEXT_TOKENS:
        tokens //= 2
        yield replace(wish, context_tokens=tokens)


def _smaller_whispers(wish: Wish) -> Iterator[Wish]:
    if wish.stt:
        yield from (replace(wish, stt=stt) for stt in wish.smaller_stts)


def _voice_elsewhere(wish: Wish) -> Iterator[Wish]:
    if wish.tts:
        yield replace(wish, tts=None)


def _smaller_models(wish: Wish) -> Iterator[Wish]:
    if wish.llm:
        yield from (replace(wish, llm=llm) for llm in wish.smaller_llms)


def _given_up(asked: Wish, got: Wish) -> Iterator[str]:
    """What differs between two wishes, each as a reason to show."""
    if got.cache != asked.cache:
        yield f"KV cache {got.cache} instead of {asked.cache}"
    if got.context_tokens != asked.context_tokens:
        yield f"context of {got.context_tokens} tokens instead of {asked.context_tokens}"
    if asked.stt and got.stt and got.stt != asked.stt:
        yield f"{got.stt.name} instead of {asked.stt.name}"
    if asked.tts and not got.tts:
        yield "text-to-speech on the CPU"
    if asked.llm and got.llm and got.llm != asked.llm:
        yield f"{got.llm.name} instead of {asked.llm.name}"


def _refusal(wish: Wish, card_bytes: int, headroom_bytes: int, *, fall_back: bool) -> str:
    need, limit = wish.total_bytes / GIB, (card_bytes - headroom_bytes) / GIB
    tried = "after every fallback" if fall_back else "and vram.fall_back is false"
    return (
        f"vram: the models need {need:.2f} GiB {tried}, limit {limit:.2f} GiB (card {card_bytes / GIB:.2f} less "
        f'headroom {headroom_bytes / GIB:.2f}); choose a smaller llm.model, or set profile = "cpu"'
    )
