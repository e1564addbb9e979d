"""What `jett doctor` looks at, one function a subject. Looks, never mends, and loads nothing larger than the voice."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
import psutil

import jett
from jett import app
from jett.app.wake import require_wake_words
from jett.app.wake_heads import FEATURES, head_place
from jett.audio.devices import Devices, choose, list_devices
from jett.cli.environment import QUIET
from jett.cli.loading import voice
from jett.core.errors import AudioError, ConfigError, JettError, ModelError
from jett.models.store import Store
from jett.models.vram_card import HOW_TO_ASK, find_card
from jett.settings import Settings, config_path

Part = Literal["everything", "live", ""]
"""What cannot work because of a finding: all of Jett, live talk, or nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; with `stops` it is a problem, with a `fix` alone a warning, and `fix` mends it."""

    subject: str
    name: str
    value: str
    stops: Part = ""
    fix: str = ""


_ENGINES = {
    "ctranslate2": "ctranslate2",
    "tokenizers": "tokenizers",
    "onnxruntime": "onnxruntime",
    "xllamacpp": "xllamacpp",
    "espeakng-loader": "espeakng_loader",
    "pywebrtc-audio": "pywebrtc_audio",
    "miniaudio": "miniaudio",
    "soundfile": "soundfile",
    "soxr": "soxr",
}
_FEATURES = ("AVX2", "FMA3", "AVX512F", "X86_V3", "X86_V4", "NEON", "ASIMD")


def machine(settings: Settings) -> Iterator[Finding]:
    """Jett, Python, the system, its processor and memory."""
    yield Finding("machine", "jett", f"{metadata.version('jett')} in {Path(jett.__file__).parent}")
    yield Finding("machine", "python", f"{platform.python_version()} at {sys.executable}")
    yield Finding("machine", "system", platform.platform())
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]  # type: ignore[index,call-overload,unused-ignore]
    fast = ", ".join(name for name in _FEATURES if any(name in feature for feature in found)) or "none of note"
    cores = f"{psutil.cpu_count(logical=False) or '?'} cores, {os.cpu_count()} threads"
    yield Finding("machine", "processor", f"{platform.machine()}, {cores}; {fast}")
    memory = psutil.virtual_memory()
    yield Finding("machine", "memory", f"{_gib(memory.total)}, {_gib(memory.available)} free")
    yield _disk(settings)


def _disk(settings: Settings) -> Finding:
    place = app.store(settings).root
    while not place.exists() and place != place.parent:
        place = place.parent
    return Finding("machine", "disk", f"{_gib(shutil.disk_usage(place).free)} free at {place}")


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB"


def engines() -> Iterator[Finding]:
    """The libraries that do the work, and whether they load."""
    for package, module in _ENGINES.items():
        try:
            version = metadata.version(package)
            importlib.import_module(module)
        except metadata.PackageNotFoundError:
            yield Finding("engines", package, "missing", "everything", f"pip install {package}, or `make run`")
        except (ImportError, OSError) as error:
            fix = "on Debian install libgomp1, on Fedora libgomp" if "gomp" in str(error) else "reinstall it"
            yield Finding("engines", package, f"{version} does not load ({error})", "everything", fix)
        else:
            yield Finding("engines", package, version)


def devices(settings: Settings) -> Iterator[Finding]:
    """Microphone, speaker and graphics card."""
    found = list_devices()
    yield Finding("devices", "sound system", found.backend or "none")
    yield _device("microphone", found, settings.audio.input)
    yield _device("speaker", found, settings.audio.output)
    card = find_card()
    if missing := app.missing_card(settings):
        what, _, fix = missing.partition("; ")
        yield Finding("devices", "graphics card", what, "everything", fix)
    elif card is None:
        yield Finding("devices", "graphics card", f"none found through NVML ({HOW_TO_ASK})")
    else:
        free = f"{_gib(card.total_bytes)}, {_gib(card.free_bytes)} free"
        yield Finding("devices", "graphics card", f"{card.name}, {free}")


def _device(word: Literal["microphone", "speaker"], found: Devices, name: str) -> Finding:
    direction: Literal["input", "output"] = "input" if word == "microphone" else "output"
    try:
        device = choose(found.inputs if direction == "input" else found.outputs, direction, name or None)
    except AudioError as error:
        what, _, fix = str(error).removeprefix("audio: ").partition("; ")
        return Finding("devices", word, what, "live", fix)
    return Finding("devices", word, device.name)


def mistakes(error: ConfigError) -> Iterator[Finding]:
    """What is wrong with the settings, each mistake a problem."""
    for line in str(error).splitlines():
        what, _, fix = line.removeprefix("settings: ").partition("; ")
        yield Finding("settings", "mistake", what, "everything", fix)


def choices(settings: Settings) -> Iterator[Finding]:
    """The settings file, the profile and why, the models it needs, and the voice."""
    path = config_path(os.environ)
    yield Finding("settings", "file", f"{path}{'' if path.is_file() else ' (not there, defaults hold)'}")
    yield Finding("settings", "profile", f"{settings.profile}: {settings.profile_reason}")
    models = app.store(settings)
    yield Finding("models", "store", str(models.root))
    needed = app.needed_models(settings)
    for model_id in needed:
        yield _model(models, model_id)
    yield from _wake(settings, models)
    yield from _servers(settings)
    yield _voice(settings)


def _wake(settings: Settings, models: Store) -> Iterator[Finding]:
    """Whether there are heads of the names that Jett is to wake by."""
    if not settings.wake.enabled:
        return
    name, words = "wake word", ", ".join(settings.wake.words)
    try:
        if models.has(FEATURES):  # what is missing is told by itself
            require_wake_words(settings, models)
        else:
            for word in settings.wake.words:
                head_place(word, models)
    except JettError as error:
        what, _, fix = str(error).partition("; ")
        yield Finding("models", name, what, "everything", fix)
    else:
        yield Finding("models", name, words or "none: it sleeps until its key is pressed")


def _model(models: Store, model_id: str) -> Finding:
    try:
        state = models.state(model_id)
    except ModelError as error:  # of no such name
        what, _, fix = str(error).removeprefix("models: ").partition("; ")
        return Finding("models", model_id, what, "everything", fix)
    if state == "ready":
        return Finding("models", model_id, "here")
    return Finding("models", model_id, state, "everything", f"jett models pull {model_id}")


def _voice(settings: Settings) -> Finding:
    try:
        with voice(settings, quiet=True) as (tts, reason):
            slower = app.voice_trouble(settings, tts).removeprefix("tts: ")
            told = f"{app.engine_names(settings, tts)['tts']}: {reason}"
            return Finding("models", "voice", f"{told} ({slower})" if slower else told)
    except JettError as error:
        what, _, fix = str(error).partition("; ")
        return Finding("models", "voice", what, "everything", fix)


def _servers(settings: Settings) -> Iterator[Finding]:
    """Whether somebody answers at the addresses that the settings name."""
    asked: list[tuple[str, str, Any]] = [
        ("language model server", "llm", settings.llm),
        ("speech-to-text server", "stt", settings.stt),
    ]
    for name, key, section in asked:
        if section.backend in ("embedded", "ctranslate2"):
            continue
        if not section.url:
            value = f"backend '{section.backend}' has no address"
            yield Finding("models", name, value, "everything", f"set {key}.url")
            continue
        url = urlsplit(section.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            socket.create_connection((url.hostname or "", port), timeout=1.0).close()
        except OSError as error:
            fix = "start it, or set its address in the settings file"
            yield Finding("models", name, f"nobody answers at {section.url} ({error})", "everything", fix)
        else:
            yield Finding("models", name, f"{section.url} accepts connections")


def privacy() -> Iterator[Finding]:
    """What each library would send, and how it is kept from it."""
    yield Finding("privacy", "onnxruntime", "telemetry events disabled before the first session")
    yield Finding("privacy", "llama.cpp", "has no telemetry; runs with its offline switch, on 127.0.0.1, behind a key")
    yield Finding("privacy", "all others", "have none; nothing is looked up by name")
    for variable, value in QUIET.items():
        yield Finding("privacy", variable, f"{os.environ.get(variable, 'unset')} (Jett sets {value})")
