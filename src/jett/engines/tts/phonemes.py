"""Text to phonemes: asks the eSpeak NG worker process and keeps the punctuation, which eSpeak drops.

It is not a text normaliser (`turns.spoken_text` is) and knows no voice model: `piper` and `kokoro` turn phrases into
their own symbols. One thread calls one phonemizer, as with every engine.
"""

from __future__ import annotations

import queue
import re
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from jett.core.errors import TextToSpeechError
from jett.engines.tts.worker_process import WorkerProcess

CACHED_PHRASES = 1_000
MAX_TEXT_CHARS = 20_000
WORKER = (sys.executable, "-m", "jett.engines.tts.phoneme_worker")

_MARK = re.compile(r"[.,;:!?…]+(?=[\s'’)\]]|$)|\s+[-–]\s+|\s*[—()\[\]{}]\s*")
_NO_QUOTES = str.maketrans(dict.fromkeys('"“”„«»', " "))
_SENTENCE_MARKS = frozenset(".!?…")
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said between two punctuation marks."""

    phonemes: str
    """IPA with stress marks; `^` ties the letters of one sound."""
    mark: str
    """What ends it: one of `. ! ? , ; : … —`, or nothing."""

    @property
    def ends_sentence(self) -> bool:
        return self.mark in _SENTENCE_MARKS


class Phonemizer:
    """Phonemes of one eSpeak NG voice, from a worker that is restarted when it fails."""

    def __init__(self, voice: str = "en-us", *, timeout_s: float = 3.0, command: Sequence[str] = WORKER) -> None:
        self._voice = voice
        self._timeout_s = timeout_s
        self._command = tuple(command)
        self._worker: WorkerProcess | None = None
        self._n_asked = 0
        self._cache: OrderedDict[str, str] = OrderedDict()
        self.restarts = 0
        """How often the worker had to be started again."""

    def phrases(self, text: str) -> tuple[Phrase, ...]:
        """What is said in `text`, phrase by phrase; nothing for text without sound. Raises TextToSpeechError."""
        parts = split_at_marks(text[:MAX_TEXT_CHARS])
        missing = list(dict.fromkeys(words for words, _ in parts if words not in self._cache))
        found = dict(zip(missing, self._ask(missing), strict=True)) if missing else {}
        self._cache.update(found)
        phrases = tuple(Phrase(self._remembered(words), mark) for words, mark in parts)
        while len(self._cache) > CACHED_PHRASES:
            self._cache.popitem(last=False)
        return tuple(phrase for phrase in phrases if phrase.phonemes)

    def _remembered(self, words: str) -> str:
        self._cache.move_to_end(words)
        return self._cache[words]

    def _ask(self, texts: list[str]) -> list[str]:
        for attempt in (1, 2):
            try:
                return self._ask_once(texts)
            except (OSError, queue.Empty, ValueError) as error:
                self.close()
                if attempt == 2:
                    raise TextToSpeechError(
                        f"tts: the phoneme worker failed twice ({type(error).__name__}) within {self._timeout_s} s; "
                        "run `jett doctor` to see whether espeakng-loader is installed"
                    ) from error
                self.restarts += 1
        raise AssertionError("unreachable")

    def _ask_once(self, texts: list[str]) -> list[str]:
        if self._worker is None:
            self._worker = WorkerProcess(self._command)
        self._n_asked += 1
        request = {"id": self._n_asked, "voice": self._voice, "texts": texts}
        answer = self._worker.ask(request, self._timeout_s)
        if "error" in answer:
            raise TextToSpeechError(f"tts: {answer['error']}; choose another voice")
        sounds = [_LANGUAGE_SWITCH.sub("", str(item)) for item in answer["phonemes"]]
        if len(sounds) != len(texts):
            raise ValueError("too few answers")
        return sounds

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id; None while none runs."""
        return self._worker.pid if self._worker else None

    def close(self) -> None:
        """End the worker; another starts when it is needed."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()


def split_at_marks(text: str) -> list[tuple[str, str]]:
    """(words, mark that ends them) for each piece of `text` that has words; the strongest of several marks counts."""
    pieces: list[tuple[str, str]] = []
    unquoted = text.translate(_NO_QUOTES)
    at = 0
    for match in [*_MARK.finditer(unquoted), None]:
        words = _clean(unquoted[at : match.start() if match else None])
        mark = _mark(match.group()) if match else ""
        at = match.end() if match else at
        if words:
            pieces.append((words, mark))
        elif pieces and mark in _SENTENCE_MARKS and pieces[-1][1] not in _SENTENCE_MARKS:
            pieces[-1] = (pieces[-1][0], mark)
    return pieces


def _clean(words: str) -> str:
    stripped = " ".join(words.split())
    return stripped if any(char.isalnum() for char in stripped) else ""


def _mark(found: str) -> str:
    """The one mark that a run of them amounts to."""
    for mark in "?!":
        if mark in found:
            return mark
    if "…" in found or ".." in found:
        return "…"
    if "—" in found or "–" in found or "-" in found:
        return "—"
    bare = found.strip()
    return "," if bare[0] in "()[]{}" else bare[0]
