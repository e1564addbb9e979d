"""The composition root: the only room that names concrete engines. Settings in, a conversation's parts out.

Called by the commands and by the benchmarks; decides nothing that a setting or a measurement does not say.
Imports in it go one way: `announcing, conversation → opening, startable → engines, needs → voices → card`. An engine is
imported when it is chosen, not before.
"""

from jett.app.card import missing_card
from jett.app.conversation import conversation_settings, with_echo_cancellation
from jett.app.engines import engine_names, load_llm, load_stt, load_turn_detector, load_vad
from jett.app.needs import needed_models, store
from jett.app.opening import App, open_app
from jett.app.startable import require_startable
from jett.app.voices import load_tts, voice_trouble

__all__ = [
    "App",
    "conversation_settings",
    "engine_names",
    "load_llm",
    "load_stt",
    "load_tts",
    "load_turn_detector",
    "load_vad",
    "missing_card",
    "needed_models",
    "open_app",
    "require_startable",
    "store",
    "voice_trouble",
    "with_echo_cancellation",
]
