"""A process that does nothing but listen for a name: its memory, and what the work costs without a conversation around.

    python -m benchmarks.capacity.asleep_ears HEAD RECORDING SECONDS

Run by `asleep`, in a process of its own. Prints JSON: memory in bytes, before the detector was loaded and after it had
heard everything; processor time as a share of the sound's; and that of the player, which stands for a microphone in
`jett talk --input`, alone at the pace of real time.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path

import anyio
import numpy as np
import psutil

from jett.app import store
from jett.app.wake import load_wake_words
from jett.app.wake_listening import WakeListener
from jett.audio.file_duplex import TICK_SAMPLES, FileDuplex
from jett.audio.files import stream_audio
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.settings import Settings


def quiet_room(seconds: float) -> Samples:
    """A microphone's own noise."""
    return np.random.default_rng(0).integers(-1, 2, round(seconds * SAMPLE_RATE_HZ)).astype(np.int16)


def core_percent(listener: WakeListener, sound: Samples) -> float:
    """Of one core, if `sound` came at its own pace."""
    began_s = time.process_time()
    for start in range(0, sound.size, TICK_SAMPLES):
        for _ in listener.hear(sound[start : start + TICK_SAMPLES]):
            pass
    return 100 * (time.process_time() - began_s) * SAMPLE_RATE_HZ / sound.size


async def player_percent(seconds: float) -> float:
    """Of one core, for a recording that is played and heard by nobody."""
    player = FileDuplex(quiet_room(seconds))
    player.start(silence)
    player.finish()
    used_s, began_s = time.process_time(), time.monotonic()
    async for _ in player.chunks():
        pass
    return 100 * (time.process_time() - used_s) / (time.monotonic() - began_s)


def main(head: str, recording: str, seconds: str) -> None:
    before = psutil.Process().memory_full_info()
    settings = Settings.load()
    listener = WakeListener(load_wake_words(settings, store(settings), (head,)))
    talk = np.concatenate(list(islice(stream_audio(Path(recording)), round(float(seconds)))))
    found = {
        "quiet_percent": core_percent(listener, quiet_room(float(seconds))),
        "talk_percent": core_percent(listener, talk),
        "player_percent": anyio.run(player_percent, min(float(seconds), 30.0)),
    }
    after = psutil.Process().memory_full_info()
    memory = {"before": before.rss, "rss": after.rss, "pss": getattr(after, "pss", after.rss)}
    sys.stdout.write(json.dumps(found | memory) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
