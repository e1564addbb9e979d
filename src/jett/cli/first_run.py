"""The first run: fetch what is missing, see that the parts agree, and always end with a real spoken answer.

Used by `jett talk --first-run`, which is what `make run` starts.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from importlib import resources
from pathlib import Path

import anyio
import anyio.to_thread

from jett.app import App, needed_models, require_startable, store
from jett.audio.files import write_wav
from jett.audio.resample import resample
from jett.cli.pull_progress import fetch_missing
from jett.cli.talk_files import answer_file
from jett.cli.talk_live import check_devices
from jett.cli.views import View
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError, EngineError, JettError
from jett.core.ports import Message
from jett.settings import Settings

TEST_SENTENCE = "The quick brown fox jumps over the lazy dog."
ENOUGH_AGREEMENT = 0.7
_ANSWER_WITHIN_S = 60.0


def prepare(settings: Settings, *, quiet: bool) -> None:
    """Have every model that these settings need in the store. Raises ModelError, ConfigError."""
    require_startable(settings)
    fetch_missing(store(settings), needed_models(settings), quiet=quiet)


def no_devices(settings: Settings) -> str:
    """Why there can be no live conversation, with the fix, on one line; empty when there can."""
    try:
        check_devices(settings)
    except AudioError as error:
        return str(error)
    return ""


async def self_test(app: App, view: View) -> None:
    """The voice says a sentence, the ears understand it, the language model answers. Raises EngineError."""
    parts = app.parts
    sound = await anyio.to_thread.run_sync(parts.tts.synthesize, TEST_SENTENCE)
    heard = await anyio.to_thread.run_sync(parts.stt.transcribe, resample(sound, parts.tts.rate_hz, SAMPLE_RATE_HZ))
    share = agreement(TEST_SENTENCE, heard.text)
    if share < ENOUGH_AGREEMENT:
        raise EngineError(
            f"self-test: {share:.0%} of the words that Jett said were understood, need {ENOUGH_AGREEMENT:.0%}; "
            "run: jett models verify"
        )
    if not await _answer(app):
        raise EngineError("self-test: the language model gave no answer; run: jett doctor")
    view.note(f"self-test: voice and ears agree ({share:.0%} of the words), the language model answers")


async def _answer(app: App) -> str:
    """A few words from the language model."""
    messages = [Message("system", app.settings.llm.system_prompt), Message("user", "Say hello in one word.")]
    answer = ""
    with anyio.move_on_after(_ANSWER_WITHIN_S):
        async with aclosing(app.parts.llm.stream(messages)) as deltas:
            async for delta in deltas:
                answer += delta
                if answer.strip():
                    break
    return answer.strip()


async def answer_example(app: App, view: View) -> JettError | None:
    """Answer the example recording into reply.wav of the current folder; nobody calls Jett by a name in it."""
    await self_test(app, view)
    app = replace(app, parts=replace(app.parts, wake=None))
    question, reply = example(), Path("reply.wav")
    view.note(f"answering {question.name} into {reply} instead")
    view.listening_to(str(question))
    said: list[Samples] = []
    failures = await answer_file(app, question, view, said)
    write_wav(reply, said[0], app.parts.tts.rate_hz)
    view.note(f"the spoken answer is in {reply}, in this folder")
    return failures[0] if failures else None


def example() -> Path:
    """The example recording: of the checkout, or as installed. Raises AudioError."""
    package = Path(str(resources.files("jett")))
    for place in (package.parents[1] / "examples" / "question.wav", package / "question.wav"):
        if place.is_file():
            return place
    raise AudioError(f"audio: no example recording at {package / 'question.wav'}; give one: jett talk --input FILE")
