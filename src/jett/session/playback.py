"""What the speaker pulls: one track at a time, paused and flushed within a block, and a record of what was heard.

`render` runs on the audio thread, everything else on the event loop; a lock held for microseconds joins them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jett.core.audio import Samples, silence

_FADE_S = 0.005
_REWIND_S = 0.15
_TAIL_S = 1.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One clause and its sound."""

    text: str
    samples: Samples


class Track:
    """The sound of one reply: clauses are appended while it is made, and taken while it is played."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.clips: list[Clip] = []
        self.complete = False
        self.played_samples = 0
        self.rewound_samples = 0
        """Of what is played, so much was played a second time after a pause."""

    @property
    def total_samples(self) -> int:
        return sum(clip.samples.size for clip in self.clips)

    @property
    def drained(self) -> bool:
        """Everything there will ever be was played."""
        return self.complete and self.played_samples >= self.total_samples

    def take(self, n_samples: int) -> Samples:
        """The next samples, at most `n_samples`; fewer when there are no more yet."""
        pieces: list[Samples] = []
        wanted, start = n_samples, 0
        for clip in self.clips:
            end = start + clip.samples.size
            if wanted and self.played_samples < end:
                offset = self.played_samples - start
                piece = clip.samples[offset : offset + wanted]
                pieces.append(piece)
                wanted -= piece.size
                self.played_samples += piece.size
            start = end
        return np.concatenate(pieces) if pieces else silence(0)

    def begun_clips(self) -> list[Clip]:
        """The clauses of which something was played."""
        begun: list[Clip] = []
        start = 0
        for clip in self.clips:
            if start > self.played_samples or (start == self.played_samples and clip.samples.size):
                break
            begun.append(clip)
            start += clip.samples.size
        return begun

    def heard(self) -> str:
        """The words that were played: whole clauses, then the share of the last one that was begun."""
        words: list[str] = []
        start = 0
        for clip in self.clips:
            played = min(max(0, self.played_samples - start), clip.samples.size)
            start += clip.samples.size
            if played == clip.samples.size:
                words.append(clip.text.strip())
                continue
            spoken = clip.text.split()
            words.extend(spoken[: int(len(spoken) * played / max(1, clip.samples.size))])
            break
        return " ".join(word for word in words if word)


class Playback:
    """Plays one track; `on_started` and `on_ended` are called from the audio thread with the track's turn."""

    def __init__(
        self,
        rate_hz: int,
        *,
        on_started: Callable[[int], None],
        on_ended: Callable[[int], None],
        tap: Callable[[Samples], None] | None = None,
        in_flight_s: Callable[[], float] = lambda: 0.0,
        on_track: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_track` is called, by whoever gives it, once there is something to play.

        `in_flight_s` of what was rendered has not sounded yet and never will once this falls silent.
        """
        self.rate_hz = rate_hz
        self._in_flight_s = in_flight_s
        self._on_track = on_track
        self._on_started = on_started
        self._on_ended = on_ended
        self._tap = tap
        self._lock = threading.Lock()
        self._track: Track | None = None
        self._paused = False
        self._fade: Samples = silence(0)
        self._silent_samples = round(_TAIL_S * rate_hz)
        self._gain = 1.0

    def set_gain(self, gain: float) -> None:
        """Loudness from the next block on, 0 to 1 of what the voice made."""
        with self._lock:
            self._gain = gain

    @property
    def active(self) -> bool:
        """Whether a track is being played or is paused."""
        return self._track is not None

    def play(self, track: Track) -> None:
        """Make `track` the one that sounds."""
        with self._lock:
            self._track = track
            self._paused = False
        self._on_track()

    def chime(self, samples: Samples) -> None:
        """A sound that is no reply (its track is of turn 0), unless something sounds already."""
        track = Track(turn=0)
        track.clips.append(Clip("", samples))
        track.complete = True
        with self._lock:
            if self._track is None:
                self._track, self._paused = track, False
        self._on_track()

    def append(self, track: Track, clip: Clip) -> None:
        with self._lock:
            track.clips.append(clip)

    def clear(self, track: Track) -> None:
        """Forget what is on `track`, which must not sound yet."""
        with self._lock:
            track.clips.clear()

    def complete(self, track: Track) -> None:
        """No more clips will come for `track`."""
        with self._lock:
            track.complete = True

    def pause(self) -> None:
        """Silent from the next block on, but for a fade of 5 ms."""
        with self._lock:
            if self._track is not None and not self._paused:
                self._paused = True
                self._fall_silent(self._track)

    def resume(self) -> None:
        """Go on, from a little before where it was paused."""
        with self._lock:
            self._paused = False
            if self._track is not None:
                rewound = min(self._track.played_samples, int(_REWIND_S * self.rate_hz))
                self._track.played_samples -= rewound
                self._track.rewound_samples += rewound

    def flush(self) -> None:
        """Drop the track; a second flush does nothing."""
        with self._lock:
            if self._track is not None and not self._paused:
                self._fall_silent(self._track)
            self._track = None
            self._paused = False

    def heard(self, track: Track, played_s: float) -> None:
        """Whoever listens played `played_s` of what was sent of `track`, which does not sound now: the truth."""
        with self._lock:
            played = round(played_s * self.rate_hz) - track.rewound_samples
            track.played_samples = min(max(0, played), track.total_samples)

    def _fall_silent(self, track: Track) -> None:
        track.played_samples -= min(track.played_samples, round(self._in_flight_s() * self.rate_hz))
        self._fade = _faded(track.take(int(_FADE_S * self.rate_hz)))

    def available(self, n_samples: int) -> Samples:
        """The next sound, at most `n_samples`; nothing where there is none now. For a speaker that bears gaps."""
        with self._lock:
            self._fade = silence(0)
            piece, started, ended = self._pull(n_samples)
            piece = self._loud(piece)
        self._tell(started, ended)
        return piece

    def _pull(self, n_samples: int) -> tuple[Samples, int | None, int | None]:
        """What sounds next, and the turn whose reply it begins and ends."""
        track = self._track
        if track is None or self._paused:
            return silence(0), None, None
        first = track.played_samples == 0
        piece = track.take(n_samples)
        if track.drained:
            self._track = None
        return piece, track.turn if first and piece.size else None, track.turn if track.drained else None

    def _loud(self, block: Samples) -> Samples:
        return block if self._gain == 1.0 else (block * self._gain).astype(np.int16)

    def _tell(self, started: int | None, ended: int | None) -> None:
        if started is not None:
            self._on_started(started)
        if ended is not None:
            self._on_ended(ended)

    def render(self, n_samples: int) -> Samples:
        """Exactly `n_samples` to play now (port Render)."""
        block = silence(n_samples)
        started = ended = None
        with self._lock:
            if self._fade.size:
                piece, self._fade = self._fade[:n_samples], silence(0)
            else:
                piece, started, ended = self._pull(n_samples)
            block[: piece.size] = piece
            block = self._loud(block)
        self._tell_tap(block)
        self._tell(started, ended)
        return block

    def _tell_tap(self, block: Samples) -> None:
        """Sound, and the silence right after it; hours of nothing need no resampling."""
        self._silent_samples = 0 if block.any() else self._silent_samples + block.size
        if self._tap is not None and self._silent_samples <= _TAIL_S * self.rate_hz:
            self._tap(block)


def _faded(samples: Samples) -> Samples:
    ramp = np.linspace(1.0, 0.0, samples.size, dtype=np.float32)
    return (samples * ramp).astype(np.int16)
