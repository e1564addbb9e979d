"""Text to phonemes: asks the eSpeak NG worker process and keeps the punctuation, which eSpeak drops.

It is not a text normaliser (`turns.spoken_text` is) and knows no voice model: `piper` and `kokoro` turn phrases into
their own symbols. One thread calls one phonemizer, as with every engine.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from jett.core.errors import TextToSpeechError

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


class _Worker:
    """One running worker process, its pipes, and the thread that reads its answers."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(
            target=_read_lines, args=(self._process.stdout, self._answers), name="phoneme-answers", daemon=True
        ).start()
        self.pid = self._process.pid
        self.stop = weakref.finalize(self, _end, self._process)

    def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """The answer to `request`. Raises OSError, queue.Empty or ValueError if the worker died, hangs or babbles."""
        self._requests.write(json.dumps(request).encode() + b"\n")
        self._requests.flush()
        answer = json.loads(self._answers.get(timeout=timeout_s))
        if not isinstance(answer, dict) or answer.get("id") != request["id"]:
            raise ValueError("an answer to another request")
        return answer


def _read_lines(pipe: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(b"")  # not JSON: whoever waits learns that the worker is gone


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stdin's end is what a worker ends by; one that does not is killed."""
    try:
        if process.stdin is not None:
            process.stdin.close()
    except OSError:
        pass  # it is gone already, with unread bytes in the pipe
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Phonemizer:
    """Phonemes of one eSpeak NG voice, from a worker that is restarted when it fails."""

    def __init__(self, voice: str = "en-us", *, timeout_s: float = 3.0, command: Sequence[str] = WORKER) -> None:
        self._voice = voice
        self._timeout_s = timeout_s
        self._command = tuple(command)
        self._worker: _Worker | None = None
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
            self._worker = _Worker(self._command)
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
