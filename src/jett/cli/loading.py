"""The user's settings, and single engines for the commands that need no whole conversation. Which: `app` says."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import typer

from jett import app
from jett.cli.profile import PROFILE_OPTION
from jett.core.errors import ConfigError
from jett.core.ports import LanguageModel, TextToSpeech
from jett.models.vram_card import has_card
from jett.settings import Settings, config_path
from jett.settings.keys import CONFIG_VARIABLE, ENV_PREFIX
from jett.turns.clauses import ClauseSplitter
from jett.turns.spoken_text import spoken_text


def user_settings(**options: Any) -> Settings:
    """The settings in force; `options` by dotted name with `__` for the dot, None meaning not given."""
    overrides = {name.replace("__", "."): value for name, value in options.items()}
    return Settings.load(overrides={"profile": PROFILE_OPTION.get(), **overrides}, has_gpu=has_card())


def settings_or_defaults() -> tuple[Settings, ConfigError | None]:
    """The settings in force; where they have a mistake, that, and what can be had without the file or environment."""
    try:
        return user_settings(), None
    except ConfigError as error:
        wrong = error
    own = {name: value for name, value in os.environ.items() if name != CONFIG_VARIABLE}
    others = {name: value for name, value in own.items() if not name.startswith(ENV_PREFIX)}
    nothing, file = Path(os.devnull), config_path(os.environ)
    for path, env in ((nothing, own), (file, others), (nothing, others)):
        with suppress(ConfigError):
            return Settings.load(path, env, has_gpu=has_card()), wrong
    raise wrong


def progress(text: str) -> None:
    """One line on stderr, where no script looks for results."""
    typer.echo(text, err=True)


def warn(text: str) -> None:
    """One line on stderr about what was not as it should be, and did not stop the work."""
    progress(f"warning: {text}")


@asynccontextmanager
async def language_model(settings: Settings) -> AsyncGenerator[LanguageModel, None]:
    """The language model alone, closed at the end."""
    llm = await anyio.to_thread.run_sync(app.load_llm, settings, app.store(settings))
    try:
        yield llm
    finally:
        await llm.aclose()


@contextmanager
def voice(settings: Settings, *, quiet: bool = False) -> Iterator[tuple[TextToSpeech, str]]:
    """The voice alone, and why it is this one; closed at the end. What makes it slower is said unless `quiet`."""
    tts, reason = app.load_tts(settings, app.store(settings))
    try:
        if not quiet and (trouble := app.voice_trouble(settings, tts)):
            progress(trouble)
        yield tts, reason
    finally:
        if hasattr(tts, "close"):
            tts.close()


def spoken_clauses(settings: Settings, text: str) -> Iterator[str]:
    """`text` as the voice is given it in a conversation: clause by clause, numbers and names written out."""
    splitter = ClauseSplitter()
    say = partial(spoken_text, pronunciations=settings.tts.pronunciations)
    for clause in [*splitter.feed(text), *splitter.flush()]:
        if (spoken := say(clause)).strip():
            yield spoken
