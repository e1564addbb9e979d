"""The errors Jett raises on purpose. Each message says what, the value, the limit and the fix.

`spoken` is the short sentence a listening person hears; it never carries what was said, a prompt or an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class JettError(Exception):
    """Base of everything Jett raises on purpose; the text is for the terminal, `spoken` for the ear."""

    spoken = "Something went wrong. Please try again."
    exit_code = 1


class ConfigError(JettError):
    """A setting is unknown, malformed or out of range."""

    spoken = "My settings have a mistake."
    exit_code = 2


class AudioError(JettError):
    """A device or an audio file cannot be used as asked."""

    spoken = "I have trouble with the sound."
    exit_code = 3


class ModelError(JettError):
    """A model is missing, damaged, or does not fit."""

    spoken = "One of my models is missing."
    exit_code = 4


class ModelMissing(ModelError):
    """The model is not in the store."""


class DigestMismatch(ModelError):
    """A fetched or stored file is not the one the manifest names."""


class StoreFull(ModelError):
    """The disk cannot hold the model."""


class OutOfMemory(ModelError):
    """A plan does not fit the card, or the engine ran out of memory."""

    spoken = "I have run out of memory."


class EngineError(JettError):
    """An engine failed while it worked."""

    spoken = "One of my parts failed. Please try again."
    exit_code = 5


class LanguageModelError(EngineError):
    """The language model's server is down, hangs, or answers what cannot be understood."""

    spoken = "I can't reach my language model right now."


class NothingSaid(LanguageModelError):
    """The language model's answer has no word that could be spoken."""

    spoken = "My language model had nothing to say."


class SpeechToTextError(EngineError):
    """Speech could not be transcribed."""

    spoken = "I couldn't make out what you said."


class TextToSpeechError(EngineError):
    """A clause could not be spoken."""

    spoken = "I've lost my voice for a moment."


class AlreadyRunning(JettError):
    """Another Jett owns the microphone of this user."""

    exit_code = 6


def first_failure(error: BaseException) -> BaseException:
    """The first failure inside groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def ungrouped() -> Iterator[None]:
    """Task groups raise groups; whoever reads a message wants the first failure in them."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise first_failure(group) from None
