"""How a conversation says announcements: as replies that answer nobody, of which history keeps nothing.

No model is asked and nothing of their words is understood. Called by the conversation.
"""

from __future__ import annotations

from jett.core.events import AnnouncementEnded, Observer
from jett.session.announcements import Announcements
from jett.session.controls import SessionControls
from jett.session.draft import Draft
from jett.session.playback import Track


class Announcing:
    """The announcements of one conversation, waiting, being said, and told of afterwards."""

    def __init__(self, observer: Observer) -> None:
        self.waiting = Announcements()
        self._observer = observer

    def next(self, turn: int) -> Draft:
        """The draft of the oldest, which is said now."""
        return Draft(turn, 0, "", Track(turn), canned=True, announcement=self.waiting.take())

    def end(self, draft: Draft, controls: SessionControls, *, interrupted: bool) -> None:
        """It was said, to its end or not; "say that again" means it from now on."""
        announcement = draft.announcement
        assert announcement is not None
        announcement.heard, announcement.interrupted = draft.track.heard(), interrupted
        announcement.begun, announcement.error = draft.track.played_samples > 0, draft.error
        announcement.ended.set()
        if announcement.begun:
            controls.announced = announcement.text
        self._observer(
            AnnouncementEnded(draft.turn, announcement.text, announcement.heard, interrupted, announcement.error)
        )

    def close(self, spoken: Draft | None, controls: SessionControls) -> None:
        """The conversation is over, perhaps in the middle of one."""
        self.waiting.close()
        if spoken is not None and spoken.announcement is not None and not spoken.announcement.ended.is_set():
            self.end(spoken, controls, interrupted=True)
