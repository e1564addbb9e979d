"""The listening half of the protocol: the input buffer, what is being said, and the items that come of it. Pure.

    speech_started ─ … ─ speech_stopped ─ committed ─ item.added ─ item.done ─ transcription.delta, .completed
                                        └ nothing was said: no more events

`speech_started` comes when the turn machine opens a turn, or silences a reply since somebody speaks over it. The words
are known when a turn is over, so they come at once and whole.
"""

from __future__ import annotations

from jett.server.realtime.config import AudioFormat
from jett.server.realtime.effects import Append, ClearSound, Transcribe
from jett.server.realtime.items import Item
from jett.server.realtime.refused import EventRefused
from jett.server.realtime.state import State

LEAST_COMMIT_S = 0.1
MOST_KEPT_S = 120.0
"""Of a manual turn; older sound is forgotten."""
_FAILED = "the speech could not be transcribed; see jett doctor"


class Hearing:
    """Of one session."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._kept_s = 0.0
        self._speaking = ""
        """The id of the item that what is being said will become; empty in silence."""
        self.transcribing: set[str] = set()

    @property
    def manual(self) -> bool:
        """Whether the client says when a turn is over."""
        return self._state.config.audio.input.turn_detection is None

    @property
    def _format(self) -> AudioFormat:
        return self._state.config.audio.input.format

    # ---- the client -------------------------------------------------------------------------------------------------

    def append(self, data: bytes) -> None:
        """More sound. Raises EventRefused."""
        if self._format.type == "audio/pcm" and len(data) % 2:
            raise EventRefused("audio: half a sample; 16-bit samples have two bytes", param="audio")
        if not data:
            return
        if self.manual:
            self._kept_s = min(self._kept_s + self._format.seconds(len(data)), MOST_KEPT_S)
        self._state.do(Append(data, self.manual))

    def clear(self) -> None:
        """What was appended and not committed does not count."""
        self._kept_s = 0.0
        self._state.do(ClearSound(self.manual))
        self._state.send({"type": "input_audio_buffer.cleared"})

    def commit(self) -> None:
        """What was appended is a turn. Raises EventRefused."""
        if not self.manual:
            raise EventRefused(
                "turn detection commits by itself; set audio.input.turn_detection to null to commit",
                code="input_audio_buffer_commit_automatic",
            )
        if self._kept_s < LEAST_COMMIT_S - 1e-6:
            raise EventRefused(
                f"the buffer holds {self._kept_s * 1000:.0f} ms of sound, at least 100 ms are needed",
                code="input_audio_buffer_commit_empty",
            )
        self._kept_s = 0.0
        item_id = self._state.new_id("item")
        self._commit_item(Item(item_id, "message", "user", "input_audio"))
        self.transcribing.add(item_id)
        self._state.do(Transcribe(item_id))

    def transcribed(self, item_id: str, text: str | None, seconds: float) -> None:
        """The words of a manual turn; None where they could not be had."""
        self.transcribing.discard(item_id)
        item = next((item for item in self._state.items if item.id == item_id), None)
        if item is not None:
            item.text = text or ""
            self._tell_words(item_id, text, seconds)

    # ---- the turn machine -------------------------------------------------------------------------------------------

    def started(self, at_s: float) -> None:
        """Somebody speaks, from `at_s` of the audio clock on."""
        if self._speaking:
            return
        self._speaking = self._state.new_id("item")
        self._state.send(
            {
                "type": "input_audio_buffer.speech_started",
                "audio_start_ms": round(at_s * 1000),
                "item_id": self._speaking,
            }
        )

    def stopped(self, at_s: float) -> str:
        """Nobody speaks any more; the item's id."""
        item_id, self._speaking = self._speaking, ""
        if item_id:
            self._state.send(
                {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": round(at_s * 1000), "item_id": item_id}
            )
        return item_id or self._state.new_id("item")

    def committed(self, turn: int, text: str | None, from_s: float, end_s: float) -> None:
        """The turn is over; None where its words could not be had."""
        item_id = self.stopped(end_s)
        self._commit_item(Item(item_id, "message", "user", "input_audio", text or "", turn=turn))
        self._tell_words(item_id, text, max(0.0, end_s - from_s))

    def waited(self, from_s: float, end_s: float) -> None:
        """Nobody spoke for the session's idle timeout: the silence is a turn, as OpenAI has it."""
        item_id = self._state.new_id("item")
        self._state.send(
            {
                "type": "input_audio_buffer.timeout_triggered",
                "audio_start_ms": round(from_s * 1000),
                "audio_end_ms": round(end_s * 1000),
                "item_id": item_id,
            }
        )
        self._commit_item(Item(item_id, "message", "user", "input_audio"))

    def _commit_item(self, item: Item) -> None:
        state = self._state
        before = state.items.add(item)
        state.send({"type": "input_audio_buffer.committed", "previous_item_id": before, "item_id": item.id})
        for phase in ("added", "done"):
            state.send({"type": f"conversation.item.{phase}", "previous_item_id": before, "item": item.wire()})

    def _tell_words(self, item_id: str, text: str | None, seconds: float) -> None:
        if self._state.config.audio.input.transcription is None:
            return
        about = {"item_id": item_id, "content_index": 0}
        kind = "conversation.item.input_audio_transcription"
        if text is None:
            error = {"type": "server_error", "code": "transcription_failed", "message": _FAILED, "param": None}
            self._state.send({"type": f"{kind}.failed", **about, "error": error})
            return
        if text:
            self._state.send({"type": f"{kind}.delta", **about, "delta": text})
        usage = {"type": "duration", "seconds": round(seconds, 3)}
        self._state.send({"type": f"{kind}.completed", **about, "transcript": text, "usage": usage})
