"""Wake words for the dashboard: port WakePort of `server.rest.wake`. Goes by the settings file as it is now, since a
word is chosen, tried and only then counts at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jett.app.wake import WakeWords, load_wake_words
from jett.app.wake_heads import HeadPlace, head_place, is_path
from jett.app.wake_list import HeadRow, head_rows
from jett.app.wake_listening import WakeListener
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import ModelError
from jett.engines.wake.heads import load_head
from jett.models.store import Store
from jett.server.refusal import Refusal
from jett.server.rest.shapes import wake as shapes
from jett.settings import Settings


class DashboardWake:
    """Blocking. `settings` reads the file, and raises Refusal where it has a mistake."""

    def __init__(self, settings: Callable[[], Settings], models: Store) -> None:
        self._settings = settings
        self._models = models

    def words(self) -> shapes.WakeWords:
        """Heads by name, and those that the file names by their path."""
        wake = self._settings().wake
        rows = list(head_rows(self._models))
        named = {row.place.name for row in rows}
        files = [_file_row(word, self._models) for word in wake.words if is_path(word)]
        heads = [*(_shape(row, row.place.name, wake.words) for row in _first_of_each(rows)), *files]
        gone = [_unknown(word) for word in wake.words if not is_path(word) and word not in named]
        return shapes.WakeWords(enabled=wake.enabled, heads=[*heads, *gone])

    def ears(self) -> MeterListener:
        """Raises Refusal without a word, ModelError."""
        settings = self._settings()
        if not settings.wake.words:
            raise Refusal(409, "no wake word is chosen", "choose one and save it first")
        return MeterListener(load_wake_words(settings, self._models))


class MeterListener:
    """Port MeterEars."""

    def __init__(self, words: WakeWords) -> None:
        self._words = words
        self._listener = WakeListener(words)

    def ready(self) -> shapes.MeterReady:
        """At the sensitivity of now."""
        frame_ms = round(self._words.detector.frame_samples * 1000 / SAMPLE_RATE_HZ)
        names = [shapes.MeterName(name=rule.name, threshold=rule.threshold) for rule in self._listener.rules]
        return shapes.MeterReady(frame_ms=frame_ms, names=names)

    def tune(self, sensitivity: float) -> None:
        self._listener.go_by(self._words.rules_at(sensitivity))

    def hear(self, block: Samples) -> Iterator[shapes.MeterScores]:
        for frame in self._listener.hear(block):
            yield shapes.MeterScores(
                at_ms=round(frame.end_s * 1000),
                scores=[round(score, 4) for score in frame.scores],
                woken=frame.woken.name if frame.woken is not None else "",
            )


def _first_of_each(rows: list[HeadRow]) -> list[HeadRow]:
    """A name means the first head that has it; the others cannot be chosen by it."""
    return list({row.place.name: row for row in reversed(rows)}.values())[::-1]


def _shape(row: HeadRow, word: str, chosen: tuple[str, ...]) -> shapes.WakeHead:
    head = row.head
    return shapes.WakeHead(
        name=word,
        phrase=head.phrase if head is not None and head.phrase else row.place.name.replace("_", " "),
        origin=row.place.origin,
        licence=row.place.licence,
        state=row.state,
        detail=row.detail,
        threshold=head.threshold if head is not None else None,
        patience=head.patience if head is not None else None,
        chosen=word in chosen,
    )


def _file_row(word: str, models: Store) -> shapes.WakeHead:
    try:
        place = head_place(word, models)
        assert place.path is not None
        row = HeadRow(place, load_head(place.path))
    except ModelError as error:
        row = HeadRow(HeadPlace(word, "file", None), None, str(error))
    return _shape(row, word, (word,))


def _unknown(word: str) -> shapes.WakeHead:
    """Named by the settings, and not there."""
    row = HeadRow(HeadPlace(word, "own", None), None, f"wake: no head is called '{word}'; correct wake.words")
    return _shape(row, word, (word,))
