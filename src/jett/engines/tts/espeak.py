"""eSpeak NG's formant voices, from a process of their own: hundreds of throats and eight accents, almost for nothing.

No voice that anybody wants to be answered by, so no backend of `tts`: `app.training_voices` has it speak, so that a
wake word's head hears more kinds of people than the natural voices are.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from jett.core.audio import Samples
from jett.core.errors import TextToSpeechError

_WORDS_A_MINUTE = 165
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
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def synthesize(self, text: str, voice: str, *, speed: float = 1.0, pitch: int = 50) -> tuple[Samples, int]:
        """(sound, rate in Hz) of `text`; `voice` as `en-us+f3`, `pitch` 0 to 99. Raises TextToSpeechError."""
        self._asked += 1
        request: dict[str, Any] = {"id": self._asked, "voice": voice, "text": text}
        request |= {"words_a_minute": round(_WORDS_A_MINUTE * speed), "pitch": pitch}
        try:
            answer = json.loads(self._ask(json.dumps(request).encode() + b"\n"))
        except (OSError, ValueError) as error:
            self.close()
            raise TextToSpeechError(
                f"tts: the eSpeak process failed ({type(error).__name__}); run `jett doctor` to see whether "
                "espeakng-loader is installed"
            ) from error
        if "error" in answer:
            raise TextToSpeechError(f"tts: {answer['error']}; choose another voice")
        samples: Samples = np.frombuffer(base64.b64decode(answer["pcm"]), dtype="<i2").astype(np.int16)
        return samples, int(answer["rate_hz"])

    def _ask(self, line: bytes) -> bytes:
        if self._process is None:
            self._process = subprocess.Popen(
                WORKER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End the process; another starts when it is needed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it holds nothing that could be lost
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # unread bytes in the pipe of a process that is gone
                    pipe.close()
        process.wait()
