"""What holds for every conversation, whatever is said when and however late the verdicts come."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from jett.turns.events import (
    Announce,
    AnnouncementOffered,
    Answer,
    CancelRevision,
    Command,
    Commit,
    Event,
    FrameHeard,
    KeepSilent,
    OpenTurn,
    PartialTranscribed,
    PausePlayback,
    ReplyAsked,
    ReplyDismissed,
    ReplyEnded,
    ReplyStarted,
    ResumePlayback,
    Speculate,
    SpeechCleared,
    StopPressed,
    StopReply,
    Transcribed,
    TurnScored,
)
from jett.turns.machine import State, TurnMachine

TEXTS = ["", "what time is it", "what time is it in paris", "stop", "uh huh", "no the other one", "[noise]"]


@dataclass
class Shell:
    """Carries out commands as the session does, and checks the rules while it does."""

    machine: TurnMachine = field(default_factory=TurnMachine)
    now_s: float = 0.0
    speculations: list[Speculate] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)
    announced: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    loud_frames: int = 0
    loud_s: float = 0.0
    playing: int | None = None
    paused: bool = False
    last_key: tuple[int, int] = (0, 0)
    told: list[Command] = field(default_factory=list)

    def feed(self, event: Event) -> None:
        for command in self.machine.handle(event):
            self.carry_out(command)

    def carry_out(self, command: Command) -> None:
        self.told.append(command)
        match command:
            case OpenTurn(turn):
                assert turn > 0
                assert turn not in self.committed.keys() | self.announced | self.asked
            case Announce(turn):
                assert self.playing is None, "an announcement over a reply"
                assert turn not in self.committed.keys() | self.announced
                assert self.now_s - self.loud_s >= self.machine.settings.announce_after_s - 1e-6, (
                    "into somebody's words"
                )
                self.announced.add(turn)
                self.playing, self.paused = turn, False
            case Answer(turn):
                assert self.playing is None, "two replies at once"
                assert turn not in self.committed.keys() | self.announced | self.asked
                self.asked.add(turn)
                self.playing, self.paused = turn, False
            case KeepSilent(turn):
                assert self.playing is None, "a reply after a stop phrase"
                assert turn not in self.committed.keys() | self.announced | self.asked
                self.asked.add(turn)
            case Speculate(turn, revision):
                assert turn not in self.asked, "typed text was taken for speech"
                assert turn not in self.announced, "an announcement was taken for a question"
                assert (turn, revision) > self.last_key or turn < self.last_key[0]
                assert all((s.turn, s.revision) != (turn, revision) for s in self.speculations)
                self.speculations.append(command)
                self.last_key = (turn, revision)
            case CancelRevision(turn, revision):
                assert self.last_key == (turn, revision)
            case Commit(turn, revision, speech_end_s, at_s):
                least_s = self.machine.settings.endpointing.min_silence_s
                assert at_s - speech_end_s >= least_s - 1e-6, "a reply before the least silence"
                assert self.playing is None, "two replies at once"
                newest = self.speculations[-1]
                assert (newest.turn, newest.revision) == (turn, revision), "a stale revision was committed"
                assert turn not in self.announced, "an announcement was answered"
                self.committed[turn] = revision
                self.playing, self.paused = turn, False
            case PausePlayback(turn):
                assert self.playing in (turn, None)
                self.paused = True
            case ResumePlayback(turn):
                assert self.playing == turn
                assert turn in self.committed.keys() | self.announced | self.asked, "a reply without a commit"
                self.paused = False
            case StopReply(turn):
                assert self.playing in (turn, None)
                self.playing = None
            case _:
                pass


def frames(shell: Shell, probability: float, count: int) -> None:
    """One loud frame alone is a click, and nobody's words."""
    for _ in range(count):
        shell.now_s += 0.032
        shell.loud_frames = shell.loud_frames + 1 if probability > 0.5 else 0
        shell.loud_s = shell.now_s if shell.loud_frames >= shell.machine.settings.tracker.onset_frames else shell.loud_s
        shell.feed(FrameHeard(shell.now_s, probability))


cues = st.one_of(
    st.tuples(st.just("speech"), st.integers(1, 40)),
    st.tuples(st.just("silence"), st.integers(1, 60)),
    st.tuples(st.just("transcribed"), st.sampled_from(TEXTS)),
    st.tuples(st.just("stale"), st.sampled_from(TEXTS)),
    st.tuples(st.just("scored"), st.floats(0, 1)),
    st.tuples(st.just("partial"), st.sampled_from(TEXTS)),
    st.tuples(st.just("started"), st.none()),
    st.tuples(st.just("ended"), st.none()),
    st.tuples(st.just("offered"), st.none()),
    st.tuples(st.just("quiet"), st.just(70)),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("asked"), st.sampled_from(TEXTS)),
    st.tuples(st.just("dismissed"), st.none()),
    st.tuples(st.just("cleared"), st.none()),
)


def act(shell: Shell, kind: str, value: object) -> None:
    newest = shell.speculations[-1] if shell.speculations else None
    match kind, value:
        case "speech", int(count):
            frames(shell, 0.9, count)
        case "silence" | "quiet", int(count):
            frames(shell, 0.05, count)
        case "transcribed", str(text) if newest:
            shell.feed(Transcribed(newest.turn, newest.revision, text))
        case "stale", str(text) if len(shell.speculations) > 1:
            shell.feed(Transcribed(shell.speculations[-2].turn, shell.speculations[-2].revision, text))
        case "scored", float(probability) if newest:
            shell.feed(TurnScored(newest.turn, newest.revision, probability))
        case "partial", str(text):
            shell.feed(PartialTranscribed(shell.machine.turn, text))
        case "started", _ if shell.playing is not None and not shell.paused:
            shell.feed(ReplyStarted(shell.playing, shell.now_s))
        case "ended", _ if shell.playing is not None and not shell.paused:
            turn, shell.playing = shell.playing, None
            shell.feed(ReplyEnded(turn))
        case "offered", _:
            shell.feed(AnnouncementOffered())
        case "asked", str(text):
            shell.feed(ReplyAsked(text))
            assert text != "stop" or (shell.playing is None and shell.machine.state is State.IDLE)
        case "dismissed", _:
            shell.feed(ReplyDismissed())
            assert shell.machine.state not in (State.REPLYING, State.OVERLAP)
        case "cleared", _:
            shell.feed(SpeechCleared())
            assert shell.machine.state in (State.IDLE, State.REPLYING)
        case "stop", _:
            shell.feed(StopPressed())
            assert shell.playing is None or shell.paused is False
            assert shell.machine.state is State.IDLE


@settings(max_examples=600, deadline=None)
@given(st.lists(cues, max_size=40))
def test_no_sequence_of_events_breaks_the_rules(script: list[tuple[str, object]]) -> None:
    """Two replies never sound at once, none without a commit, no stale revision is committed."""
    shell = Shell()
    for kind, value in script:
        act(shell, kind, value)


@settings(max_examples=400, deadline=None)
@given(st.lists(cues, max_size=30))
def test_after_stop_there_is_silence(script: list[tuple[str, object]]) -> None:
    """Nothing plays after a stop, whatever came before."""
    shell = Shell()
    for kind, value in script:
        act(shell, kind, value)
    shell.feed(StopPressed())
    assert shell.playing is None
    assert shell.machine.state is State.IDLE


@settings(max_examples=400, deadline=None)
@given(st.lists(cues, max_size=30))
def test_no_deadlock_after_an_interruption(script: list[tuple[str, object]]) -> None:
    """From wherever a conversation is, a new question gets its reply once the verdicts come."""
    shell = Shell()
    for kind, value in script:
        act(shell, kind, value)
    frames(shell, 0.05, 100)
    for _ in range(3):
        if shell.machine.state in (State.PAUSING, State.OVERLAP):
            act(shell, "transcribed", "a question that differs from all before")
        frames(shell, 0.05, 100)
        if shell.playing is not None:
            act(shell, "started", None)
            frames(shell, 0.05, 100)
            act(shell, "ended", None)
    frames(shell, 0.05, 100)
    assert shell.machine.state is State.IDLE
    commits = len(shell.committed)
    frames(shell, 0.9, 30)
    frames(shell, 0.05, 10)
    act(shell, "transcribed", "one last question")
    frames(shell, 0.05, 60)
    assert len(shell.committed) == commits + 1


def brought_to_rest(shell: Shell) -> None:
    """Whatever was under way comes to its end, and two seconds more."""
    for _ in range(4):
        frames(shell, 0.05, 100)
        act(shell, "transcribed", "")
        act(shell, "started", None)
        act(shell, "ended", None)
    frames(shell, 0.05, 100)
    assert shell.machine.at_rest


@settings(max_examples=400, deadline=None)
@given(st.lists(cues, max_size=30), st.lists(cues, max_size=20))
def test_an_announcement_leaves_nothing_behind(
    before: list[tuple[str, object]], after: list[tuple[str, object]]
) -> None:
    """After one was said to its end, the machine does with everything else what it does without it."""
    with_it, without = Shell(), Shell()
    for shell in (with_it, without):
        for kind, value in before:
            act(shell, kind, value)
        brought_to_rest(shell)
        shell.speculations.clear()
    with_it.feed(AnnouncementOffered())
    act(with_it, "started", None)
    frames(with_it, 0.05, 100)
    act(with_it, "ended", None)
    frames(with_it, 0.05, 100)
    frames(without, 0.05, 200)
    told: list[list[str]] = []
    for shell in (with_it, without):
        shell.told.clear()
        for kind, value in after:
            act(shell, kind, value)
        told.append([type(command).__name__ for command in shell.told])
    assert told[0] == told[1]
