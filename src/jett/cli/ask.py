"""`jett ask`: one question in writing to the language model, the answer written and, if wanted, spoken into a file."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import anyio
import typer

from jett import app
from jett.audio.files import check_wav_target
from jett.cli.loading import language_model, progress, user_settings, voice
from jett.cli.say import speak_into
from jett.core.clock import MonotonicClock
from jett.core.errors import ConfigError
from jett.core.ports import LanguageModel, Message
from jett.guard import redact
from jett.session.redacted import Pieces
from jett.settings import Settings

EPILOG = (
    'Examples: jett ask "Why is the sky blue?"  ·  jett ask "Good morning" --speak reply.wav  ·  '
    "jett ask - --json < question.txt"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said and how long it took, from the request."""

    text: str
    first_token_ms: float
    total_ms: float


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.", metavar="QUESTION")],
    speak: Annotated[
        Path | None, typer.Option(help="Speak the answer into this WAV file, too.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object when the answer is complete.")] = False,
) -> None:
    """Ask the language model one question; the answer appears as it is made.

    --json gives question, reply, ttft_ms, total_ms, engines and, with --speak, file and seconds.
    """
    question = written(question)
    settings = user_settings()
    if speak is not None:
        check_wav_target(speak)
    answer = anyio.run(_answer, settings, question, not as_json)
    row: dict[str, object] = {
        "question": redact(question),
        "reply": answer.text,
        "ttft_ms": round(answer.first_token_ms, 1),
        "total_ms": round(answer.total_ms, 1),
        "engines": {"llm": f"{settings.llm.backend}/{settings.llm.model}"},
    }
    if speak is not None:
        with voice(settings) as (tts, _):
            row |= {"file": str(speak), "seconds": speak_into(speak, settings, tts, answer.text)}
            row["engines"] = {
                "llm": f"{settings.llm.backend}/{settings.llm.model}",
                "tts": app.engine_names(settings, tts)["tts"],
            }
        progress(f"the spoken answer is in {speak}")
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False))


def written(text: str) -> str:
    """`text`, or standard input where it is -. Raises ConfigError when there is nothing in it, or it is not UTF-8."""
    try:
        text = sys.stdin.read() if text == "-" else text
        text.encode()  # Python lets bytes that are no text pass as lone surrogates
    except UnicodeError as error:
        raise ConfigError("jett: the text is not UTF-8; convert it first: iconv -f LATIN1 -t UTF-8") from error
    if not text.strip():
        raise ConfigError("jett: the text is empty, need at least one word; write it in quotes after the command")
    return text.strip()


async def _answer(settings: Settings, question: str, show: bool) -> Answer:
    async with language_model(settings) as llm:
        messages = [Message("system", settings.llm.system_prompt), Message("user", question)]
        answer = await _streamed(llm, messages, show)
    if show:
        typer.echo()
    return answer


async def _streamed(llm: LanguageModel, messages: list[Message], show: bool) -> Answer:
    clock = MonotonicClock()
    start_s, first_s, text = clock.now_s(), None, ""
    async with aclosing(llm.stream(messages)) as deltas:
        async for words in _words(deltas):
            first_s = clock.now_s() if first_s is None else first_s
            text += words
            if show:
                typer.echo(words, nl=False)
                sys.stdout.flush()
    end_s = clock.now_s()
    return Answer(text.strip(), 1000 * ((first_s or end_s) - start_s), 1000 * (end_s - start_s))


async def _words(deltas: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """Whole words, since half a secret is not known for one, and without secrets. Yields on the first delta, too."""
    pieces, held = Pieces(redact), ""
    async for delta in deltas:
        held += delta
        end = max(held.rfind(" "), held.rfind("\n")) + 1
        yield pieces.next(held[:end]) if end else ""
        held = held[end:]
    if held:
        yield pieces.next(held)
