"""One sentence from the microphone, from when somebody begins to speak until they have been silent for a second."""

from __future__ import annotations

from contextlib import aclosing

import anyio
import numpy as np

from jett import app
from jett.audio.device_microphone import DeviceMicrophone
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import VoiceProfileError
from jett.core.ports import Microphone, VoiceActivityDetector
from jett.settings import Settings

_SPEECH = 0.5
_SILENCE_S = 1.0
_LONGEST_S = 15.0


def sentence_heard(settings: Settings) -> Samples:
    """Raises AudioError where the microphone cannot be used, VoiceProfileError where nobody speaks."""
    microphone = DeviceMicrophone(settings.audio.input or None, period_ms=settings.audio.block_ms)
    return anyio.run(one_sentence, microphone, app.load_vad(app.store(settings)))


async def one_sentence(microphone: Microphone, vad: VoiceActivityDetector) -> Samples:
    """Everything until a second of silence after the first speech, `_LONGEST_S` at most. Raises VoiceProfileError."""
    heard, left = [], silence(0)
    spoke, quiet_s = False, 0.0
    async with aclosing(microphone.chunks()) as chunks:
        async for chunk in chunks:
            heard.append(chunk)
            left = np.concatenate((left, chunk))
            while left.size >= vad.frame_samples:
                frame, left = left[: vad.frame_samples], left[vad.frame_samples :]
                speaks = vad.score(frame) >= _SPEECH
                spoke = spoke or speaks
                quiet_s = 0.0 if speaks else quiet_s + frame.size / SAMPLE_RATE_HZ
            if (spoke and quiet_s >= _SILENCE_S) or sum(part.size for part in heard) >= _LONGEST_S * SAMPLE_RATE_HZ:
                break
    if not spoke:
        raise VoiceProfileError(
            f"voice: nobody spoke within {_LONGEST_S:.0f} s, need a sentence; see whether `jett devices` marks the "
            "right microphone"
        )
    return np.concatenate(heard)
