"""`deploy/ray/speech.py` for real: two replicas of each engine, and Jett's own remote engines as the clients."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

import ray
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.engines.stt.openai_audio import OpenAISpeechToText
from jett.engines.tts.openai_speech import OpenAITextToSpeech
from ray import serve

ROOT = Path(__file__).parents[2]
QUESTION = ROOT / "examples" / "question.wav"
SAID = "what is the capital of france"
MOST_ROUNDS = 40


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    ray.init(num_cpus=4, include_dashboard=False, _temp_dir=str(tmp_path_factory.mktemp("ray")))
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    from deploy.ray.speech import app

    serve.run(app, route_prefix="/")
    yield f"http://127.0.0.1:{port}/v1"
    serve.shutdown()
    ray.shutdown()


@pytest.fixture
def question() -> Samples:
    return read_audio(QUESTION)


def replicas(url: str) -> set[int]:
    """The processes that listen; asked until both have answered."""
    ears = serve.get_deployment_handle("Ears", "default")
    found: set[int] = set()
    for _ in range(MOST_ROUNDS):
        found |= {each.result() for each in [ears.who.remote() for _ in range(8)]}
        if len(found) == 2:
            break
    return found


def test_two_replicas_of_the_ears_share_the_work(url: str) -> None:
    assert len(replicas(url)) == 2


def test_jetts_remote_ears_and_voice_understand_each_other(url: str) -> None:
    tts, stt = OpenAITextToSpeech(url, "", ""), OpenAISpeechToText(url, "")
    sound = tts.synthesize("The quick brown fox jumps over the lazy dog.")
    heard = stt.transcribe(resample(sound, tts.rate_hz, SAMPLE_RATE_HZ))
    assert agreement("the quick brown fox jumps over the lazy dog", heard.text) >= 0.6
    tts.close()
    stt.close()


def test_clips_that_come_together_are_each_understood(url: str, question: Samples) -> None:
    def ask(_: int) -> str:
        stt = OpenAISpeechToText(url, "")
        try:
            return stt.transcribe(question).text
        finally:
            stt.close()

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(ask, range(16)))
    assert [text for text in texts if agreement(SAID, text) < 0.9] == []


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/audio/transcriptions", {"files": {"file": ("x.wav", b"no sound")}}, 400),
        ("/audio/transcriptions", {}, 422),
        ("/audio/speech", {"json": {"input": ""}}, 422),
        ("/audio/speech", {"json": {"input": "Hello.", "response_format": "mp3"}}, 400),
    ],
)
def test_what_cannot_be_done_is_refused(url: str, path: str, sent: dict[str, object], status: int) -> None:
    assert httpx.post(f"{url}{path}", **sent, timeout=30, trust_env=False).status_code == status  # type: ignore[arg-type]


def test_a_replica_that_is_killed_is_replaced_and_the_other_answers_meanwhile(url: str, question: Samples) -> None:
    before = replicas(url)
    psutil.Process(before.pop()).kill()
    stt = OpenAISpeechToText(url, "", timeout_s=60)
    now: set[int] = set()
    for _ in range(MOST_ROUNDS):
        assert agreement(SAID, stt.transcribe(question).text) >= 0.9
        if len(now := replicas(url)) == 2:
            break
    assert len(now) == 2
    assert now != before
    stt.close()
