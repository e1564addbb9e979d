"""Does Jett take its own voice for the user's where its echo comes earlier or later all at once? And is a user heard?

A device thread that was late, or a buffer that ran dry, moves an echo by some tens of milliseconds. Readings stand for
replies, through each room at three levels; after 3 s the echo jumps. The canceller alone and the one that follows the
echo are compared on the same sound, by the detector and the rule of an onset that a conversation has.

    python -m benchmarks.accuracy.echo_jumps --clips DIR --rooms DIR --users DIR [--count 30] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.accuracy.echo import evenly
from jett.audio.echo import FRAME_SAMPLES, EchoReference, WebRtcEchoCanceller
from jett.audio.echo_lag import EchoFollower
from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs, silence
from jett.core.clock import MonotonicClock
from jett.engines.vad.silero import SileroVoiceActivityDetector
from jett.models.store import Store
from jett.session.ears import Ears
from jett.turns.speech_tracker import SpeechTracker, TrackerSettings

DELAY_S = 0.09
JUMP_S = 3.0
SPOKEN_S = 3.4
"""When a user speaks: soon after the jump, while whoever follows it has just begun to."""
REPLY_S = 7.0
_read = cache(read_audio)
JUMPS_MS = (-45, -20, 0, 20, 45)
GAINS = (1.0, 0.5, 0.2)


class _Stays(EchoFollower):
    """One that never moves: the canceller alone."""

    @property
    def lets_through(self) -> bool:
        return False

    @property
    def loud(self) -> bool:
        return False

    def follow(self, near: Samples, far: Samples) -> tuple[Samples, bool]:
        return far, False


class Alone(WebRtcEchoCanceller):
    """AEC3 with what was played as it was played."""

    def __init__(self) -> None:
        super().__init__()
        self._follower = _Stays()


class Timed:
    """A canceller, and how long it worked."""

    frame_samples = FRAME_SAMPLES

    def __init__(self, inner: WebRtcEchoCanceller) -> None:
        self.busy_s = 0.0
        self._inner = inner

    @property
    def audible(self) -> bool:
        return self._inner.audible

    @property
    def lets_through(self) -> bool:
        began_s = time.perf_counter()
        through = self._inner.lets_through
        self.busy_s += time.perf_counter() - began_s
        return through

    def process(self, near: Samples, far: Samples) -> Samples:
        began_s = time.perf_counter()
        clean = self._inner.process(near, far)
        self.busy_s += time.perf_counter() - began_s
        return clean


@dataclass
class Scene:
    """A reply in a room, and perhaps a user who speaks over it."""

    reply: Samples
    room: Path
    gain: float
    jump_ms: int
    user: Samples = field(default_factory=lambda: silence(0))

    def alone(self, vad: SileroVoiceActivityDetector) -> float | None:
        """When the user would be heard if nothing was played; None where nobody would be."""
        onset_s = _first_onset(vad, self.user)
        return None if onset_s is None else SPOKEN_S + onset_s

    def periods(self) -> Iterator[tuple[Samples, Samples]]:
        """(heard, played) for each 10 ms."""
        path = EchoPath(self.room, rate_hz=SAMPLE_RATE_HZ, delay_s=DELAY_S, gain=self.gain)
        near = np.zeros(self.reply.size, np.int16)
        begin = round(SPOKEN_S * SAMPLE_RATE_HZ)
        said = self.user[: near.size - begin]
        near[begin : begin + said.size] = said
        for start in range(0, self.reply.size - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            if start == round(JUMP_S * SAMPLE_RATE_HZ):
                path.jump(self.jump_ms / 1_000)
            played = self.reply[start : start + FRAME_SAMPLES]
            path.play(played)
            yield path.hear(near[start : start + FRAME_SAMPLES]), played


@dataclass
class Heard:
    """What came of a scene."""

    onset_s: float | None
    """When it was sure first after the jump that somebody speaks."""
    left_dbfs: float
    """In the 1.5 s after the jump."""
    busy: float
    """Share of one core."""


def listen(scene: Scene, canceller: WebRtcEchoCanceller, vad: SileroVoiceActivityDetector) -> Heard:
    """Through the ears of a conversation that replies all the time."""
    vad.reset()
    reference, timed = EchoReference(SAMPLE_RATE_HZ), Timed(canceller)
    ears = Ears(vad, MonotonicClock(), canceller=timed, reference=reference)
    tracker, onset_s, cleaned = SpeechTracker(TrackerSettings()), None, []
    for heard, played in scene.periods():
        reference.played(played)
        cleaned.append(ears.take(heard))
        for frame in ears.frames():
            if frame.heard.end_s <= JUMP_S:
                continue
            began = tracker.hear(frame.heard, over_reply=True)
            if began is not None and onset_s is None:
                onset_s = frame.heard.end_s
    jump = round(JUMP_S * SAMPLE_RATE_HZ)
    left = np.concatenate(cleaned)[jump : jump + SAMPLE_RATE_HZ * 3 // 2]
    return Heard(onset_s, level_dbfs(left), timed.busy_s * SAMPLE_RATE_HZ / scene.reply.size)


def _first_onset(vad: SileroVoiceActivityDetector, sound: Samples) -> float | None:
    vad.reset()
    ears, tracker = Ears(vad, MonotonicClock()), SpeechTracker(TrackerSettings())
    for frame in ears.hear(sound):
        if tracker.hear(frame.heard, over_reply=False) is not None:
            return frame.heard.end_s
    return None


def scenes(options: argparse.Namespace, jump_ms: int, *, spoken_over: bool) -> Iterator[Scene]:
    clips, rooms, users = (sorted(folder.rglob("*.flac")) for folder in (options.clips, options.rooms, options.users))
    readings = map(_read, evenly(clips, 3 * options.count))
    replies = [sound for sound in readings if sound.size >= REPLY_S * SAMPLE_RATE_HZ]
    users = evenly(users, options.count)
    for number in range(options.count):
        reply = replies[number % len(replies)][: round(REPLY_S * SAMPLE_RATE_HZ)]
        user = _read(users[number % len(users)]) if spoken_over else silence(0)
        yield Scene(reply, rooms[number % len(rooms)], GAINS[number // len(rooms) % len(GAINS)], jump_ms, user)


def measure(
    options: argparse.Namespace, make: Callable[[], WebRtcEchoCanceller], vad: SileroVoiceActivityDetector, jump_ms: int
) -> dict[str, float]:
    """Self-interruptions of all replies, what is left of the echo, and how soon a user is heard."""
    quiet = [listen(scene, make(), vad) for scene in scenes(options, jump_ms, spoken_over=False)]
    spoken = [(listen(scene, make(), vad), scene.alone(vad)) for scene in scenes(options, jump_ms, spoken_over=True)]
    heard_ms = [1_000 * (heard.onset_s - alone_s) for heard, alone_s in spoken if heard.onset_s and alone_s]
    return {
        "replies": len(quiet),
        "interrupted_by_itself": sum(each.onset_s is not None for each in quiet),
        "left_dbfs": float(np.median([each.left_dbfs for each in quiet])),
        "users": len(spoken),
        "users_missed": sum(heard.onset_s is None for heard, _ in spoken),
        "heard_p50_ms": float(np.median(heard_ms)),
        "heard_p95_ms": float(np.percentile(heard_ms, 95)),
        "cpu_percent": 100 * float(np.median([heard.busy for heard, _ in spoken])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder of readings that stand for replies")
    parser.add_argument("--rooms", type=Path, required=True, help="folder of impulse responses")
    parser.add_argument("--users", type=Path, required=True, help="folder of recordings spoken over the replies")
    parser.add_argument("--count", type=int, default=30, help="scenes of each kind")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    vad = SileroVoiceActivityDetector(Store().file("silero-vad"))
    ways = {"canceller alone": Alone, "following": WebRtcEchoCanceller}
    rows = {jump: {name: measure(options, make, vad, jump) for name, make in ways.items()} for jump in JUMPS_MS}
    if options.json:
        print(json.dumps({f"jump_{jump}_ms": row for jump, row in rows.items()}))
        return
    print("| echo jumps by | | interrupted by itself | left | user heard later than alone P50 / P95, missed | CPU |")
    print("|---|---|---|---|---|---|")
    for jump, row in rows.items():
        for name, seen in row.items():
            print(
                f"| {jump} ms | {name} | {seen['interrupted_by_itself']} of {seen['replies']}"
                f" | {seen['left_dbfs']:.0f} dBFS"
                f" | {seen['heard_p50_ms']:.0f} / {seen['heard_p95_ms']:.0f} ms, {seen['users_missed']}"
                f" | {seen['cpu_percent']:.1f} % |"
            )


if __name__ == "__main__":
    main()
