"""What the graphics card is asked to do: whether it is there, what runs on it, and whether all of that fits.

The arithmetic is `models.vram`'s. Called by `engines`, `voices` and `opening`, before anything is loaded.
"""

from __future__ import annotations

from jett.core.errors import ConfigError
from jett.models.store import Store
from jett.models.vram_card import find_card
from jett.settings import Settings
from jett.settings.vram import fitted


def fit_to_card(settings: Settings, models: Store) -> tuple[Settings, tuple[str, ...]]:
    """Plan the card's memory before anything is loaded; without a card there is nothing to plan. Raises OutOfMemory."""
    if settings.profile == "cpu":
        return settings, ()
    card = find_card()
    card_bytes = int(settings.vram.card_gib * 2**30) or (card.total_bytes if card else 0)
    if not card_bytes:
        return settings, ()
    gguf = models.file(settings.llm.model) if settings.llm.backend == "embedded" else None
    fitting, given_up = fitted(settings, card_bytes, gguf)
    return fitting, tuple(f"vram: {reason}" for reason in given_up)


def missing_card(settings: Settings) -> str:
    """What is wrong where speech-to-text is to run on a card that CTranslate2 cannot see; empty where it can."""
    if settings.stt.backend != "ctranslate2" or settings.stt.device != "cuda":
        return ""
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        return ""
    other = "use --profile cpu, or " if settings.profile == "gpu-8gb" else ""
    return (
        f"stt: device 'cuda' (profile {settings.profile}), but no NVIDIA card with a driver is found here, need one; "
        f'{other}set stt.device = "cpu"'
    )


def require_card(settings: Settings) -> None:
    """Raises ConfigError where the settings ask for a card that is not there."""
    if missing := missing_card(settings):
        raise ConfigError(missing)


def stt_device(settings: Settings) -> str:
    """`auto` is the GPU where the profile has one and CTranslate2 sees it."""
    if settings.stt.device != "auto":
        return settings.stt.device
    import ctranslate2

    return "cuda" if settings.profile == "gpu-8gb" and ctranslate2.get_cuda_device_count() > 0 else "cpu"


def compute_type(named: str, device: str) -> str:
    """`auto` is the smallest that the device computes well."""
    if named != "auto":
        return named
    return "int8_float16" if device == "cuda" else "int8"


def onnx_providers(device: str) -> tuple[str, ...]:
    """Where ONNX Runtime may compute, best first; the card only where the one that is installed can use it."""
    from jett.engines.onnx import has_cuda

    both = ("CUDAExecutionProvider", "CPUExecutionProvider")
    return both if device == "cuda" and has_cuda() else ("CPUExecutionProvider",)
