"""Whether Jett would start with these settings, as far as that is known before anything is fetched or loaded: which
models and voices there are, and what goes together. `first_run` raises the first mistake, the settings' editor refuses
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jett.app.card import require_card
from jett.app.engines import require_language
from jett.app.needs import require_known_models, store
from jett.app.voices import require_voice
from jett.app.wake import require_wake_words
from jett.core.errors import JettError
from jett.models.store import Store
from jett.settings import Settings

_Check = Callable[[Settings, Store], None]
_CHECKS: tuple[_Check, ...] = (
    lambda settings, _: require_card(settings),
    require_known_models,
    lambda settings, _: require_language(settings),
    require_voice,
)


def require_startable(settings: Settings) -> None:
    """Raises ConfigError, ModelError: what a start would raise."""
    for error in mistakes(settings):
        raise error


def mistakes_to_save(settings: Settings) -> Iterator[JettError]:
    """What a browser may not save: those of a start, and wake words that do not load here as they are."""
    yield from mistakes(settings)
    yield from _found(settings, (require_wake_words,))


def mistakes(settings: Settings) -> Iterator[JettError]:
    """The first of each kind, such as of models."""
    yield from _found(settings, _CHECKS)


def _found(settings: Settings, checks: tuple[_Check, ...]) -> Iterator[JettError]:
    models = store(settings)
    for check in checks:
        try:
            check(settings, models)
        except JettError as error:
            yield error
