"""The process in which eSpeak NG runs: text comes in on stdin, phonemes go out on stdout, one JSON object a line.

eSpeak NG is GPL-3, so its library is loaded here and nowhere else: this process and Jett share only two pipes
(docs/decisions/phonemes-out-of-process.md). `phonemes.py` starts it, as `python -m jett.engines.tts.phoneme_worker`,
and it ends when stdin does.

    → {"id": 1, "voice": "en-us", "texts": ["Good morning"]}
    ← {"id": 1, "phonemes": ["ɡˈʊd mˈɔːɹnɪŋ"]}     or {"id": 1, "error": "..."}

Phonemes are IPA with stress; `^` ties the letters of one sound, as in `t^ʃ`.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from typing import Any

import espeakng_loader

_AUDIO_RETRIEVAL = 1
_CHARS_UTF8 = 1
_IPA_TIED = 0x02 | 0x80 | (ord("^") << 8)


class Espeak:
    """The shared library, ready for one voice at a time."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._to_phonemes = self._library.espeak_TextToPhonemes
        self._to_phonemes.restype = ctypes.c_char_p
        self._to_phonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        self._voice = ""
        if self._library.espeak_Initialize(_AUDIO_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0) < 0:
            raise OSError("eSpeak NG does not start with its own data")

    def phonemes(self, text: str, voice: str) -> str:
        """The sounds of `text`, which eSpeak takes one clause at a time."""
        if voice != self._voice:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise ValueError(f"eSpeak NG has no voice {voice!r}")
            self._voice = voice
        buffer = ctypes.create_string_buffer(text.replace("\0", " ").encode("utf-8", "replace"))
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        sounds: list[str] = []
        while at.value:
            clause: bytes | None = self._to_phonemes(ctypes.byref(at), _CHARS_UTF8, _IPA_TIED)
            sounds.append((clause or b"").decode("utf-8", "replace").strip())
        return " ".join(sound for sound in sounds if sound)


def answer(espeak: Espeak, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request."""
    try:
        phonemes = [espeak.phonemes(text, request["voice"]) for text in request["texts"]]
    except ValueError as error:
        return {"id": request["id"], "error": str(error)}
    return {"id": request["id"], "phonemes": phonemes}


def main() -> None:
    """Serve until stdin ends. Ctrl-C in the terminal is the parent's to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    espeak = Espeak()
    for line in sys.stdin.buffer:
        reply = answer(espeak, json.loads(line))
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
