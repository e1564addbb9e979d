"""Scores of wake words as text: a recording's over time, and a live meter. Called by `wake`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import aclosing

from rich.console import Console
from rich.live import Live
from rich.text import Text

from jett.app.wake import WakeWords
from jett.app.wake_listening import Scored, WakeListener
from jett.core.audio import level_dbfs
from jett.core.ports import Microphone
from jett.turns.wake import Woken

_STEPS = " ▁▂▃▄▅▆▇█"
_WIDTH = 64
_BAR = 30
_HOLD_FRAMES = 12
"""A peak is shown for a second, since a call is over at once."""
_FLOOR_DBFS = -60.0


def lines(words: WakeWords, frames: Sequence[Scored]) -> Iterator[str]:
    """A line of bars for each name, time from left to right, with a mark under each call."""
    per_column = max(1, math.ceil(len(frames) / _WIDTH))
    wide = max(len(name) for name in words.detector.names)
    for n, rule in enumerate(words.rules):
        highest = max(frames, key=lambda frame: frame.scores[n], default=None)
        if highest is None:
            continue
        columns = [frames[start : start + per_column] for start in range(0, len(frames), per_column)]
        bars = "".join(_step(max(frame.scores[n] for frame in column)) for column in columns)
        peak = f"{highest.scores[n]:.2f} at {highest.end_s:.2f} s, threshold {rule.threshold:.2f}"
        yield f"  {rule.name:<{wide}} |{bars}| {peak}"
        for found, mark, what in ((True, "^", "wakes at"), (False, "x", "a second look found no name at")):
            calls = [_called(column, rule.name, found=found) for column in columns]
            if any(calls):
                marks = "".join(mark if woken else " " for woken in calls)
                times = ", ".join(f"{woken.at_s:.2f} s" for woken in calls if woken)
                yield f"  {'':<{wide}}  {marks}  {what} {times}"


def _called(column: Sequence[Scored], name: str, *, found: bool) -> Woken | None:
    woken = (frame.woken for frame in column if frame.found is found)
    return next((each for each in woken if each is not None and each.name == name), None)


def _step(score: float) -> str:
    return _STEPS[min(len(_STEPS) - 1, round(score * (len(_STEPS) - 1)))]


async def show_live(words: WakeWords, microphone: Microphone, console: Console) -> None:
    """Until the microphone ends or Ctrl-C. Raises AudioError."""
    listener = WakeListener(words)
    meter = Meter(words)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        async with aclosing(microphone.chunks()) as chunks:
            async for chunk in chunks:
                for frame in listener.hear(chunk):
                    if frame.woken is not None:
                        live.console.print(f"{frame.end_s:8.2f} s  {frame.woken.name}  {frame.woken.score:.2f}")
                    live.update(meter.drawn(frame, level_dbfs(chunk)), refresh=True)


class Meter:
    """A bar for the level, and one a name: the score now, its peak within a second (`·`), the threshold (`|`)."""

    def __init__(self, words: WakeWords) -> None:
        self._rules = words.rules
        self._recent: list[tuple[float, ...]] = []

    def drawn(self, frame: Scored, level: float) -> Text:
        """What is shown at `frame`, `level` in dBFS."""
        self._recent = [*self._recent, frame.scores][-_HOLD_FRAMES:]
        wide = max(len("level"), *(len(rule.name) for rule in self._rules))
        loud = min(1.0, max(0.0, 1 - level / _FLOOR_DBFS))
        rows = [f"{'level':<{wide}} [{'=' * round(loud * _BAR):<{_BAR}}] {level:6.1f} dBFS"]
        for n, rule in enumerate(self._rules):
            peak = max(scores[n] for scores in self._recent)
            rows.append(f"{rule.name:<{wide}} [{bar(frame.scores[n], peak, rule.threshold)}] {peak:.2f}")
        return Text("\n".join(rows))


def bar(score: float, peak: float, threshold: float) -> str:
    """`_BAR` characters."""
    cells = ["="] * round(score * _BAR) + [" "] * (_BAR - round(score * _BAR))
    cells[min(_BAR - 1, round(peak * _BAR))] = "·"
    cells[min(_BAR - 1, round(threshold * _BAR))] = "|"
    return "".join(cells)
