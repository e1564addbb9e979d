"""eSpeak NG's formant voices, from a process of their own: hundreds of throats and eight accents, almost for nothing.

No voice that anybody wants to be answered by, so no backend of `tts`: `app.training_voices` has it speak, so that a
wake word's head hears more kinds of people than the natural voices are.
"""

from __future__ import annotations

import base64
import queue
import sys
from typing import Any

import numpy as np

from jett.core.audio import Samples
from jett.core.errors import TextToSpeechError
from jett.engines.tts.worker_process import WorkerProcess

_WORDS_A_MINUTE = 165
_PATIENCE_S = 30.0
"""A sentence takes milliseconds; on a machine that trains and is busy otherwise, much more."""
WORKER = (sys.executable, "-m", "jett.engines.tts.espeak_worker")
ACCENTS = (
    *("en-us", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland"),
    *("gmw/en-GB-x-gbclan", "gmw/en-GB-x-gbcwmd", "gmw/en-029", "gmw/en-US-nyc"),
)
"""Of English."""
THROATS = (
    *("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"),
    *("Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Henrique", "Hugo", "Jacky", "Lee"),
    *("Marco", "Mario", "Michael", "Mike", "adam", "anika", "antonio", "aunty", "belinda", "benjamin", "boris"),
    *("caleb", "david", "ed", "edward", "grandma", "grandpa", "gustave", "ian", "john", "klatt", "klatt2", "klatt3"),
    *("linda", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro"),
    *("shelby", "steph", "travis", "victor", "zac"),
)
"""Variants that sound like people, more or less: none of the robots and none that whispers."""


class EspeakSpeech:
    """Speaks as any of the voices. One thread calls it."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._asked = 0

    def synthesize(self, text: str, voice: str, *, speed: float = 1.0, pitch: int = 50) -> tuple[Samples, int]:
        """(sound, rate in Hz) of `text`; `voice` as `en-us+f3`, `pitch` 0 to 99. Raises TextToSpeechError."""
        self._asked += 1
        request: dict[str, Any] = {"id": self._asked, "voice": voice, "text": text}
        request |= {"words_a_minute": round(_WORDS_A_MINUTE * speed), "pitch": pitch}
        try:
            if self._worker is None:
                self._worker = WorkerProcess(WORKER)
            answer = self._worker.ask(request, _PATIENCE_S)
        except (OSError, queue.Empty, ValueError) as error:
            self.close()
            raise TextToSpeechError(
                f"tts: the eSpeak process failed ({type(error).__name__}) within {_PATIENCE_S:.0f} s; run "
                "`jett doctor` to see whether espeakng-loader is installed"
            ) from error
        if "error" in answer:
            raise TextToSpeechError(f"tts: {answer['error']}; choose another voice")
        samples: Samples = np.frombuffer(base64.b64decode(answer["pcm"]), dtype="<i2").astype(np.int16)
        return samples, int(answer["rate_hz"])

    def close(self) -> None:
        """End the process; another starts when it is needed."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()
