"""A session's settings as OpenAI shapes them (GA), their defaults, and how an update changes them. Pure.

Fields of the beta that mean one thing only are taken too; what is known to nobody is ignored, so that newer clients
can talk. What Jett cannot do is refused where it would change an answer (another speed, tools of MCP servers).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jett.server.realtime.refused import EventRefused, from_validation

MOST_TOOLS = 64
MOST_INSTRUCTION_CHARS = 32_768
_BETA_FORMATS = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}


class Shape(BaseModel):
    """No value is bent into another type, and what is unknown is ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class AudioFormat(Shape):
    """pcm is 16 bits, little-endian; the others are G.711 at 8 kHz."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: Literal[16_000, 24_000, 8_000] = 24_000

    @model_validator(mode="before")
    @classmethod
    def _with_its_rate(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("type") in ("audio/pcmu", "audio/pcma"):
            return {**given, "rate": 8_000}
        if isinstance(given, dict) and given.get("rate") == 8_000:
            raise ValueError("audio/pcm has a rate of 24000, or 16000 with session.jett")
        return given

    def wire(self) -> dict[str, Any]:
        return {"type": self.type, "rate": self.rate} if self.type == "audio/pcm" else {"type": self.type}

    def seconds(self, n_bytes: int) -> float:
        """How long so many bytes sound."""
        return n_bytes / (self.rate * (2 if self.type == "audio/pcm" else 1))


class ServerVad(Shape):
    """A fixed silence ends a turn."""

    type: Literal["server_vad"]
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    prefix_padding_ms: int = Field(default=300, ge=0, le=5_000)
    silence_duration_ms: int = Field(default=500, ge=64, le=10_000)
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = Field(default=None, ge=1_000, le=600_000)


class SemanticVad(Shape):
    """Jett's own endpointing: how sure the turn detector is decides how long the silence must be."""

    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class Transcription(Shape):
    """What the client wants to read of what was said; the model is Jett's own, whichever is named."""

    model: str | None = Field(default=None, max_length=128)
    language: str | None = Field(default=None, max_length=16)
    prompt: str | None = Field(default=None, max_length=4_096)


class AudioInput(Shape):
    format: AudioFormat = AudioFormat()
    transcription: Transcription | None = None
    noise_reduction: dict[str, Any] | None = None
    turn_detection: TurnDetection | None = SemanticVad(type="semantic_vad")


class AudioOutput(Shape):
    format: AudioFormat = AudioFormat()
    voice: str | dict[str, Any] = "jett"
    speed: float = 1.0

    @model_validator(mode="after")
    def _at_its_own_speed(self) -> AudioOutput:
        if self.speed != 1.0:
            raise ValueError("Jett's voice has one speed: 1.0")
        return self


class Audio(Shape):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class FunctionTool(Shape):
    """A function of the client's own."""

    type: Literal["function"] = "function"
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    description: str = Field(default="", max_length=4_096)
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class ChosenFunction(Shape):
    type: Literal["function"]
    name: str


ToolChoice = Literal["auto", "none", "required"] | ChosenFunction
Modalities = list[Literal["audio", "text"]]
MostTokens = Annotated[int, Field(ge=1, le=4_096)] | Literal["inf"]
Tools = Annotated[list[FunctionTool], Field(max_length=MOST_TOOLS)]


def one_modality(modalities: Modalities) -> Modalities:
    """Sound comes with its transcript, so asking for both (the beta's way) is asking for sound."""
    if not modalities:
        raise ValueError("name one of audio and text")
    return ["audio"] if "audio" in modalities else ["text"]


class SessionConfig(Shape):
    """All of it, defaults included."""

    type: Literal["realtime"] = "realtime"
    model: str = Field(default="jett", max_length=128)
    instructions: str = Field(default="", max_length=MOST_INSTRUCTION_CHARS)
    output_modalities: Modalities = ["audio"]
    audio: Audio = Audio()
    tools: Tools = []
    tool_choice: ToolChoice = "auto"
    max_output_tokens: MostTokens = "inf"
    jett: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> SessionConfig:
        one_modality(self.output_modalities)
        rates = {self.audio.input.format.rate, self.audio.output.format.rate}
        if 16_000 in rates and not self.jett:
            raise ValueError("a rate of 16000 is for session.jett = true; use 24000")
        return self

    @property
    def written(self) -> bool:
        """Whether replies are text only."""
        return one_modality(self.output_modalities) == ["text"]

    def wire(self) -> dict[str, Any]:
        """As a client sees it."""
        shown = self.model_dump(mode="json")
        shown["output_modalities"] = one_modality(self.output_modalities)
        shown["audio"]["input"]["format"] = self.audio.input.format.wire()
        shown["audio"]["output"]["format"] = self.audio.output.format.wire()
        return {**shown, "tracing": None, "truncation": "auto", "prompt": None, "include": None}


def updated(config: SessionConfig, update: dict[str, Any]) -> SessionConfig:
    """The settings after a `session.update`. Raises EventRefused, and then nothing has changed."""
    _refuse_what_cannot_be(update)
    merged = _merged(config.model_dump(), _from_beta(update))
    try:
        return SessionConfig.model_validate(merged)
    except ValidationError as error:
        raise from_validation(error, "session") from None


def _refuse_what_cannot_be(update: dict[str, Any]) -> None:
    if update.get("type", "realtime") != "realtime":
        raise EventRefused("session.type: only realtime is served here", param="session.type")
    if update.get("prompt") is not None:
        raise EventRefused("session.prompt: there are no stored prompts; use instructions", param="session.prompt")
    tools = update.get("tools")
    if isinstance(tools, list) and any(isinstance(tool, dict) and tool.get("type") == "mcp" for tool in tools):
        raise EventRefused("session.tools: MCP servers are the owner's to add (ops.mcp), not a client's", param="tools")


def _merged(before: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """Only `audio` and its two halves are merged; every other field is replaced as a whole."""
    merged = {**before, **{key: value for key, value in update.items() if key not in ("audio", "model")}}
    audio = update.get("audio")
    if isinstance(audio, dict):
        halves = {
            half: {**before["audio"][half], **_given(audio[half])} if isinstance(audio[half], dict) else audio[half]
            for half in ("input", "output")
            if audio.get(half) is not None
        }
        merged["audio"] = {**before["audio"], **halves}
    elif audio is not None:
        merged["audio"] = audio
    return {key: value for key, value in merged.items() if value is not None}


def _given(half: dict[str, Any]) -> dict[str, Any]:
    """A null turns something off, or means nothing."""
    off = ("transcription", "noise_reduction", "turn_detection")
    return {key: value for key, value in half.items() if value is not None or key in off}


def _from_beta(update: dict[str, Any]) -> dict[str, Any]:
    """The beta's flat fields in the places they have now; a field of now wins."""
    halves: dict[str, dict[str, Any]] = {"input": {}, "output": {}}
    moved = {
        "input_audio_format": ("input", "format"),
        "input_audio_transcription": ("input", "transcription"),
        "input_audio_noise_reduction": ("input", "noise_reduction"),
        "turn_detection": ("input", "turn_detection"),
        "output_audio_format": ("output", "format"),
        "voice": ("output", "voice"),
        "speed": ("output", "speed"),
    }
    for field, (half, name) in moved.items():
        if field in update:
            value = update[field]
            halves[half][name] = _BETA_FORMATS.get(value, value) if isinstance(value, str) else value
    now = {key: value for key, value in update.items() if key not in moved}
    renamed = {"modalities": "output_modalities", "max_response_output_tokens": "max_output_tokens"}
    now = {renamed.get(key, key): value for key, value in now.items()}
    audio = now.get("audio") if isinstance(now.get("audio"), dict | None) else None
    if audio is None and "audio" in now:
        return now
    given = {half: (audio or {}).get(half) for half in halves}
    both = {
        half: {**old, **there} if isinstance(there := given[half], dict) else there or old
        for half, old in halves.items()
        if old or given[half] is not None
    }
    return {**now, "audio": both} if both else now
