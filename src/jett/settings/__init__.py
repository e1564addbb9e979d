"""Jett's settings: one TOML file and the environment over a profile's defaults, checked before anything starts.

It is not a store: nothing is written back. Called by `app` and `cli`; the rooms below receive plain values.
"""

from __future__ import annotations

from jett.settings.load import Origin, Settings, config_path
from jett.settings.schema import (
    Audio,
    LanguageModel,
    Models,
    Privacy,
    Profile,
    SpeechToText,
    TextToSpeech,
    Turn,
    Ui,
    VoiceActivity,
    Vram,
)

__all__ = [
    "Audio",
    "LanguageModel",
    "Models",
    "Origin",
    "Privacy",
    "Profile",
    "Settings",
    "SpeechToText",
    "TextToSpeech",
    "Turn",
    "Ui",
    "VoiceActivity",
    "Vram",
    "config_path",
]
