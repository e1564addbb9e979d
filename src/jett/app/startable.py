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
from jett.core.errors import JettError
from jett.models.store import Store
from jett.settings import Settings

_CHECKS: tuple[Callable[[Settings, Store], None], ...] = (
    lambda settings, _: require_card(settings),
    require_known_models,
    lambda settings, _: require_language(settings),
    require_voice,
)


def require_startable(settings: Settings) -> None:
    """Raises ConfigError, ModelError: what a start would raise."""
    for error in mistakes(settings):
        raise error


def mistakes(settings: Settings) -> Iterator[JettError]:
    """The first of each kind, such as of models."""
    models = store(settings)
    for check in _CHECKS:
        try:
            check(settings, models)
        except JettError as error:
            yield error
