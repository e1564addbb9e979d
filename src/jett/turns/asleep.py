"""Whether Jett sleeps until it is called: calls, frames and transcripts in, commands out. Pure; `session.sleeping` is
its shell.

    heard   ········"hey jett"·"restart n8n"································································
    calls                    |
    state   ASLEEP           CALLED         AWAKE                            ASLEEP
    says              Hear ◄─┘              └ the transcript holds the name  └ FallAsleep, follow_up_s after the reply

Asleep, nothing reaches the turn machine. A call has it hear what was said from a little before the name on, so that a
command in one breath loses no syllable. Where somebody can take a second look at the sound, CALLED lasts until they
tell: Jett is AWAKE, whatever is written of its name, or sleeps at once. Else a transcript counts only if the name
stands among its first words; without it the turn is no turn of Jett's: it gives no words to the turn machine, and Jett
sleeps again once it is over. Whoever wakes Jett without its name (a key, a program, an announcement) has nothing to
prove.

Rules held for every sequence of events (tests/turns/test_asleep.py): it never falls asleep while something is under
way; nothing is answered of a call whose transcript lacks the name, unless a second look found it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from jett.turns.phrases import is_sleep_phrase, normalise

_SLACK_S = 0.25
"""Speech goes on for so long after a call at the most, if nothing follows the name: the detector may be early, and the
voice activity detector lingers."""
_MISWRITTEN_WORDS = 3
"""So many words of a turn with a proven call are its name, written wrong: "I hate Jett"."""


class Wakefulness(StrEnum):
    """How awake Jett is."""

    ASLEEP = "asleep"
    CALLED = "called"
    """Its name seems to have been said; a second look will tell, or the transcript."""
    AWAKE = "awake"


@dataclass(frozen=True, slots=True)
class AsleepSettings:
    """How Jett wakes and falls asleep. Times are seconds on the audio clock."""

    follow_up_s: float = 6.0
    """How long it stays awake without its name, after a reply or after it was called."""
    pre_roll_s: float = 0.3
    phrase_s: float = 1.0
    """The longest time that saying the name takes."""
    delay_s: float = 0.2
    """How long after the end of the name its detector tells."""
    unheard_s: float = 1.5
    """A call in which nobody speaks is none after this."""
    first_words: int = 6
    """A transcript of more words than this, without the name in front, will not hold it later either."""
    earcon: bool = True
    earcon_after_s: float = 0.25
    """Quiet after the name before the earcon: whoever goes on in one breath is not talked over."""


class Meaning(StrEnum):
    """What a transcript is to Jett."""

    WORDS = "words"
    """To be answered."""
    NAME = "name"
    """Only its name: it listens on."""
    UNSURE = "unsure"
    """Not its name, so far."""
    NOT_MEANT = "not meant"
    """Somebody else is spoken to."""
    SLEEP = "sleep"
    """It may go to sleep."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A transcript as Jett takes it. `text` is for the turn machine: empty where there is nothing to answer."""

    meaning: Meaning
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hear:
    """Let the turn machine hear everything from `from_s` on."""

    from_s: float


@dataclass(frozen=True, slots=True)
class FallAsleep:
    """Let it hear nothing any more. `rejected`: nobody had called."""

    rejected: bool = False


@dataclass(frozen=True, slots=True)
class PlayEarcon:
    """Tell by a sound that Jett listens."""


SleepCommand = Hear | FallAsleep | PlayEarcon


class Sleeper:
    """Begins asleep. Carry out the commands that each method returns, in order."""

    def __init__(self, settings: AsleepSettings, after_name: Callable[[str], str | None]) -> None:
        """`after_name` gives what a transcript says after Jett's name; None where the name does not stand in front."""
        self.settings = settings
        self.state = Wakefulness.ASLEEP
        self._after_name = after_name
        self._quiet_from_s = 0.0
        self._earcon_from_s: float | None = None
        self._last: Meaning | None = None
        self._looked_at_s: float | None = None
        self._proven_s: float | None = None

    def on_called(self, at_s: float, *, looked_at: bool = False) -> list[SleepCommand]:
        """A detector is sure at `at_s` that the name was said; nothing new to whoever is awake.

        `looked_at`: somebody is taking a second look, and will tell `on_looked_at`.
        """
        if self.state is not Wakefulness.ASLEEP:
            return []
        settings = self.settings
        self._wake(Wakefulness.CALLED, at_s)
        self._looked_at_s = at_s if looked_at else None
        return [Hear(max(0.0, at_s - settings.delay_s - settings.phrase_s - settings.pre_roll_s))]

    @property
    def looked_at_s(self) -> float | None:
        """The time of the call at which a second look is being taken."""
        return self._looked_at_s

    @property
    def is_looked_at(self) -> bool:
        """Whether a second look at the call is being taken."""
        return self._looked_at_s is not None

    def on_looked_at(self, at_s: float, found: bool | None) -> list[SleepCommand]:
        """Whether the name was `found` in the call at `at_s`; None where it could not be told: the transcript will."""
        if at_s != self._looked_at_s:  # of a call that is over
            return []
        self._looked_at_s = None
        if self.state is not Wakefulness.CALLED:
            return []
        if found:
            self.state, self._proven_s = Wakefulness.AWAKE, at_s
        return self._fall_asleep(rejected=True) if found is False else []

    def on_woken(self, at_s: float) -> list[SleepCommand]:
        """A key, or a program: whoever speaks next, Jett is meant."""
        was_asleep = self.state is Wakefulness.ASLEEP
        self._wake(Wakefulness.AWAKE, at_s)
        return [Hear(max(0.0, at_s - self.settings.pre_roll_s))] if was_asleep else []

    def on_stirred(self, at_s: float) -> list[SleepCommand]:
        """Something is said or asked for without anybody's call: an announcement, a typed message."""
        if self.state is not Wakefulness.ASLEEP:
            return []
        self._wake(Wakefulness.AWAKE, at_s)
        self._earcon_from_s = None
        return [Hear(at_s)]

    def _wake(self, state: Wakefulness, at_s: float) -> None:
        self.state = state
        self._quiet_from_s = at_s
        self._earcon_from_s = at_s if self.settings.earcon else None
        self._last = self._proven_s = None
        self._looked_at_s = None

    def on_frame(self, end_s: float, *, busy: bool, last_speech_s: float) -> list[SleepCommand]:
        """The turn machine has heard until `end_s`, speech until `last_speech_s`; `busy`: something is under way."""
        if self.state is Wakefulness.ASLEEP:
            return []
        sounds: list[SleepCommand] = [PlayEarcon()] if self._earcon_is_due(end_s, last_speech_s) else []
        if busy or self.is_looked_at:
            self._quiet_from_s = max(self._quiet_from_s, end_s)
            return sounds
        quiet_s = end_s - self._quiet_from_s
        if self.state is Wakefulness.CALLED and quiet_s >= self.settings.unheard_s - 1e-6:
            return self._fall_asleep(rejected=True)
        if self.state is Wakefulness.AWAKE and quiet_s >= self.settings.follow_up_s - 1e-6:
            return self._fall_asleep()
        return sounds

    def _earcon_is_due(self, end_s: float, last_speech_s: float) -> bool:
        """Once a call, and only in the first pause; never after words that followed the name."""
        called_s = self._earcon_from_s
        if called_s is None:
            return False
        if last_speech_s > called_s + _SLACK_S:
            self._earcon_from_s = None
            return False
        if self.is_looked_at or end_s - max(called_s, last_speech_s) < self.settings.earcon_after_s - 1e-6:
            return False
        self._earcon_from_s = None
        return True

    def on_transcript(self, text: str, from_s: float = math.inf) -> Meant:
        """What the turn that began at `from_s` says so far. Ask for each transcript in turn; the newest counts."""
        meant = self._meant(text, from_s)
        self._last = meant.meaning
        if self.state is Wakefulness.CALLED and meant.meaning not in (Meaning.UNSURE, Meaning.NOT_MEANT):
            self.state, self._looked_at_s = Wakefulness.AWAKE, None
        return meant

    def _meant(self, text: str, from_s: float) -> Meant:
        rest = self._after_name(text)
        if rest is None:
            n_words = len(normalise(text).split())
            if self.state is Wakefulness.CALLED:
                return Meant(Meaning.NOT_MEANT if n_words > self.settings.first_words else Meaning.UNSURE)
            if self._proven_s is not None and from_s < self._proven_s and n_words <= _MISWRITTEN_WORDS:
                return Meant(Meaning.NAME)
            rest = text
        elif not normalise(rest):
            return Meant(Meaning.NAME)
        return Meant(Meaning.SLEEP) if is_sleep_phrase(rest) else Meant(Meaning.WORDS, rest)

    def of_partial(self, text: str) -> str | None:
        """What may be told of a transcript whose turn goes on; None while nobody can know that Jett is meant."""
        rest = self._after_name(text)
        return rest if rest is not None or self.state is Wakefulness.CALLED else text

    def on_dropped(self) -> list[SleepCommand]:
        """The turn is over and nothing is answered."""
        last, self._last = self._last, None
        if self.state is Wakefulness.CALLED:
            return self._fall_asleep(rejected=True)
        return self._fall_asleep() if self.state is Wakefulness.AWAKE and last is Meaning.SLEEP else []

    def on_sent_to_sleep(self) -> list[SleepCommand]:
        """By a command; whoever sends it has ended what was under way."""
        return [] if self.state is Wakefulness.ASLEEP else self._fall_asleep()

    def _fall_asleep(self, *, rejected: bool = False) -> list[SleepCommand]:
        self.state = Wakefulness.ASLEEP
        self._looked_at_s = None
        self._earcon_from_s = None
        self._last = None
        return [FallAsleep(rejected)]
