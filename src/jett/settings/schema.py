"""Every setting that there is: its type, default, limits and one sentence. Not where values come from (see `load`).

The descriptions here are the text of docs/configuration.md. Units are in the names: `_s`, `_ms`, `_gib`, `_mib`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator, model_validator

from jett.core.errors import ConfigError
from jett.settings.languages import WHISPER_LANGUAGES, nearest_language
from jett.settings.schema_ops import Operations
from jett.settings.schema_server import History, Memory, Server, Telemetry
from jett.settings.schema_wake import Wake
from jett.settings.section import ADDRESS, MIRROR, Section

Profile = Literal["cpu", "gpu-8gb", "remote"]
Device = Literal["auto", "cpu", "cuda"]
ComputeType = Literal["auto", "int8", "int8_float16", "int8_float32", "float16", "float32"]
CacheType = Literal["f16", "q8_0", "q4_0"]

DEFAULT_SYSTEM_PROMPT = (
    "You are Jett, a voice assistant. Answer in one or two short spoken sentences. "
    "Use plain words: no lists, no markdown, no emoji. "
    "If the user wants you to do or switch something, or asks for the time or the weather, say: "
    "Sorry, I can't do that yet. Answer all other questions."
)


class Audio(Section):
    """Microphone and speaker."""

    input: str = Field(
        default="", description="Microphone: part of its name as `jett devices` prints it; empty is the default."
    )
    output: str = Field(
        default="", description="Speaker: part of its name as `jett devices` prints it; empty is the default."
    )
    echo_cancellation: bool = Field(default=True, description="Take Jett's own voice out of what the microphone hears.")
    noise_suppression: bool = Field(default=False, description="Reduce steady noise before Jett listens.")
    block_ms: int = Field(
        default=20, ge=10, le=200, description="Sound per device block; larger spares CPU, smaller answers sooner."
    )
    queue_s: float = Field(
        default=2.0,
        ge=0.2,
        le=30,
        description="Microphone sound kept for a late listener; the oldest is dropped and counted.",
    )


class VoiceActivity(Section):
    """When somebody speaks."""

    threshold: float = Field(default=0.5, gt=0, lt=1, description="Probability from which a 32 ms frame is speech.")
    min_speech_ms: int = Field(
        default=64, ge=32, le=1000, description="Speech that opens an utterance; shorter is a click."
    )
    over_reply_threshold: float = Field(
        default=0.6,
        gt=0,
        lt=1,
        description="The same threshold while Jett speaks, so that not every breath silences it.",
    )
    over_echo_threshold: float = Field(
        default=0.9,
        gt=0,
        lt=1,
        description="The same while Jett speaks and its echo is audible, so that it does not interrupt itself.",
    )
    pre_roll_ms: int = Field(default=300, ge=0, le=1000, description="Sound kept from before the onset of speech.")


class Turn(Section):
    """When the user has finished, and what happens when somebody speaks meanwhile."""

    speculate_after_s: float = Field(
        default=0.032, ge=0.03, le=1, description="Silence after which Jett begins to work ahead."
    )
    min_silence_s: float = Field(
        default=0.4, ge=0.2, le=2, description="Silence after which a reply may sound, when quite sure."
    )
    cap_s: float = Field(default=1.1, ge=0.3, le=5, description="Silence after which a reply sounds even when unsure.")
    even_probability: float = Field(
        default=0.92,
        ge=0.01,
        le=0.99,
        description="Probability of an ended turn at which the silence is half-way between these two.",
    )
    continuation_s: float = Field(
        default=2.0,
        ge=0,
        le=5,
        description="Speech this soon after a reply began is the same turn, answered as a whole.",
    )
    max_turn_s: float = Field(
        default=60, ge=5, le=100, description="Length from which the shortest pause ends a turn, sure or not."
    )
    barge_in_s: float = Field(default=0.064, ge=0.03, le=2, description="Sustained speech that silences a reply.")

    @model_validator(mode="after")
    def _silences_are_in_order(self) -> Self:
        if not self.speculate_after_s <= self.min_silence_s <= self.cap_s:
            raise ValueError(
                "turn.speculate_after_s <= turn.min_silence_s <= turn.cap_s must hold, "
                f"they are {self.speculate_after_s}, {self.min_silence_s}, {self.cap_s}"
            )
        return self


class Remote(Section):
    """What every engine behind a URL needs."""

    url: str = Field(
        default="",
        pattern=ADDRESS,
        description="Address of the server, such as `http://127.0.0.1:11434`; used by the backends that need one.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Key for the server; better in the environment or a file."
    )
    api_key_file: Path | None = Field(default=None, strict=False, description="File whose first line is the key.")
    timeout_s: float = Field(
        default=20, gt=0, le=600, description="Longest wait for the server's next piece of an answer."
    )

    @field_validator("url")
    @classmethod
    def _has_host_and_port(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            right = not url or (bool(parts.hostname) and parts.port != 0)
        except ValueError:  # a port that is none, or half an IPv6 address
            right = False
        if not right:
            raise ValueError("an address with a host and a port from 1 to 65535, such as http://127.0.0.1:11434")
        return url

    def read_api_key(self) -> str:
        """The key, from the setting or its file; empty when there is none. Raises ConfigError."""
        key = self._found_api_key()
        if not (key.isascii() and key.isprintable()):
            raise ConfigError("settings: the API key has characters that no key has, need ASCII; copy it again")
        return key

    def _found_api_key(self) -> str:
        if self.api_key_file is None:
            return self.api_key.get_secret_value()
        try:
            lines = self.api_key_file.expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise ConfigError(
                f"settings: api_key_file {self.api_key_file} cannot be read ({reason}); correct its path or mode"
            ) from error
        return lines[0].strip() if lines else ""


class SpeechToText(Remote):
    """What was said."""

    backend: Literal["ctranslate2", "openai"] = Field(
        default="ctranslate2", description="`ctranslate2` runs Whisper here; `openai` asks the server at `url`."
    )
    model: str = Field(
        default="whisper-tiny.en", min_length=1, description="Model, as `jett models list` or the server names it."
    )
    device: Device = Field(default="auto", description="Where it runs; `auto` takes the GPU when the profile has one.")
    compute_type: ComputeType = Field(
        default="auto", description="Number format; `auto` is int8 on CPU, int8_float16 on a GPU."
    )
    language: str = Field(default="en", description="Language spoken, as a code such as `de`, or `auto`.")
    padding_s: float = Field(
        default=2.0, ge=0.1, le=30, description="Silence after the clip that the encoder is given."
    )
    partials: bool = Field(
        default=True, description="Transcribe while the user still speaks, where the machine can afford it."
    )
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads; 0 chooses.")
    vocabulary: tuple[str, ...] = Field(
        default=(), strict=False, description="Words to expect: names of containers, people, places."
    )

    @field_validator("language")
    @classmethod
    def _language_is_known(cls, language: str, info: ValidationInfo) -> str:
        """Whisper's are known; a server may run another model."""
        known = language in WHISPER_LANGUAGES or language == "auto"
        if known or (info.data.get("backend") == "openai" and re.fullmatch("[a-z]{2,3}", language)):
            return language
        near = nearest_language(language)
        hint = f" (did you mean '{near}'?)" if near else ""
        raise ValueError(f"the code of a language that Whisper knows, such as 'en' or 'de', or 'auto'{hint}")


class LanguageModel(Remote):
    """What to answer."""

    backend: Literal["embedded", "openai", "ollama"] = Field(
        default="embedded", description="`embedded` runs llama.cpp here; `openai` and `ollama` ask the server at `url`."
    )
    model: str = Field(
        default="qwen2.5-coder-0.5b-instruct-q4_k_m",
        min_length=1,
        description="Model, as `jett models list` or the server names it.",
    )
    draft_model: str = Field(
        default="", description="Small model of the same family that guesses ahead; empty for none."
    )
    context_tokens: int = Field(
        default=4096, ge=512, le=131_072, description="Size of the context, fixed so nothing reloads."
    )
    cache_type: CacheType = Field(default="f16", description="Number format of the KV cache; q8_0 halves its memory.")
    max_tokens: int = Field(default=200, ge=1, le=4096, description="Longest reply.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0 always takes the likeliest word.")
    gpu_layers: int = Field(
        default=-1, ge=-1, le=1000, description="Layers on the GPU; -1 is all of them where there is one."
    )
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads; 0 chooses.")
    slots: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Answers that the model makes at once, for several conversations; an embedded one shares its "
        "context among them. More than 1 is for a machine with cores to spare, or a server.",
    )
    tools: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether the model may look at what the policy lists and propose changes, through the guard; "
        "`auto` is a model on a server, not an embedded one.",
    )
    system_prompt: str = Field(
        default=DEFAULT_SYSTEM_PROMPT, max_length=8000, description="What the model is told before every conversation."
    )


class TextToSpeech(Remote):
    """Jett's voice."""

    backend: Literal["auto", "piper", "kokoro", "openai"] = Field(
        default="auto",
        description="`auto` takes the best voice whose first audio fits `first_audio_budget_ms`; `openai` asks the "
        "server at `url`.",
    )
    model: str = Field(default="", description="Model, as the server names it; of the backend `openai` alone.")
    voice: str = Field(default="", description="Voice of the backend, such as `af_heart`; empty is its default.")
    speed: float = Field(default=1.0, ge=0.5, le=2, description="1 is the voice's own pace.")
    device: Device = Field(default="auto", description="Where it runs; `auto` takes the GPU when the profile has one.")
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads; 0 chooses.")
    first_audio_budget_ms: int = Field(
        default=150,
        ge=20,
        le=5000,
        description="Longest wait for the first sound of a short clause that `auto` accepts.",
    )
    pronunciations: dict[str, str] = Field(default_factory=dict, description='How to say a word: `nginx = "engine x"`.')


class Speaker(Section):
    """Whose voice it is."""

    enabled: bool = Field(
        default=False,
        description="Compare the voice of each turn with those of `jett voice enroll`; nothing happens while nobody is "
        "enrolled.",
    )
    threshold: float = Field(
        default=0.7,
        ge=0.3,
        le=0.99,
        description="Likeness from which a voice is taken for an enrolled one; higher lets fewer others in and knows "
        "you less often.",
    )
    dir: Path | None = Field(
        default=None,
        strict=False,
        description="Where enrolled voices lie, and beside it their key; unset is `voices` in the data folder.",
    )


class Vram(Section):
    """The memory of the graphics card."""

    card_gib: float = Field(
        default=0, ge=0, le=1024, description="Size of the card in GiB to plan for; 0 asks the card."
    )
    headroom_mib: int = Field(default=256, ge=0, le=65_536, description="Memory that a plan must leave free.")
    fall_back: bool = Field(
        default=True, description="Take the next smaller plan when one does not fit, instead of refusing."
    )


class Privacy(Section):
    """What is kept."""

    keep_recordings: bool = Field(default=False, description="Keep the sound of each turn as a WAV file.")
    recordings_dir: Path | None = Field(
        default=None, strict=False, description="Where recordings go; unset is `recordings` in the data folder."
    )


class Models(Section):
    """Where weights are and come from."""

    dir: Path | None = Field(
        default=None, strict=False, description="The model store; empty is `models` in the user's data folder."
    )
    mirror: str = Field(
        default="",
        pattern=MIRROR,
        description="Address tried first; files by their SHA-256.",
    )


class Ui(Section):
    """What the terminal shows."""

    language: Literal["en"] = Field(default="en", description="Language of Jett's own sentences.")
    live: bool = Field(default=True, description="Show the live view while talking, in a terminal that can.")
    color: Literal["auto", "always", "never"] = Field(default="auto", description="Colours in the terminal.")


class Schema(BaseModel):
    """The whole file."""

    model_config = Section.model_config

    profile: Profile = Field(
        default="cpu", description="Set of defaults: `cpu`, `gpu-8gb` or `remote`; unset, the machine decides."
    )
    audio: Audio = Audio()
    vad: VoiceActivity = VoiceActivity()
    wake: Wake = Wake()
    turn: Turn = Turn()
    stt: SpeechToText = SpeechToText()
    llm: LanguageModel = LanguageModel()
    tts: TextToSpeech = TextToSpeech()
    speaker: Speaker = Speaker()
    vram: Vram = Vram()
    privacy: Privacy = Privacy()
    ops: Operations = Operations()
    server: Server = Server()
    history: History = History()
    memory: Memory = Memory()
    telemetry: Telemetry = Telemetry()
    models: Models = Models()
    ui: Ui = Ui()
