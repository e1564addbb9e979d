"""Which settings a browser may change, and why not the others. A session that was stolen can do this much and no more.

What is not in EDITABLE may not be changed, so that a new setting is closed until somebody has thought about it. Closed
are those that

- open a door or say where servers are: `ops`, `server`, addresses and kinds of engines, history's and memory's places,
  telemetry, where models come from;
- name a file or folder, which Jett would then read or write with its owner's rights (so `wake.words` takes names here,
  and a new file's path only in the settings file);
- hold a secret;
- change what a question about a server sounds like (`tts.pronunciations`), or how much a model may ask for;
- would have more kept than the owner wants: those may be turned off here, and on only in the file (ONLY_OFF).
"""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr

from jett.settings.keys import Key

EDITABLE = frozenset(
    {
        *("audio.input", "audio.output", "audio.echo_cancellation", "audio.noise_suppression"),
        *("audio.block_ms", "audio.queue_s"),
        *("vad.threshold", "vad.min_speech_ms", "vad.over_reply_threshold", "vad.over_echo_threshold"),
        "vad.pre_roll_ms",
        *("turn.speculate_after_s", "turn.min_silence_s", "turn.cap_s", "turn.even_probability"),
        *("turn.continuation_s", "turn.max_turn_s", "turn.barge_in_s"),
        *("stt.model", "stt.device", "stt.compute_type", "stt.language", "stt.padding_s", "stt.partials"),
        *("stt.threads", "stt.vocabulary", "stt.timeout_s"),
        *("llm.model", "llm.draft_model", "llm.context_tokens", "llm.cache_type", "llm.max_tokens"),
        *("llm.temperature", "llm.gpu_layers", "llm.threads", "llm.system_prompt", "llm.timeout_s"),
        *("tts.backend", "tts.voice", "tts.speed", "tts.device", "tts.threads", "tts.first_audio_budget_ms"),
        *("vram.card_gib", "vram.headroom_mib", "vram.fall_back"),
        *("privacy.keep_recordings", "history.keep", "history.days", "memory.keep"),
        *("wake.enabled", "wake.words", "wake.sensitivity", "wake.refractory_s", "wake.follow_up_s", "wake.earcon"),
        *("ui.language", "ui.live", "ui.color"),
    }
)
ONLY_OFF = frozenset({"privacy.keep_recordings", "history.keep", "memory.keep"})
_ONLY_OFF = "it may be turned off here, and on only in the file"

_WHY = {
    "profile": "it says which engines hear and answer",
    "stt.backend": "it says who hears what is spoken",
    "stt.url": "it says who hears what is spoken",
    "llm.backend": "it says who reads what is spoken",
    "llm.url": "it says who reads what is spoken",
    "llm.tools": "it says what a model may ask of the servers",
    "tts.pronunciations": "it changes what a question about a server sounds like",
    "ops": "it belongs to the servers and the guard",
    "server": "it is one of the dashboard's own doors",
    "models": "it says where models come from",
    "history.database": "it says where what was said is kept",
    "memory.url": "it says where what was said is kept",
    "telemetry.traces_url": "it says where measurements go",
}


def why_not(key: Key, value: object) -> str:
    """Why a browser may not change it, `value` being what it is now; empty where it may."""
    if key.name in ONLY_OFF and not value:
        return _ONLY_OFF
    if key.name in EDITABLE:
        return ""
    section = key.name.partition(".")[0]
    return f"only in the file: {_WHY.get(key.name) or _kind_of(key) or _WHY.get(section, 'nobody has opened it')}"


def would_turn_on(name: str, before: object, after: object) -> bool:
    """Whether a change turns something on that may only be turned off."""
    return name in ONLY_OFF and not before and bool(after)


def _kind_of(key: Key) -> str:
    annotation: Any = key.field.annotation
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [part for part in parts if part is not NoneType]
    if SecretStr in kinds:
        return "it is a secret"
    return "it names a file or folder" if Path in kinds else ""
