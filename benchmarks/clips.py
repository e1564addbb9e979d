"""Folders of recordings with a manifest.tsv (columns `file` and `text`), as the benchmarks read them."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jett.core.errors import AudioError

DATA_VARIABLE = "JETT_BENCH_DATA"


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording; `text` is what the manifest says of it, `pack` the folder's name."""

    path: Path
    text: str
    pack: str


def data_folder() -> Path:
    """Where the packs are: JETT_BENCH_DATA, or `shared/data` beside the checkout."""
    named = os.environ.get(DATA_VARIABLE, "")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


def read_pack(folder: Path) -> list[Clip]:
    """All clips of a folder, in the manifest's order. Raises AudioError when there is no manifest."""
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        raise AudioError(f"bench: no '{manifest}'; give --clips a folder with one, or set {DATA_VARIABLE}")
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [Clip(folder / row["file"], row.get("text", ""), folder.name) for row in rows]


def evenly(clips: list[Clip], count: int) -> list[Clip]:
    """`count` of `clips`, evenly spaced, first and last included; all when there are no more."""
    if count >= len(clips):
        return clips
    return [clips[i] for i in np.linspace(0, len(clips) - 1, count).astype(int)]
