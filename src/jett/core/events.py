"""What a conversation tells whoever watches it: the terminal, `--json`, later the dashboard. Words stay out of logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

FRAME_S = 0.032
"""What a voice activity detector scores at once."""
STAGES = (
    "speech_end",
    "pause_seen",
    "stt_final",
    "llm_first_token",
    "tts_first_audio",
    "commit",
    "first_audio",
)


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The turn machine's state: idle, hearing, pausing, replying, overlap. Or asleep, until Jett is called; then
    called, until the transcript tells whether it was."""

    state: str


@dataclass(frozen=True, slots=True)
class LevelMeasured:
    """Loudness of the microphone, after echo cancellation, and whether it is speech."""

    dbfs: float
    speech_probability: float
    span_s: float = FRAME_S
    """Of how much sound. Asleep it is told of more at once."""


@dataclass(frozen=True, slots=True)
class PartialHeard:
    """What the user seems to have said so far; replaces the one before."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ClauseSpoken:
    """A clause of the reply was given to the output; appends to the ones before."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class StageSpan:
    """One piece of a turn's work, milliseconds from the true end of speech; what came before is negative.

    Names: hearing (with its pre-roll), pause (until the turn was over), stt, llm (until its first token), tool, tts
    (until its first sound), held (sound that waited for the commit), playing. They overlap where work does.
    """

    name: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool that the model used in a turn. Long texts are cut."""

    name: str
    arguments: str
    result: str
    start_ms: float
    took_ms: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What the guard said to something that a turn asked for; `operation` is its number in the audit log.

    `verdict`: allow, confirm (a question was asked), confirmed (and answered with yes), deny. `at` is RFC 3339.
    """

    operation: str
    verb: str
    target: str
    verdict: str
    rule: str
    at: str


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One finished turn. Times are milliseconds from the true end of speech, `first_audio` being the TTFA."""

    turn: int
    revision: int
    transcript: str
    reply: str
    heard: str
    interrupted: bool
    reason: str = ""
    ttfa_ms: float | None = None
    stages_ms: dict[str, float] = field(default_factory=dict)
    speech_end_s: float = 0.0
    first_audio_s: float | None = None
    """On the audio clock, as is `speech_end_s`; a benchmark compares them with the true end of the recording."""
    speech_end_monotonic_s: float | None = None
    """When `stages_ms` begin, on the monotonic clock."""
    silences_s: tuple[tuple[float, float], ...] = ()
    """(onset of the user's speech, playback silent) for each time the user spoke over the reply, audio clock."""
    withdrawn: int = 0
    """Replies to this turn that were begun and taken back because the user went on."""
    error: str = ""
    engines: dict[str, str] = field(default_factory=dict)
    at: str = ""
    """The wall clock at the end of the user's speech, RFC 3339 in UTC; no duration is measured with it."""
    spans: tuple[StageSpan, ...] = ()
    tool_calls: tuple[ToolUsed, ...] = ()
    guard: tuple[Decided, ...] = ()
    speaker: str | None = None
    """The name of the enrolled voice; empty for nobody's, None where nobody looked or too little was said."""
    speaker_score: float | None = None
    """How like the nearest enrolled voice it was; 1 is the same."""
    woken_by: str | None = None
    """What had woken Jett for it, as in `Woken`; None where it was awake already, or never sleeps."""
    id: int | None = None
    """The history's number of the turn; None where it is not kept."""


@dataclass(frozen=True, slots=True)
class ReplyWithdrawn:
    """A reply came before the user had finished: it fell silent and is forgotten; the whole turn is answered next.

    Times are seconds on the audio clock; `first_audio_s` is None when not a sample of it was played.
    """

    turn: int
    revision: int
    heard: str
    first_audio_s: float | None
    onset_s: float
    silent_s: float


@dataclass(frozen=True, slots=True)
class Troubled:
    """Something failed and the conversation goes on."""

    message: str
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncementEnded:
    """Somebody else's words were said, or as much of them as was `heard`; no turn, and no part of the history."""

    turn: int
    announcement: str
    heard: str
    interrupted: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Woken:
    """Jett slept and hears now. `by`: the name that was called (`hey_jett`), `key`, `request`, or `announcement`."""

    by: str
    at_s: float
    """On the audio clock."""


@dataclass(frozen=True, slots=True)
class WakeRejected:
    """It had not been called: its name is not in what was said, of which nothing is kept. It sleeps again."""

    at_s: float


@dataclass(frozen=True, slots=True)
class FellAsleep:
    """Nothing is heard until Jett is called."""

    at_s: float


SessionEvent = (
    StateChanged
    | LevelMeasured
    | PartialHeard
    | ClauseSpoken
    | TurnReport
    | ReplyWithdrawn
    | Troubled
    | AnnouncementEnded
    | Woken
    | WakeRejected
    | FellAsleep
)
Observer = Callable[[SessionEvent], None]


def unobserved(event: SessionEvent) -> None:
    """An Observer that nobody is behind."""
