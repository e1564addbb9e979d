"""A conversation's events as live events: what `docs/protocol.md` lists under /api/live."""

from __future__ import annotations

from jett.core.events import (
    AnnouncementEnded,
    ClauseSpoken,
    LevelMeasured,
    PartialHeard,
    SessionEvent,
    StateChanged,
    Troubled,
    TurnReport,
)
from jett.server.live import Live

_LEVEL_EVERY_S = 0.125
"""Of sound: about eight levels a second, which is as fast as an eye follows."""


class LiveEvents:
    """An observer of one conversation. `session` is `local`, or the conversation's number."""

    def __init__(self, live: Live, session: str, *, levels: bool = False) -> None:
        self._live = live
        self._session = session
        self._levels = levels
        self._unshown_s = 0.0

    def __call__(self, event: SessionEvent) -> None:
        match event:
            case LevelMeasured():
                self._level(event)
            case StateChanged(state):
                self._tell("state", state=state)
            case PartialHeard(turn, text):
                self._tell("partial", turn=turn, text=text)
            case ClauseSpoken(turn, text):
                self._tell("clause", turn=turn, text=text)
            case TurnReport():
                self._turn(event)
            case AnnouncementEnded():
                self._tell("announcement", text=event.announcement, heard=event.heard, interrupted=event.interrupted)
            case Troubled():
                self._tell("trouble", message=event.message)

    def _turn(self, report: TurnReport) -> None:
        self._tell(
            "turn",
            id=report.id,
            turn=report.turn,
            transcript=report.transcript,
            reply=report.reply,
            heard=report.heard,
            interrupted=report.interrupted,
            ttfa_ms=report.ttfa_ms,
            stages_ms=report.stages_ms,
            error=report.error,
        )

    def _level(self, event: LevelMeasured) -> None:
        self._unshown_s += event.span_s
        if self._unshown_s < _LEVEL_EVERY_S:
            return
        self._unshown_s = 0.0
        if self._levels and self._live.watchers:
            told = {
                "session": self._session,
                "dbfs": round(event.dbfs, 1),
                "speech": round(event.speech_probability, 2),
            }
            self._live.publish("level", told, keep=False)

    def _tell(self, name: str, **data: object) -> None:
        self._live.publish(name, {"session": self._session, **data})
