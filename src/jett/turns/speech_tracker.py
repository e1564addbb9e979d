"""When speech begins and when it was last heard, from VAD frames: hysteresis counted in frames, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from jett.turns.events import FrameHeard


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Thresholds on the VAD's probability, and how many frames in a row make an onset."""

    speech_threshold: float = 0.5
    onset_frames: int = 2
    over_reply_frames: int = 2
    over_reply_threshold: float = 0.6
    """While Jett speaks an onset needs more, so that it does not fall silent at every breath."""
    over_echo_threshold: float = 0.9
    """More still where its echo is audible: a rest of it scores up to 0.85 for two frames in a row."""
    frame_s: float = 0.032


class SpeechTracker:
    """Feed each frame to `hear`; read `speaking` and `last_speech_s`."""

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self.speaking = False
        self.last_speech_s = 0.0
        self._run = 0
        self._deaf_until_silence = False

    def configure(self, settings: TrackerSettings) -> None:
        """Other thresholds from the next frame on."""
        self._settings = settings

    @property
    def starting(self) -> bool:
        """Whether the last frame was speech, but not yet enough of it to be an onset."""
        return self._run > 0 and not self.speaking

    def hear(self, frame: FrameHeard, *, over_reply: bool) -> float | None:
        """The time at which speech began, when this frame makes it sure; else None."""
        settings = self._settings
        threshold = self._onset_threshold(frame, over_reply)
        if frame.probability < (settings.speech_threshold if self.speaking else threshold):
            self.speaking = self._deaf_until_silence = False
            self._run = 0
            return None
        if self._deaf_until_silence:
            self.last_speech_s = frame.end_s
            return None
        self._run += 1
        if self.speaking:
            self.last_speech_s = frame.end_s
            return None
        if self._run < (settings.over_reply_frames if over_reply else settings.onset_frames):
            return None
        self.speaking = True
        self.last_speech_s = frame.end_s
        return frame.end_s - self._run * settings.frame_s

    def _onset_threshold(self, frame: FrameHeard, over_reply: bool) -> float:
        if not over_reply:
            return self._settings.speech_threshold
        return self._settings.over_echo_threshold if frame.echo else self._settings.over_reply_threshold

    def forget(self) -> None:
        """Speech that goes on now is no onset until there was silence: used after a stop."""
        self.speaking = False
        self._deaf_until_silence = True
        self._run = 0
