"""Phonemes from the worker process, and what happens when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from jett.core.errors import TextToSpeechError
from jett.engines.tts.phonemes import WORKER, Phonemizer, Phrase, split_at_marks

BABBLER = (sys.executable, "-c", "import sys\nfor line in sys.stdin: print('no json', flush=True)")
MUTE = (sys.executable, "-c", "import sys\nfor line in sys.stdin: pass")
GONE = (sys.executable, "-c", "pass")


@pytest.fixture(scope="module")
def phonemizer() -> Iterator[Phonemizer]:
    phonemizer = Phonemizer()
    yield phonemizer
    phonemizer.close()


MARKS = [
    ("Sure.", [("Sure", ".")]),
    ("Well, yes; no: fine!", [("Well", ","), ("yes", ";"), ("no", ":"), ("fine", "!")]),
    ("What?! Really...", [("What", "?"), ("Really", "…")]),
    ('He said "stop." Then', [("He said stop", "."), ("Then", "")]),
    ("It works (mostly). Good", [("It works", ","), ("mostly", "."), ("Good", "")]),
    ("one — two - three", [("one", "—"), ("two", "—"), ("three", "")]),
    ("3.14 at 10:30", [("3.14 at 10:30", "")]),
    ("twenty-one", [("twenty-one", "")]),
    ("... , !", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "pieces"), MARKS)
def test_punctuation_is_kept(text: str, pieces: list[tuple[str, str]]) -> None:
    assert split_at_marks(text) == pieces


def test_words_become_phonemes_with_ties(phonemizer: Phonemizer) -> None:
    assert phonemizer.phrases("Church, judge.") == (Phrase("t^ʃˈɜːt^ʃ", ","), Phrase("d^ʒˈʌd^ʒ", "."))


@pytest.mark.parametrize("text", ["", "...", "\0", "\ud800", "\n\n", "😀", "漢字", "x" * 30_000, "a. " * 2000])
def test_odd_text_is_survived(phonemizer: Phonemizer, text: str) -> None:
    phonemizer.phrases(text)
    assert phonemizer.phrases("Sure.")
    assert phonemizer.restarts == 0


def test_what_was_asked_before_is_remembered() -> None:
    phonemizer = Phonemizer()
    before = phonemizer.phrases("Good morning, Anna.")
    phonemizer.close()
    assert phonemizer.phrases("Good morning, Anna.") == before
    assert phonemizer.worker_pid is None


def test_a_worker_that_died_is_replaced(phonemizer: Phonemizer) -> None:
    phonemizer.phrases("First.")
    worker = psutil.Process(phonemizer.worker_pid)
    worker.kill()
    worker.wait()
    assert phonemizer.phrases("Second.")[0].mark == "."
    assert phonemizer.restarts == 1


@pytest.mark.parametrize(
    "command", [BABBLER, MUTE, GONE, ("/nonexistent/program",)], ids=["babbles", "mute", "gone", "absent"]
)
def test_a_worker_that_fails_twice_is_an_error(command: tuple[str, ...]) -> None:
    phonemizer = Phonemizer(command=command, timeout_s=0.3)
    with pytest.raises(TextToSpeechError, match="phoneme worker failed twice"):
        phonemizer.phrases("Hello.")
    phonemizer.close()


def test_an_unknown_voice_is_an_error_that_names_it() -> None:
    phonemizer = Phonemizer("klingon-x")
    with pytest.raises(TextToSpeechError, match="klingon-x"):
        phonemizer.phrases("Hello.")
    phonemizer.close()


def test_the_worker_ends_when_its_input_does() -> None:
    request = json.dumps({"id": 1, "voice": "en-us", "texts": ["yes"]}) + "\n"
    ended = subprocess.run(WORKER, input=request.encode(), capture_output=True, check=True, timeout=30)
    assert json.loads(ended.stdout) == {"id": 1, "phonemes": ["jˈɛs"]}


def test_the_gpl_library_stays_out_of_this_process() -> None:
    check = (
        "import sys, jett.engines.tts.phonemes as p, jett.engines.tts.piper, jett.engines.tts.kokoro\n"
        "x = p.Phonemizer(); assert x.phrases('Yes.'); x.close()\n"
        "sys.exit('espeakng_loader' in sys.modules or 'ctypes.espeak' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)
