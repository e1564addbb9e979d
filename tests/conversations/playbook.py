"""Playbooks for the turn machine: a script of sound and verdicts on one side, the machine's commands on the other.

play = Playbook()
play >> speech(1.0) >> silence(0.2)
play << [OpenTurn(...), Speculate(...)]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from jett.turns.events import Command, Event, FrameHeard, Score
from jett.turns.machine import TurnMachine, TurnSettings

FRAME_S = 0.032


@dataclass(frozen=True)
class Sound:
    """Frames of one probability."""

    seconds: float
    probability: float
    echo: bool = False


def speech(seconds: float) -> Sound:
    return Sound(seconds, 0.95)


def rest_of_echo(seconds: float) -> Sound:
    """What a canceller leaves of Jett's own voice at worst."""
    return Sound(seconds, 0.85, echo=True)


def silence(seconds: float) -> Sound:
    return Sound(seconds, 0.02)


@dataclass
class Playbook:
    """Feeds a machine; `said` are the commands since the last look, what asks the turn detector in `scores`."""

    machine: TurnMachine = field(default_factory=lambda: TurnMachine(TurnSettings()))
    frames: int = 0
    said: list[Command] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        return self.frames * FRAME_S

    def __rshift__(self, cue: Sound | Event) -> Self:
        if not isinstance(cue, Sound):
            self._feed(cue)
            return self
        for _ in range(round(cue.seconds / FRAME_S)):
            self.frames += 1
            self._feed(FrameHeard(self.now_s, cue.probability, cue.echo))
        return self

    def _feed(self, event: Event) -> None:
        for command in self.machine.handle(event):
            if isinstance(command, Score):
                self.scores.append(command)
            else:
                self.said.append(command)

    def take(self) -> list[Command]:
        """The commands since the last look."""
        said, self.said = self.said, []
        return said

    def kinds(self) -> list[str]:
        """Their names."""
        return [type(command).__name__ for command in self.take()]
