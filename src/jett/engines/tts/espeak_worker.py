"""The process in which eSpeak NG speaks: text comes in on stdin, sound goes out on stdout, one JSON object a line.

As `phoneme_worker`, and for the same reason: eSpeak NG is GPL-3, so this process and Jett share only two pipes
(docs/decisions/phonemes-out-of-process.md). `espeak.py` starts it; it ends when stdin does.

    → {"id": 1, "voice": "en-us+f3", "words_a_minute": 160, "pitch": 50, "text": "Good morning"}
    ← {"id": 1, "rate_hz": 22050, "pcm": "<int16, little endian, base64>"}     or {"id": 1, "error": "..."}
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import signal
import sys
from typing import Any

import espeakng_loader

_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_BY_CHARACTER = 1
_RATE, _PITCH = 1, 3
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakVoices:
    """The shared library, made ready to speak."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate_hz < 0:
            raise OSError("eSpeak NG does not start with its own data")
        self._heard = bytearray()
        self._callback = _Callback(self._take)  # kept: the library holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, pcm: Any, count: int, _events: Any) -> int:
        if pcm and count > 0:
            self._heard += ctypes.string_at(pcm, 2 * count)
        return 0

    def speak(self, text: str, voice: str, words_a_minute: int, pitch: int) -> bytes:
        """int16 at `rate_hz`. Raises ValueError for a voice that is not there."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"eSpeak NG has no voice {voice!r}")
        self._library.espeak_SetParameter(_RATE, words_a_minute, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._library.espeak_ng_SetRandSeed(1)
        self._heard.clear()
        words = text.replace("\0", " ").encode("utf-8", "replace")
        self._library.espeak_Synth(words, len(words) + 1, 0, _BY_CHARACTER, 0, _CHARS_UTF8, None, None)
        return bytes(self._heard)


def answer(espeak: EspeakVoices, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request."""
    wanted = (request["text"], request["voice"], request["words_a_minute"], request["pitch"])
    try:
        pcm = espeak.speak(*wanted)
    except ValueError as error:
        return {"id": request["id"], "error": str(error)}
    return {"id": request["id"], "rate_hz": espeak.rate_hz, "pcm": base64.b64encode(pcm).decode()}


def main() -> None:
    """Serve until stdin ends. Ctrl-C in the terminal is the parent's to act on.

    Each request is answered by a copy of this process, where the system can make one: what eSpeak says depends a little
    on what it said before, and a training is to hear the same again.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    espeak = EspeakVoices()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not hasattr(os, "fork"):
            _tell(answer(espeak, request))
        elif (copy := os.fork()) == 0:
            _tell(answer(espeak, request))
            os._exit(0)
        elif (status := os.waitpid(copy, 0)[1]) != 0:
            _tell({"id": request["id"], "error": f"eSpeak NG ended ({status}) while it said {request['text']!r}"})


def _tell(found: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
