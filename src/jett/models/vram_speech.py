"""How much of a graphics card speech-to-text, text-to-speech and everything else takes; beside `vram_sizes`.

Four numbers could not be derived and are calibrated against the owner's table for an RTX 3070 (docs/vram-budget.md):
CALIBRATED_STT_SCRATCH, CALIBRATED_LIVE_TENSORS, CALIBRATED_CONTEXT and CALIBRATED_DESKTOP. None was measured by Jett
on a card yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jett.models.vram_sizes import MIB, Part, Share

ComputeType = Literal["int8", "int8_float16", "int8_float32", "float16", "float32"]

CALIBRATED_STT_SCRATCH = 136 * MIB
"""cuBLAS and cuDNN scratch and what CTranslate2's caching allocator keeps. Depends on their versions."""

CALIBRATED_LIVE_TENSORS = 5
"""Full-rate activations that Kokoro's decoder has alive at once. Depends on how onnxruntime orders and fuses."""

CALIBRATED_CONTEXT = 170 * MIB
"""What the driver takes for one process that opened CUDA: kernels and its own structures."""

CALIBRATED_DESKTOP = 336 * MIB
"""Compositor, browser and what the driver reserves on a desktop with one 8 GB card."""

_WINDOW_FRAMES = 1500
_TEXT_TOKENS = 448
_BEAMS = 5
_LONGEST_CLAUSE_S = 5
# Kokoro's decoder ends in an inverse STFT of hop 5 at 24 kHz, with 128 channels before it.
_KOKORO_FRAMES_HZ, _KOKORO_CHANNELS = 4800, 128


@dataclass(frozen=True, slots=True)
class WhisperShape:
    """The dimensions of one Whisper size, as its authors published them."""

    name: str
    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    mels: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """A text-to-speech model: its weights as they lie on disk."""

    name: str
    weight_bytes: int


def whisper_weights(shape: WhisperShape, compute: ComputeType) -> int:
    """Bytes of the model's numbers: matrices at the compute type, the rest as floats."""
    d = shape.width
    matrices = 12 * d * d * shape.encoder_layers + 16 * d * d * shape.decoder_layers + shape.vocabulary * d
    rows = 9 * d * shape.encoder_layers + 13 * d * shape.decoder_layers + shape.vocabulary
    others = 3 * d * (shape.mels + d) + d * (_WINDOW_FRAMES + _TEXT_TOKENS)
    others += 13 * d * shape.encoder_layers + 19 * d * shape.decoder_layers
    if compute.startswith("int8"):
        return matrices + 4 * rows + _float_bytes(compute) * others
    return _float_bytes(compute) * (matrices + others)


def speech_to_text(shape: WhisperShape, compute: ComputeType) -> Share:
    """Whisper on a full window of 30 s, the most that Jett ever gives it, with beams for the hard cases."""
    d, size = shape.width, _float_bytes(compute)
    scores = size * shape.heads * _WINDOW_FRAMES**2
    activations = size * _WINDOW_FRAMES * 8 * d
    caches = size * 2 * shape.decoder_layers * d * (_WINDOW_FRAMES + _BEAMS * _TEXT_TOKENS)
    return Share(
        "STT",
        f"{shape.name} {compute}",
        (
            Part("weights", whisper_weights(shape, compute), "derived", "published dimensions at the compute type"),
            Part(
                "encoder activations", scores + activations, "derived", f"{_WINDOW_FRAMES} frames, {shape.heads} heads"
            ),
            Part("decoder caches", caches, "derived", f"{_BEAMS} beams of {_TEXT_TOKENS} tokens"),
            Part("library scratch", CALIBRATED_STT_SCRATCH, "calibrated", "cuBLAS, cuDNN, caching allocator"),
        ),
    )


def text_to_speech(voice: VoiceModel) -> Share:
    """Kokoro on the card, speaking a clause of at most five seconds."""
    frame = 4 * _KOKORO_FRAMES_HZ * _KOKORO_CHANNELS
    workspace = CALIBRATED_LIVE_TENSORS * _LONGEST_CLAUSE_S * frame
    per_second = f"{_KOKORO_FRAMES_HZ} Hz × {_KOKORO_CHANNELS} channels × 4 B"
    why = f"{CALIBRATED_LIVE_TENSORS} live tensors × {_LONGEST_CLAUSE_S} s × {per_second}"
    parts = (
        Part("weights", voice.weight_bytes, "file", "the ONNX file"),
        Part("workspace", workspace, "calibrated", why),
    )
    return Share("TTS", voice.name, parts)


def elsewhere(stage: str) -> Share:
    """A stage that takes nothing of the card: it runs on the CPU or on another machine."""
    return Share(stage, "not on the card", ())


def system(n_processes: int) -> Share:
    """The desktop and one CUDA context for each process that uses the card."""
    why = f"{n_processes} × {CALIBRATED_CONTEXT // MIB} MiB"
    return Share(
        "system",
        "desktop and driver",
        (
            Part("CUDA contexts", n_processes * CALIBRATED_CONTEXT, "calibrated", why),
            Part("desktop", CALIBRATED_DESKTOP, "calibrated", "compositor, browser, driver's reserve"),
        ),
    )


def measured_system(used_bytes: int, n_processes: int) -> Share:
    """The same on a card that was asked: what it says is in use now, and the contexts still to come."""
    why = f"{n_processes} × {CALIBRATED_CONTEXT // MIB} MiB"
    return Share(
        "system",
        "in use now, and CUDA contexts",
        (
            Part("CUDA contexts", n_processes * CALIBRATED_CONTEXT, "calibrated", why),
            Part("in use now", used_bytes, "file", "NVML"),
        ),
    )


def _float_bytes(compute: ComputeType) -> int:
    return 4 if compute in ("float32", "int8_float32", "int8") else 2
