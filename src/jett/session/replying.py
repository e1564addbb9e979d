"""The reply that sounds, and the one that sounded last: what began, what was heard, what is told and remembered of it.

Everything here is called on the event loop, by the conversation.
"""

from __future__ import annotations

from collections.abc import Callable

from jett.core.events import ClauseSpoken, Observer
from jett.session.announcing import Announcing
from jett.session.controls import SessionControls
from jett.session.draft import Draft
from jett.session.history import Remembered
from jett.session.playback import Playback
from jett.session.spans import Spans


class Replying:
    """One conversation's replies, from when each is committed. There is one playback, so at most one sounds."""

    def __init__(
        self,
        playback: Playback,
        remembered: Remembered,
        spans: Spans,
        announcing: Announcing,
        observer: Observer,
        now_s: Callable[[], float],
    ) -> None:
        self.controls = SessionControls(playback, remembered)
        self._playback = playback
        self._remembered = remembered
        self._spans = spans
        self._announcing = announcing
        self._observer = observer
        self._now_s = now_s
        self._committed: Draft | None = None
        self._newest: Draft | None = None
        self._clauses_told = 0

    @property
    def committed(self) -> Draft | None:
        """The one that sounds or is about to; after its end still the one that did, unless it was stopped."""
        return self._committed

    @property
    def has_words(self) -> bool:
        """Whether the newest has any so far, sounding or not."""
        return self._newest is not None and bool(self._newest.text.strip())

    def next(self, draft: Draft) -> None:
        """This one is said from now on."""
        self._committed = self._newest = draft
        self._clauses_told = 0

    def tell_clauses(self) -> None:
        """Clauses whose sound has begun since this was asked last."""
        if self._committed is None:
            return
        begun = self._committed.track.begun_clips()
        for clip in begun[self._clauses_told :]:
            self._observer(ClauseSpoken(self._committed.turn, clip.text))
        self._clauses_told = max(self._clauses_told, len(begun))

    def clips(self, turn: int) -> tuple[tuple[str, float], ...]:
        """The clauses of the newest and their seconds, as far as they are made; nothing of an older one."""
        draft = self._newest
        if draft is None or draft.turn != turn:
            return ()
        return tuple((clip.text, clip.samples.size / self._playback.rate_hz) for clip in draft.track.clips)

    def dismiss(self, played_s: float) -> None:
        """Silence; of what sounds the listener played `played_s`."""
        if self._committed is not None:
            self._playback.pause()
            self._playback.heard(self._committed.track, played_s)

    def heard(self, turn: int, played_s: float) -> None:
        """Of the newest, silent by now, the listener played `played_s`; of an older one nothing changes any more."""
        draft = self._newest
        if draft is not None and draft.turn == turn:
            self._playback.heard(draft.track, played_s)
            self._note_heard(draft)

    def pause(self, turn: int, onset_s: float) -> None:
        """Silence for speech that began at `onset_s` (audio clock); it may go on."""
        self._playback.pause()
        if self._committed is not None and self._committed.turn == turn:
            self._spans.silenced(turn, onset_s)
            self._note_heard(self._committed)

    def ended(self, turn: int) -> Draft | None:
        """It was played to its end, and is told of; None where it is not the one that sounds."""
        draft = self._committed
        if draft is None or draft.turn != turn:
            return None
        self.tell_clauses()
        self._note_heard(draft)
        self._report(draft, interrupted=False)
        return draft

    def stop(self, turn: int) -> Draft | None:
        """Silence at once, for good; None where nothing of `turn` sounded. Somebody tells what became of it."""
        self._playback.flush()
        draft, self._committed = self._committed, None
        if draft is None or draft.turn != turn:
            return None
        draft.cancel()
        return draft

    def withdrawn(self, draft: Draft) -> None:
        """It came too soon, and is as if it had never been."""
        self._remembered.forget(draft.turn)
        self._observer(self._spans.withdrawn(draft))

    def interrupted(self, draft: Draft, reason: str) -> None:
        """What was heard of it stays, and is told like any other."""
        self._note_heard(draft)
        self._report(draft, interrupted=True, reason=reason)

    def break_off(self) -> None:
        """The conversation ends in the middle of it."""
        draft, self._committed = self._committed, None
        if draft is not None:
            self.interrupted(draft, "ended")

    def close(self) -> None:
        """Silence; who waits for an announcement is told."""
        self._playback.flush()
        self._announcing.close(self._committed, self.controls)

    def _report(self, draft: Draft, *, interrupted: bool, reason: str = "") -> None:
        draft.marks["ended"] = self._now_s()
        if draft.announcement is None:
            self._observer(self._spans.report(draft, interrupted=interrupted, reason=reason))
        else:
            self._announcing.end(draft, self.controls, interrupted=interrupted)

    def _note_heard(self, draft: Draft) -> None:
        """The model is not told that it said Jett's own sentence about a failure, nor what somebody else had said."""
        if draft.canned or self.controls.quotes(draft.text):
            return
        self.controls.announced = ""
        self._remembered.heard(draft.turn, draft.track.heard())
