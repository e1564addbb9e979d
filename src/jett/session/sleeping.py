"""A conversation that sleeps until it is called: the shell around `turns.asleep`, between ears and turn machine.

    chunk ─► ears.take ─► detector ─ asleep: passed over, no frame is scored
                             │
                             └ called ─► ears.rewind ─► every frame from before the name on, in order, then live

All of it on the event loop; a detector takes a millisecond or two for its 80 ms of sound. Called by `conversation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import anyio

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import (
    FellAsleep,
    LevelMeasured,
    Observer,
    SessionEvent,
    StateChanged,
    TurnReport,
    WakeRejected,
    Woken,
)
from jett.session.ears import Ears, Frame
from jett.session.parts import ConversationSettings, Parts
from jett.session.second_look import Look, SecondLook
from jett.session.wake_frames import WakeFrames
from jett.turns.asleep import FallAsleep, Hear, Meaning, PlayEarcon, SleepCommand, Sleeper, Wakefulness
from jett.turns.events import Event, FrameHeard, ReplyDismissed, SpeechCleared
from jett.turns.machine import State, TurnMachine
from jett.turns.wake import WakeRule, WakeSpotter

_AT_ONCE_SAMPLES = SAMPLE_RATE_HZ * 80 // 1_000
"""Where no name is listened for: 80 ms, as a detector takes it."""
_MOST_AT_ONCE = 2
"""160 ms: more save little, and an eye on the level sees them."""
ANNOUNCEMENT, REQUEST = "announcement", "request"
"""What `Woken` names where no name was said."""


class Sleeping:
    """Give it each chunk (`frames`) and each transcript (`meant`); it tells observers of waking and falling asleep.

    Where there is neither a wake word nor push-to-talk it never sleeps, and changes nothing.
    """

    def __init__(
        self,
        parts: Parts,
        settings: ConversationSettings,
        ears: Ears,
        machine: TurnMachine,
        *,
        observer: Observer,
        feed: Callable[[Event], None],
        stirs: Callable[[], bool],
        held_awake: Callable[[], bool],
        play_earcon: Callable[[], None],
        look_again: Callable[[SecondLook, Look], object],
    ) -> None:
        """`feed` hands an event to the `machine`; what `observer` is given it passes on as `told` says.

        `stirs`: whether something waits to be said; `held_awake`: whether an answer is expected.
        `look_again` has a look taken at what seems to have been a call, and tells `looked_at`.
        """
        self.possible = parts.wake is not None or settings.push_to_talk
        """Whether it ever sleeps."""
        self._names = WakeFrames(parts.wake) if parts.wake is not None else None
        self._ears = ears
        self._machine = machine
        self._observer = observer
        self._feed = feed
        self._stirs = stirs
        self._held_awake = held_awake
        self._play_earcon = play_earcon
        self._second_look = parts.second_look
        self._look_again = look_again
        self._sleeper = Sleeper(settings.asleep, parts.after_name)
        rules = parts.wake_rules or [WakeRule(name) for name in (parts.wake.names if parts.wake else ())]
        self._spotter = WakeSpotter(rules, refractory_s=settings.refractory_s)
        self._fed_s = 0.0
        self._state_told = ""
        self._words_of_sleep = ""
        self._woken_by: str | None = None
        self._to_look_at: Look | None = None
        self._decided = anyio.Event()
        self._decided.set()
        self._untold = False
        """Whether a call is being looked at again, of which nobody knows yet."""

    @property
    def asleep(self) -> bool:
        """Whether nothing is heard but the name."""
        return self.possible and self._sleeper.state is Wakefulness.ASLEEP

    @property
    def wanted_samples(self) -> int:
        """So much more sound is of use to whoever sleeps, and less is not."""
        return self._names.missing_samples(self._at_once()) if self._names is not None else _AT_ONCE_SAMPLES

    def _at_once(self) -> int:
        """Frames of the detector that are scored together, so that no call is found later than one by one."""
        return min(_MOST_AT_ONCE, self._spotter.at_once) if self.asleep else 1

    def frames(self, chunk: Samples) -> Iterator[Frame]:
        """What the turn machine is to hear of `chunk`, and of what was passed over before; feed each as it comes."""
        if not self.possible:
            yield from self._ears.hear(chunk)
            return
        self._look_for_name(self._ears.take(chunk))
        self._look_again_if_due()
        stirs = self._stirs()
        if self.asleep and (stirs or self._machine.engaged):
            self._carry_out(self._sleeper.on_stirred(self._end_s), ANNOUNCEMENT if stirs else REQUEST)
        if not self.asleep:
            for frame in self._ears.frames():
                yield frame
                self._after(frame.heard.end_s)
                if self.asleep:
                    break
        if self.asleep:
            self._pass_over()

    def wake(self, by: str) -> None:
        """Listen, as if the name had been said; where Jett speaks, it falls silent and listens."""
        if self.possible:
            self._feed(ReplyDismissed())
            was = self._sleeper.state
            self._carry_out(self._sleeper.on_woken(self._end_s), by)
            self._woken_by = by if self._untold else self._woken_by
            self._tell_if_sure(was)
            self._decided.set()

    def sleep(self) -> None:
        """Fall asleep now; whatever was under way has been ended."""
        self._carry_out(self._sleeper.on_sent_to_sleep())

    def looked_at(self, look: Look, found: bool | None) -> None:
        """What a `look` at a call said; None where nobody could look."""
        if look.at_s != self._sleeper.looked_at_s:  # of a call that is over
            return
        if found is False and self._second_look is not None and (again := self._second_look.again(look)) is not None:
            self._to_look_at = again
            self._look_again_if_due()
            return
        was = self._sleeper.state
        if found is False and self._machine.state in (State.REPLYING, State.OVERLAP):
            found = None  # an announcement came in between: it is not to be cut short
        if found is False:
            self._spotter.forgive()
            self._feed(SpeechCleared())
        self._carry_out(self._sleeper.on_looked_at(look.at_s, found))
        self._tell_if_sure(was)
        self._decided.set()

    @property
    def is_decided(self) -> bool:
        """Whether nobody is looking again at a call."""
        return self._decided.is_set()

    async def decided(self) -> None:
        """Until nobody is looking again at a call: what is written of its turn means nothing before."""
        await self._decided.wait()

    def meant(self, text: str) -> str:
        """What is for the turn machine of the newest transcript of its turn: the words after the name, if any."""
        if not self.possible:
            return text
        was = self._sleeper.state
        meant = self._sleeper.on_transcript(text, self._machine.turn_from_s)
        self._tell_if_sure(was)
        self._words_of_sleep = text if meant.meaning is Meaning.SLEEP else ""
        if meant.meaning is Meaning.NOT_MEANT:
            self._feed(SpeechCleared())
        elif not meant.text and self._machine.state is State.OVERLAP and text:
            self._feed(ReplyDismissed())
        return meant.text

    def of_partial(self, text: str) -> str | None:
        """What may be told of it; None while it may be meant for somebody else."""
        return self._sleeper.of_partial(text) if self.possible else text

    def dropped(self) -> str:
        """A turn is over without an answer. The words that sent Jett to sleep, if that was it."""
        said, self._words_of_sleep = self._words_of_sleep, ""
        woken_by = self._woken_by
        self._carry_out(self._sleeper.on_dropped())
        if not self.asleep or not said:
            return ""
        self._woken_by = woken_by  # their turn is yet to be told
        return said

    def told(self, event: SessionEvent) -> SessionEvent | None:
        """As observers are to have it; None where it is no news.

        The first turn after a waking says what woke Jett; while nobody knows whether it was called, that is its state.
        """
        match event:
            case TurnReport():
                by, self._woken_by = self._woken_by, None
                return replace(event, woken_by=by)
            case StateChanged(state):
                if self._sleeper.is_looked_at or (self.asleep and self._state_told == Wakefulness.ASLEEP.value):
                    return None
                called = self._sleeper.state is Wakefulness.CALLED
                before, self._state_told = self._state_told, Wakefulness.CALLED.value if called else state
                return None if called and before == self._state_told else StateChanged(self._state_told)
            case _:
                return event

    @property
    def _end_s(self) -> float:
        return self._ears.ring.end_s

    def _look_for_name(self, clean: Samples) -> None:
        """It looks all the time, so that it knows what came before; awake, what it finds is no news."""
        for end_s, scores in self._names.hear(clean, self._at_once) if self._names is not None else ():
            called = self._spotter.hear(scores, end_s)
            if called is not None:
                self._call(called.name, called.at_s)

    def _call(self, name: str, at_s: float) -> None:
        look = self._second_look
        wanted = look is not None and look.wants(name)
        commands = self._sleeper.on_called(at_s, looked_at=wanted)
        self._carry_out(commands, name)
        if wanted and commands:
            self._to_look_at, self._decided = Look(name, at_s), anyio.Event()

    def _look_again_if_due(self) -> None:
        """A call is looked at again once its end was surely heard."""
        look = self._to_look_at
        if look is None or not look.is_due(self._ears.ring):
            return
        self._to_look_at = None
        if self._second_look is not None and self._sleeper.is_looked_at:
            self._look_again(self._second_look, look)
        else:
            self._decided.set()

    def _after(self, end_s: float) -> None:
        self._fed_s = end_s
        busy = self._machine.engaged or self._stirs() or self._held_awake()
        self._carry_out(self._sleeper.on_frame(end_s, busy=busy, last_speech_s=self._machine.last_speech_s))

    def _pass_over(self) -> None:
        passed = self._ears.pass_over()
        if passed is None:
            return
        self._observer(LevelMeasured(passed.dbfs, 0.0, passed.span_s))
        if self._state_told != Wakefulness.ASLEEP.value:
            self._observer(StateChanged(Wakefulness.ASLEEP.value))

    def _carry_out(self, commands: list[SleepCommand], by: str = "") -> None:
        for command in commands:
            match command:
                case Hear(from_s):
                    self._hear(max(from_s, self._fed_s), by)
                case FallAsleep(rejected):
                    self._woken_by = self._to_look_at = None
                    self._decided.set()
                    if self._untold:
                        self._untold = False
                        continue
                    self._observer(WakeRejected(self._end_s) if rejected else FellAsleep(self._end_s))
                case PlayEarcon():
                    self._play_earcon()

    def _hear(self, from_s: float, by: str) -> None:
        self._words_of_sleep = ""
        self._woken_by = by
        self._untold = self._sleeper.is_looked_at
        if not self._untold:
            self._observer(Woken(by, self._end_s))
        self._feed(FrameHeard(from_s, 0.0))  # what was slept through counts as silence
        self._ears.rewind(from_s)
        if not self._untold:
            self._observer(StateChanged(self._machine.state.value))

    def _tell_woken(self) -> None:
        """Of a call that was looked at again."""
        self._untold = False
        self._observer(Woken(self._woken_by or "", self._end_s))
        self._observer(StateChanged(self._machine.state.value))

    def _tell_if_sure(self, was: Wakefulness) -> None:
        if self._untold and not self._sleeper.is_looked_at and not self.asleep:
            self._tell_woken()
        elif was is Wakefulness.CALLED and self._sleeper.state is Wakefulness.AWAKE:
            self._observer(StateChanged(self._machine.state.value))
