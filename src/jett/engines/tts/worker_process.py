"""A process that eSpeak NG is kept in: questions in, answers out, and never waited for without end.

Why apart: docs/decisions/phonemes-out-of-process.md. Used by `phonemes` and `espeak`.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import weakref
from collections.abc import Sequence
from typing import IO, Any


class WorkerProcess:
    """One that runs, its pipes, and the thread that reads its answers. Lines of JSON, one answer a request."""

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
            target=_read_lines, args=(self._process.stdout, self._answers), name="worker-answers", daemon=True
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
