"""What the graphics card says of its memory, through NVML. Not a plan; and without a driver or a card, nothing."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

HOW_TO_ASK = "to ask an NVIDIA card, in the clone's folder: pip install --require-hashes -r requirements/gpu.txt"


@dataclass(frozen=True, slots=True)
class Card:
    """One NVIDIA card; sizes in bytes."""

    name: str
    total_bytes: int
    used_bytes: int
    free_bytes: int


def find_card(index: int = 0) -> Card | None:
    """The card, or None when there is no NVIDIA driver, no such card, or nvidia-ml-py is not installed."""
    nvml = _nvml()
    if nvml is None:
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        name = nvml.nvmlDeviceGetName(handle)
        return Card(str(name), int(memory.total), int(memory.used), int(memory.free))
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()


def has_card() -> bool:
    """Is there an NVIDIA card to plan for?"""
    return find_card() is not None


def _nvml() -> ModuleType | None:
    try:
        import pynvml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    module: ModuleType = pynvml
    return module
