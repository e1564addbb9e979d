"""What a command may do to its own conversation: how loud Jett speaks, and what it said last. Called by `tools`."""

from __future__ import annotations

from collections.abc import Callable

from jett.core.events import Decided
from jett.core.ports import Controls
from jett.session.history import Remembered
from jett.session.playback import Playback

_DB_RANGE = 40.0
"""From 1 to 100 percent; the ear hears ratios, so a percent is a share of decibels."""


class SessionControls:
    """Port Controls."""

    typed = False

    def __init__(self, playback: Playback, history: Remembered) -> None:
        self._playback = playback
        self._history = history
        self._volume_percent = 100
        self.announced = ""
        """The announcement that was said last, as long as nothing else was said after it."""

    @property
    def volume_percent(self) -> int:
        """As it was set last."""
        return self._volume_percent

    def set_volume(self, percent: int) -> None:
        """0 is silence, 100 what the voice makes."""
        self._volume_percent = min(100, max(0, percent))
        self._playback.set_gain(gain(self._volume_percent))

    def last_reply(self) -> str:
        """As it was heard; an announcement whole, with its sender."""
        return self.announced or self._history.last_heard()

    def decided(self, decision: Decided) -> None:
        """Nobody's turn: `noting` gives the controls that know one."""

    def noting(self, note: Callable[[Decided], None], *, typed: bool) -> Controls:
        """These controls in the hands of one turn, whose decisions are told to `note`."""
        return _OfOneTurn(self, note, typed=typed)

    def quotes(self, text: str) -> bool:
        """Whether `text` is the announcement said again, which is as little for the history as it was before."""
        return bool(self.announced) and text.strip() == self.announced


class _OfOneTurn:
    """Port Controls."""

    def __init__(self, shared: SessionControls, note: Callable[[Decided], None], *, typed: bool) -> None:
        self._shared = shared
        self.decided = note
        self.typed = typed

    @property
    def volume_percent(self) -> int:
        return self._shared.volume_percent

    def set_volume(self, percent: int) -> None:
        self._shared.set_volume(percent)

    def last_reply(self) -> str:
        return self._shared.last_reply()


def gain(percent: int) -> float:
    """The factor on samples for a volume of `percent`."""
    return 0.0 if percent <= 0 else float(10 ** ((percent / 100 - 1) * _DB_RANGE / 20))
