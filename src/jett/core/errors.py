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


class RequestRefused(LanguageModelError):
    """The language model's server answers, and says no to what it was sent."""


class NothingSaid(LanguageModelError):
    """The language model's answer has no word that could be spoken."""

    spoken = "My language model had nothing to say."


class SpeechToTextError(EngineError):
    """Speech could not be transcribed."""

    spoken = "I couldn't make out what you said."


class EmbeddingError(EngineError):
    """A sentence could not be placed among others."""

    spoken = "I can't search my memory right now."


class VoiceProfileError(JettError):
    """A voice cannot be enrolled as asked, or what is kept of the enrolled ones cannot be read."""

    spoken = "I can't tell voices apart right now."
    exit_code = 10


class TextToSpeechError(EngineError):
    """A clause could not be spoken."""

    spoken = "I've lost my voice for a moment."


class SessionsFull(JettError):
    """As many talk with Jett as may at once."""

    spoken = "I'm talking with too many people at once. Please try again in a moment."


class AlreadyRunning(JettError):
    """Another Jett owns the microphone of this user."""

    exit_code = 6


class NotRunning(JettError):
    """There is no Jett of this user that could do it: none talks, or the one that does never sleeps."""

    exit_code = 6


class GuardError(JettError):
    """The guard does not let something happen, or cannot decide."""

    spoken = "I can't do that."
    exit_code = 7


class RequestError(GuardError):
    """A request is not one that the guard understands; `rule` names what is wrong with it, for the record."""

    spoken = "I didn't understand what I should do."

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class PermitError(GuardError):
    """A permit is forged, used up, out of date, or not this guard's."""


class AuditError(GuardError):
    """The record cannot be written or read, so the operation does not happen."""

    spoken = "I can't write my record, so I won't do it."


class TokenError(GuardError):
    """The file of API tokens, or a token in it, cannot be used as asked."""

    spoken = "Something is wrong with my tokens."


class SessionError(JettError):
    """The file of browsers' sessions cannot be used as asked."""

    spoken = "Something is wrong with my list of browsers."


class PolicyError(ConfigError):
    """The policy file is missing a part, malformed or out of range."""

    spoken = "My policy has a mistake, so I won't touch the servers."


class HistoryError(JettError):
    """What was said cannot be kept, read or deleted; the conversation goes on without."""

    spoken = "I can't reach my history."


class OperationError(JettError):
    """A server did not do, or did not tell, what was asked. `unreachable`: nobody there answered at all."""

    spoken = "The server did not do that."
    exit_code = 8

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable
        if unreachable:
            self.spoken = "I can't reach the server right now."


class NotSetUp(OperationError):
    """No server was asked: the settings name none."""

    spoken = "My settings don't say where that server is."


class MemoryUnavailable(JettError):
    """What was remembered cannot be read or written now: another Jett has the folder, or the server does not answer."""

    spoken = "I can't reach my memory right now."
    exit_code = 9


class MemoryInUse(MemoryUnavailable):
    """Another Jett has the folder of what is remembered: it can be read beside it, and changed by that one only."""


class SecretRefused(JettError):
    """What should be remembered holds a password or a key."""

    spoken = "That sounds like a password or a key, so I won't keep it."
    exit_code = 9


class MemoryFull(JettError):
    """No more can be remembered."""

    spoken = "My memory is full. Please forget something first."
    exit_code = 9


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
