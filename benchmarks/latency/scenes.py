"""The scenes of the latency benchmark: a request, an interruption, a room with echo, silence."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio.to_thread
import numpy as np
import psutil

from benchmarks.clips import Clip, data_folder, evenly, read_pack
from benchmarks.report import Figures, percentile
from benchmarks.stage import Seen, converse, true_speech_end_s
from jett.app import App, conversation_settings, with_echo_cancellation
from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.ports import Message, VoiceActivityDetector

_ORIGINAL_SILENCE_S = 0.8
_ORIGINAL_PADDED_S = 30
_BEGUN_S = 0.5
_TALKS_S = 8.0
"""How long a reply talks into its own microphone in the echo scene."""
_LOUDSPEAKER_GAIN = 0.5
"""Echo at half the amplitude of what is played: a loudspeaker beside the microphone."""
LONG_ANSWERS = "You are Jett, a voice assistant. Always answer at length, in at least eight plain sentences."


@dataclass
class ClipResult:
    """What one clip showed; times in milliseconds unless named otherwise."""

    pack: str
    file: str
    true_end_s: float
    ttfa_ms: float | None = None
    transcript: str = ""
    reply: str = ""
    stages_ms: dict[str, float] = field(default_factory=dict)
    cutoffs: int = 0
    silenced_ms: list[float] = field(default_factory=list)
    answered_whole: bool = True
    turns: int = 0
    late_ticks: int = 0
    timed: bool = True
    original_ms: float | None = None

    def flat(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def request(app: App, clip: Clip) -> ClipResult:
    """One clip as one finished request."""
    sound = await anyio.to_thread.run_sync(read_audio, clip.path)
    true_end_s = true_speech_end_s(app.parts.vad, sound)
    seen = await converse(app.parts, conversation_settings(app.settings), sound, enough_s=_BEGUN_S)
    return judged(clip, true_end_s, seen)


def judged(clip: Clip, true_end_s: float, seen: Seen) -> ClipResult:
    """A reply that sounded before the true end is a cut-off; the answer is the first reply after it."""
    result = ClipResult(clip.pack, clip.path.name, true_end_s, late_ticks=seen.late_ticks, turns=len(seen.reports))
    early = [r for r in seen.reports if r.first_audio_s is not None and r.first_audio_s < true_end_s]
    withdrawn = [w for w in seen.withdrawn if w.first_audio_s is not None and w.first_audio_s < true_end_s]
    result.cutoffs = len(early) + len(withdrawn)
    result.silenced_ms = [(w.silent_s - w.onset_s) * 1000 for w in withdrawn]
    result.silenced_ms += [(silent - onset) * 1000 for r in early for onset, silent in r.silences_s]
    result.answered_whole = not early
    answers = [r for r in seen.reports if r.first_audio_s is not None and r.first_audio_s >= true_end_s]
    if answers and answers[0].first_audio_s is not None:
        answer = answers[0]
        result.ttfa_ms = round((answers[0].first_audio_s - true_end_s) * 1000, 1)
        result.transcript, result.reply, result.stages_ms = answer.transcript, answer.reply, answer.stages_ms
    return result


async def original_way(app: App, clip: Clip, true_end_s: float) -> float:
    """What the first loop did, on the same models: 0.8 s of silence, whole transcript, whole answer, then speech."""
    sound = await anyio.to_thread.run_sync(read_audio, clip.path)
    padded = np.concatenate([sound, silence(max(0, _ORIGINAL_PADDED_S * SAMPLE_RATE_HZ - sound.size))])
    started_s = time.perf_counter()
    transcript = await anyio.to_thread.run_sync(app.parts.stt.transcribe, padded)
    messages = [Message("system", app.settings.llm.system_prompt), Message("user", transcript.text)]
    reply = "".join([delta async for delta in app.parts.llm.stream(messages)])
    await anyio.to_thread.run_sync(app.parts.tts.synthesize, app.parts.spoken(reply) or "Sorry.")
    return round((_ORIGINAL_SILENCE_S + time.perf_counter() - started_s) * 1000, 1)


async def barge_in(app: App, times: int = 20) -> Figures:
    """From the onset of the user's speech to the last sample played, over a long reply: headphones, then a room."""
    headphones = await _interruptions(app, times, room=None)
    room = await _interruptions(app, times, room=read_audio(_room()))
    return {
        "barge_in_tries": len(headphones),
        "barge_in_p50_ms": percentile(headphones, 50),
        "barge_in_p95_ms": percentile(headphones, 95),
        "barge_in_room_tries": len(room),
        "barge_in_room_p50_ms": percentile(room, 50),
        "barge_in_room_p95_ms": percentile(room, 95),
    }


async def _interruptions(app: App, times: int, *, room: Samples | None) -> list[float]:
    """Milliseconds of each try in which a reply was sounding; the canceller works in both, as in a live talk."""
    settings = replace(conversation_settings(app.settings), system_prompt=LONG_ANSWERS)
    rate_hz = app.parts.tts.rate_hz
    silenced: list[float] = []
    for first, second in pairwise(evenly(read_pack(data_folder() / "commands_barista"), times + 1)):
        question, interruption = (trimmed(app.parts.vad, each.path) for each in (first, second))
        gap = silence(int(3.5 * SAMPLE_RATE_HZ))
        onset_s = (question.size + gap.size) / SAMPLE_RATE_HZ
        sound = np.concatenate([question, gap, interruption])
        path = None if room is None else EchoPath(room, rate_hz=rate_hz, gain=_LOUDSPEAKER_GAIN)
        seen = await converse(with_echo_cancellation(app, rate_hz), settings, sound, echo=path, enough_s=0.1)
        silenced += [ms for ms in [last_sound_ms(seen, rate_hz, onset_s)] if ms is not None]
    return silenced


def _room() -> Path:
    return data_folder() / "rir" / "spatialaudio_seminar_room.flac"


def trimmed(vad: VoiceActivityDetector, path: Path) -> Samples:
    """A clip from its first to its last speech."""
    sound = read_audio(path)
    vad.reset()
    size = vad.frame_samples
    speech = [i for i in range(0, sound.size - size + 1, size) if vad.score(sound[i : i + size]) >= 0.5]
    vad.reset()
    return sound[speech[0] : speech[-1] + size] if speech else sound


def last_sound_ms(seen: Seen, rate_hz: int, onset_s: float) -> float | None:
    """How long after `onset_s` the reply that was playing then went on; None when nothing was playing."""
    block = rate_hz // 100
    loud = np.abs(seen.output[: seen.output.size // block * block].reshape(-1, block)).max(axis=1) > 32
    at = int(onset_s * 100)
    if at >= loud.size or not loud[max(0, at - 30) : at].any():
        return None
    quiet = next((i for i in range(at, loud.size) if not loud[i : i + 30].any()), loud.size)
    return (quiet - at) * 10.0


async def echo(app: App, replies: int = 20) -> Figures:
    """Jett's own voice through a simulated room into its own microphone: does it interrupt itself?"""
    settings = conversation_settings(app.settings)
    settings = replace(settings, system_prompt=LONG_ANSWERS)
    room = read_audio(_room())
    interrupted = answered = 0
    for clip in evenly(read_pack(data_folder() / "commands_barista"), replies):
        parts = with_echo_cancellation(app, app.parts.tts.rate_hz)
        path = EchoPath(room, rate_hz=app.parts.tts.rate_hz)
        seen = await converse(parts, settings, trimmed(app.parts.vad, clip.path), echo=path, enough_s=_TALKS_S)
        answered += len(seen.reports)
        interrupted += sum(r.reason == "interrupted" or bool(r.silences_s) for r in seen.reports) + len(seen.withdrawn)
    return {"echo_replies": answered, "echo_self_interruptions": interrupted}


async def idle(app: App, seconds: float = 30.0) -> Figures:
    """What it costs to listen to silence."""
    process = psutil.Process()
    settings = conversation_settings(app.settings)
    before, started_s = process.cpu_times(), time.perf_counter()
    await converse(app.parts, settings, silence(int(seconds * SAMPLE_RATE_HZ)))
    after, wall_s = process.cpu_times(), time.perf_counter() - started_s
    used_s = after.user + after.system - before.user - before.system
    return {
        "idle_cpu_percent": round(100 * used_s / wall_s, 2),
        "idle_memory_mib": round(process.memory_info().rss / 2**20),
    }
