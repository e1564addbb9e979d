"""The boundaries of the voice loop: what `session` asks of engines and devices. Adapters implement them elsewhere.

Engines are blocking and single-threaded: one owned thread calls one engine, so an adapter needs no locks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples
from jett.core.events import Decided


class VoiceActivityDetector(Protocol):
    """Scores speech, one frame after another; it has state."""

    frame_samples: int

    def score(self, frame: Samples) -> float:
        """Probability of speech in `frame` (shape (frame_samples,), 16 kHz), 0 to 1."""

    def reset(self) -> None:
        """Forget what was heard, before another recording."""


class WakeWordDetector(Protocol):
    """Scores the names that Jett is called by, one frame after another; it has state."""

    frame_samples: int
    names: tuple[str, ...]
    """What the scores are of, in their order: `hey_jett`."""

    def scores(self, frame: Samples) -> tuple[float, ...]:
        """How sure each name is, 0 to 1, to have ended by the end of `frame` (shape (frame_samples,), 16 kHz)."""

    def several(self, frames: Samples) -> Sequence[tuple[float, ...]]:
        """The `scores` of one or more frames (shape (n * frame_samples,)), for less work than one after another."""

    def reset(self) -> None:
        """Forget what was heard, before another recording."""


class TurnDetector(Protocol):
    """Scores "the speaker has finished" from the sound of the end of what was said."""

    def probability_finished(self, speech: Samples) -> float:
        """0 to 1 for `speech` (16 kHz, any length; the model looks at its end)."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, and how sure the engine is."""

    text: str
    mean_logprob: float = 0.0
    """Mean log-probability of the decoded tokens (natural log); below -1 is doubtful."""
    no_speech_probability: float = 0.0
    tokens: tuple[int, ...] = ()
    """The engine's own tokens, so that the next partial need not decode them again."""
    audio_samples: int = 0
    """Samples (16 kHz) that were transcribed."""


class SpeechToText(Protocol):
    """Turns speech into text; blocking."""

    def transcribe(self, speech: Samples, *, earlier: Sequence[Transcript] = (), partial: bool = False) -> Transcript:
        """The whole of `speech` (16 kHz). `earlier` are transcripts of its beginning, oldest first, to save work.

        `partial`: the speech goes on, so speed counts for more than the last word.

        Raises SpeechToTextError. An empty text means that nothing was said.
        """


@runtime_checkable
class PhraseScorer(Protocol):
    """A speech-to-text engine that can also say how likely one phrase is; blocking."""

    def log_likelihood(self, speech: Samples, spellings: Sequence[str]) -> float:
        """Natural logarithm of the probability that the text of `speech` (16 kHz) begins with one of `spellings`.

        Raises SpeechToTextError.
        """


@runtime_checkable
class SpeechEncoder(Protocol):
    """A speech-to-text engine that can also give what its encoder makes of sound; blocking."""

    def states(self, speeches: Sequence[Samples]) -> NDArray[np.float32]:
        """A state each 20 ms of `speeches` (16 kHz, all as long), shape (speeches, frames, dimensions).

        Raises SpeechToTextError.
        """


class CallJudge(Protocol):
    """Tells a name from what only sounds like it; blocking."""

    @property
    def most_looks(self) -> int:
        """How often it may be asked about one call, each time about a little more of it."""

    def holds(self, speech: Samples) -> bool:
        """Whether `speech` (16 kHz), with the name at its end if it is there, is of it. Raises EngineError."""

    def warm_up(self) -> None:
        """Do what the first call would else wait for. Raises EngineError."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that a model may ask for. `parameters` is the JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model asks for a tool. `arguments` is JSON text as the model wrote it, unchecked."""

    name: str
    arguments: str
    id: str = ""


Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, as a chat model sees it."""

    role: Role
    content: str
    call: ToolCall | None = None
    """Of an assistant's message: the tool it asked for. Of a tool's message: the call that it answers."""


class LanguageModel(Protocol):
    """Answers a conversation, token by token."""

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated, thinking left out. Closing the stream frees the model at once.

        Raises LanguageModelError.
        """

    def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        """The same, where the model may ask for one of `tools`: text as it is generated, and calls at the end.

        Raises LanguageModelError.
        """

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Have the model read `messages` so that a stream that begins with them starts sooner. May do nothing."""

    async def aclose(self) -> None:
        """Release connections and any server that this engine started."""


class TextToSpeech(Protocol):
    """Speaks one clause; blocking."""

    rate_hz: int

    def synthesize(self, clause: str) -> Samples:
        """The sound of `clause` at `rate_hz`, trimmed of silence at its start. Raises TextToSpeechError."""


Vectors = NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1: the product of two rows is their similarity, at most 1."""


class TextEmbedding(Protocol):
    """Places texts so that what means the same lies near; blocking."""

    name: str
    """Of the model: vectors of two models are not to be compared."""
    dimensions: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text; what is beyond the model's window is not seen. Raises EngineError."""


VoicePlace = NDArray[np.float32]
"""Shape (dimensions,), of length 1: where a voice lies. The product of two is their similarity, at most 1."""


class SpeakerEncoder(Protocol):
    """Places voices so that the same speaker lies near; blocking."""

    name: str
    """Of the model: places of two models are not to be compared."""
    dimensions: int

    def voiced(self, speech: Samples) -> Samples:
        """What of `speech` (16 kHz, any length) is speech at all; so much can be judged."""

    def embed(self, voiced: Samples) -> VoicePlace:
        """The place of the voice in what `voiced` gave; under 1.6 s it is less sure. Raises EngineError."""


@dataclass(frozen=True, slots=True)
class SpeakerScore:
    """How near the voice is to the nearest that is enrolled; `name` is whose, None where none is near enough."""

    name: str | None
    score: float
    """1 is the same, two people are usually below 0.7."""


class SpeakerVerifier(Protocol):
    """Says whose voice something was spoken with; blocking. A soft signal: a recording of a voice is that voice."""

    def verify(self, speech: Samples) -> SpeakerScore | None:
        """Of `speech` (16 kHz); None where too little of it is speech to tell, or nobody is enrolled.

        Raises EngineError.
        """


class WhoSpeaks(Protocol):
    """Whose voice the turn is that a conversation works on. Names are of enrolled voices; see `Identity.speaker`."""

    @property
    def so_far(self) -> str | None:
        """Of the newest speech, as far as it is known: a name, empty for nobody's, None where it cannot be told."""

    async def name(self) -> str | None:
        """The same of the turn that was committed last; waits until it is known."""


class EchoCanceller(Protocol):
    """Takes Jett's own voice out of what the microphone hears."""

    frame_samples: int

    @property
    def audible(self) -> bool:
        """Whether there is an echo that could be heard at all."""

    @property
    def lets_through(self) -> bool:
        """Whether what it gave last is an echo after all: it takes a moment to follow one that comes earlier now."""

    def process(self, near: Samples, far: Samples) -> Samples:
        """One frame of microphone (`near`) with what was played meanwhile (`far`); both (frame_samples,), 16 kHz."""


class EchoReference(Protocol):
    """What was played, matched in time with what is captured."""

    def played(self, block: Samples) -> None:
        """Called from the audio thread with each rendered block, at the speaker's rate."""

    def ready(self, n_samples: int) -> bool:
        """False while something plays and its next block is late: wait then, for a fill shifts all that follows."""

    def take(self, n_samples: int) -> Samples:
        """The next `n_samples` at 16 kHz; silence where nothing was played."""

    def skip(self, n_samples: int) -> bool:
        """Take `n_samples` of silence, if nothing is played and nothing waits; else False, and nothing was taken."""


class Microphone(Protocol):
    """Where speech comes from: a device or a file fed at the pace of real time."""

    dropped_samples: int
    """Samples (16 kHz) lost because nobody took them in time."""

    def chunks(self) -> AsyncGenerator[Samples, None]:
        """16 kHz mono chunks in order, until the source ends. Raises AudioError."""


@runtime_checkable
class Gathers(Protocol):
    """A microphone that can hand over more at once, which costs less than often a little."""

    def gather(self, n_samples: int) -> None:
        """From now on chunks of at least `n_samples` (16 kHz); with 0 each as soon as it is there. Loses nothing."""


Render = Callable[[int], Samples]
"""Called with a number of samples, gives exactly so many to play now; must not block."""


class Speaker(Protocol):
    """Where the reply goes: a device or a file."""

    rate_hz: int

    def start(self, render: Render) -> None:
        """Begin to pull sound from `render` (at `rate_hz`) until `stop`. Raises AudioError."""

    def stop(self) -> None:
        """End playback now; safe to call twice."""

    @property
    def latency_s(self) -> float:
        """Time between a rendered sample and its sound; 0 when unknown."""


@runtime_checkable
class Rests(Protocol):
    """A speaker that need not run while there is nothing to play. Neither method blocks."""

    def rest(self) -> None:
        """Pull nothing from `render` until `rouse`; soon, and what was pulled before still sounds."""

    def rouse(self) -> None:
        """Pull again, as soon as the device runs; what sounds first is what `render` then gives. Safe to call twice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sentence will have done once its turn commits. Making one has no effect.

    `preview` is what will be said first if nothing changes until then, so that its sound can be made meanwhile; empty
    where that cannot be known. `key` belongs to whoever made the plan.
    """

    preview: str
    key: object


class Controls(Protocol):
    """What a command may do to the conversation itself."""

    @property
    def volume_percent(self) -> int:
        """How loud Jett speaks, 0 to 100."""

    @property
    def typed(self) -> bool:
        """Whether the words that are carried out were written; else they were spoken."""

    def set_volume(self, percent: int) -> None:
        """From the next sound on."""

    def last_reply(self) -> str:
        """What Jett said last, as it was heard; empty if it said nothing yet."""

    def decided(self, decision: Decided) -> None:
        """What the guard said to the command that is being carried out, for the turn's report."""


class Commands(Protocol):
    """Sentences that are done without the language model. Understanding is speculative, doing is not."""

    def plan(self, text: str) -> Plan | None:
        """What `text` asks for; None where the language model should answer. No effect, and within milliseconds."""

    def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        """Do it, after the commit: sentences to be spoken, as they become known.

        Closing the stream lets what was begun on a server come to its end and its record. Raises JettError.
        """

    def awaits_answer(self) -> bool:
        """Whether a question was asked whose answer may come now; somebody else's words must not come between."""

    async def stopped(self) -> None:
        """The user said stop, or could not hear a reply: nothing that waits for an answer waits any longer."""

    async def heard(self) -> None:
        """A reply was heard to its end: the time to answer what it asked begins."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a tool call. `text` is data for the model, already redacted.

    `spoken` is said as it is and ends the reply: a question, a refusal. `untrusted`: somebody else wrote the text, and
    what it says must not lead to another tool. `failed`: it was not done. `elsewhere`: whoever listens does it and asks
    for the next reply once it is done, so this one ends.
    """

    text: str = ""
    spoken: str = ""
    untrusted: bool = False
    failed: bool = False
    decided: Decided | None = None
    """What the guard said, where it was asked; for the turn's report, not for the model."""
    elsewhere: bool = False


class Tools(Protocol):
    """What the language model may use of Jett's tools."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """The same at every call, since a prompt that begins alike is read only once."""

    async def use(self, call: ToolCall) -> ToolResult:
        """Do what was asked for, as far as it is permitted. Raises JettError."""
