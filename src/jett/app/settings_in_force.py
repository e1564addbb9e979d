"""Settings that count at once when the dashboard changes them: how conversations go. The rest counts at the next start.

What an engine was loaded with stays as it is; what only a conversation reads is put to use here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from jett.app.seats import seat_settings
from jett.app.settings_editor import Applier
from jett.session.conversation import Conversation
from jett.session.parts import ConversationSettings
from jett.settings import Settings

_OF_TURNS = ("turn", "vad")
_OF_NEW_CONVERSATIONS = ("llm.system_prompt", "stt.partials")


class SettingsInForce:
    """Those of conversations over the network, and the local conversation that is told of them."""

    def __init__(self, conversation: ConversationSettings, settings: Settings) -> None:
        self._conversation = conversation
        self._settings = settings
        self._local: Conversation | None = None

    def conversation(self) -> ConversationSettings:
        """As they are now, for a conversation that begins."""
        return self._conversation

    @contextmanager
    def told_to(self, local: Conversation) -> Iterator[None]:
        """While the block lasts, the local conversation goes by new thresholds from the next frame on."""
        self._local = local
        try:
            yield
        finally:
            self._local = None

    def appliers(self) -> Mapping[str, Applier]:
        """By key, for the settings' editor."""
        keys = [
            f"{section}.{key}" for section in _OF_TURNS for key in type(getattr(self._settings, section)).model_fields
        ]
        apply: Callable[[Settings], None] = self._apply
        return dict.fromkeys([*keys, *_OF_NEW_CONVERSATIONS], apply)

    def _apply(self, settings: Settings) -> None:
        self._conversation = seat_settings(settings)
        if self._local is not None:
            self._local.configure(self._conversation.turns)
