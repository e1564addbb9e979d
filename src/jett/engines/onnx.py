"""ONNX Runtime sessions as a voice loop wants them: telemetry off, few threads, no spinning while idle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

# From 1.29 on the import itself writes a device id and reports to the maker; `disable_telemetry_events` is too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state

from jett.core.errors import ModelError

ort.disable_telemetry_events()
_ERRORS_ONLY = 3
_ONNX_CLASSES = [item for item in vars(onnxruntime_pybind11_state).values() if isinstance(item, type)]
ONNX_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    OSError,
    *(item for item in _ONNX_CLASSES if issubclass(item, Exception)),
)
"""ONNX Runtime raises a class of its own for each kind of failure, with no common base but Exception."""


def has_cuda() -> bool:
    """Can this build of ONNX Runtime use an NVIDIA card? The usual one cannot."""
    return "CUDAExecutionProvider" in ort.get_available_providers()


def session(
    model: Path | bytes, *, threads: int = 1, providers: Sequence[str] = ("CPUExecutionProvider",)
) -> ort.InferenceSession:
    """An inference session for a model: its file, or itself. Raises ModelError when it cannot be loaded."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # A spinning pool burns a core that the next stage of the turn needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if isinstance(model, Path) and not model.is_file():
        raise ModelError(f"engines: no model at '{model}'; run: jett models pull")
    try:
        return ort.InferenceSession(
            str(model) if isinstance(model, Path) else model, options, providers=list(providers)
        )
    except ONNX_ERRORS as error:
        which = f"'{model}'" if isinstance(model, Path) else "a model"
        raise ModelError(f"engines: ONNX Runtime cannot load {which} ({error}); run: jett models verify") from error
