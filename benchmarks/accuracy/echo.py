"""How much of Jett's own voice the echo canceller takes out, and what that costs.

Each clip is played through a seminar room's response into the microphone, 40 ms late, by `FileDuplex`; nobody else
speaks. The first seconds, in which the canceller learns the room, are reported apart.

    python benchmarks/accuracy/echo.py --clips DIR --room FILE [--count 4] [--gain 0.5] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from contextlib import aclosing
from pathlib import Path

import anyio
import numpy as np

from jett.audio.echo import EchoReference, WebRtcEchoCanceller
from jett.audio.file_duplex import AsFastAsPossible, FileDuplex
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.audio.simulated_room import DELAY_S, EchoPath
from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs, silence

RATE_HZ = 24_000
LEARNING_S = 2.0


class Voice:
    """Says one recording once, and tells the reference."""

    def __init__(self, spoken: Samples, reference: EchoReference) -> None:
        self._left = spoken
        self._reference = reference

    def render(self, n_samples: int) -> Samples:
        block, self._left = self._left[:n_samples], self._left[n_samples:]
        block = np.concatenate((block, silence(n_samples - block.size)))
        self._reference.played(block)
        return block


async def measure(clip: Path, room: Path, gain: float) -> dict[str, float]:
    """Reduction in dB while learning and after, and the canceller's share of real time."""
    spoken = resample(read_audio(clip), SAMPLE_RATE_HZ, RATE_HZ)
    spoken = np.concatenate((spoken, spoken))
    reference, canceller = EchoReference(RATE_HZ), WebRtcEchoCanceller()
    echo = EchoPath(room, rate_hz=RATE_HZ, gain=gain)
    duplex = FileDuplex(silence(320), rate_hz=RATE_HZ, echo=echo, pace=AsFastAsPossible())
    duplex.start(Voice(spoken, reference).render)
    heard, cleaned, busy_s = [], [], 0.0
    async with aclosing(duplex.chunks()) as chunks:
        async for chunk in chunks:
            began_s = time.perf_counter()
            for near in chunk.reshape(-1, canceller.frame_samples):
                cleaned.append(canceller.process(near, reference.take()))
            busy_s += time.perf_counter() - began_s
            heard.append(chunk)
            if duplex.heard_samples >= spoken.size * SAMPLE_RATE_HZ // RATE_HZ:
                duplex.finish()
    return {
        **reductions(np.concatenate(heard), np.concatenate(cleaned)),
        "cpu_percent": 100 * busy_s * SAMPLE_RATE_HZ / duplex.heard_samples,
    }


def reductions(heard: Samples, cleaned: Samples) -> dict[str, float]:
    split = round(LEARNING_S * SAMPLE_RATE_HZ)
    return {
        "learning_db": level_dbfs(heard[:split]) - level_dbfs(cleaned[:split]),
        "settled_db": level_dbfs(heard[split:]) - level_dbfs(cleaned[split:]),
    }


def evenly(clips: list[Path], count: int) -> list[Path]:
    return [clips[index * len(clips) // count] for index in range(min(count, len(clips)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder of recordings of speech")
    parser.add_argument("--room", type=Path, required=True, help="impulse response of a room")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--gain", type=float, default=0.5, help="level of the echo against what is played")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    clips = evenly(sorted(options.clips.rglob("*.flac")), options.count)
    rows = {clip.stem: anyio.run(measure, clip, options.room, options.gain) for clip in clips}
    medians = {f"echo_{key}": statistics.median(row[key] for row in rows.values()) for key in next(iter(rows.values()))}
    if options.json:
        print(json.dumps({**medians, "delay_ms": DELAY_S * 1_000, "clips": rows}))
        return
    for name, row in {**rows, "median": {key.removeprefix("echo_"): value for key, value in medians.items()}}.items():
        print(f"{name:24} first {LEARNING_S:.0f} s {row['learning_db']:5.1f} dB   after {row['settled_db']:5.1f} dB"
              f"   CPU {row['cpu_percent']:.2f} % of one core")  # fmt: skip


if __name__ == "__main__":
    main()
