"""What the libraries under Jett are told through the environment before any of them is imported."""

from __future__ import annotations

from collections.abc import MutableMapping

QUIET: dict[str, str] = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""Telemetry off and no look-ups by name. ONNX Runtime from 1.29 on keeps a device id and reports to its maker from the
moment it is imported, hence its variable, which `engines.onnx` sets too; llama.cpp has its own `offline` switch."""


def keep_to_ourselves(environment: MutableMapping[str, str]) -> None:
    """Set `QUIET`; what the user has set stays."""
    for name, value in QUIET.items():
        environment.setdefault(name, value)
