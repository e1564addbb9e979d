"""Folders of recordings with a manifest.tsv (columns `file` and `text`), as the benchmarks read them."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from jett.core.errors import AudioError

DATA_VARIABLE = "JETT_BENCH_DATA"
CHECKOUT = Path(__file__).resolve().parents[1]
BESIDE = CHECKOUT.parent / "shared" / "data"
IN_THE_REPOSITORY = CHECKOUT / "tests" / "data" / "bench"
"""Six recordings in the form of the packs, for a first impression."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording; `text` is what the manifest says of it, `pack` the folder's name."""

    path: Path
    text: str
    pack: str
    speaker: str = ""
    """Where the manifest says who speaks."""


def data_folder() -> Path:
    """Where the packs are: JETT_BENCH_DATA, or `shared/data` beside the checkout, or the few in the repository."""
    named = os.environ.get(DATA_VARIABLE, "")
    if named:
        return Path(named)
    return BESIDE if BESIDE.is_dir() else _few_recordings()


@cache
def _few_recordings() -> Path:
    """The repository's own; said once."""
    sys.stderr.write(
        f"bench: no folder of recordings ({DATA_VARIABLE} is not set): measuring the few in tests/data/bench; "
        "your own: --clips DIR\n"
    )
    return IN_THE_REPOSITORY


def packs(*names: str) -> Iterator[Path]:
    """The folders of these packs; of those in the repository, the ones that there are."""
    folder = data_folder()
    for name in names:
        if folder != IN_THE_REPOSITORY or (folder / name).is_dir():
            yield folder / name


def read_pack(folder: Path) -> list[Clip]:
    """All clips of a folder, in the manifest's order. Raises AudioError when there is no manifest."""
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        raise AudioError(f"bench: no '{manifest}'; give --clips a folder with one, or set {DATA_VARIABLE}")
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [Clip(folder / row["file"], row.get("text") or "", folder.name, row.get("speaker") or "") for row in rows]


def evenly(clips: list[Clip], count: int) -> list[Clip]:
    """`count` of `clips`, evenly spaced, first and last included; all when there are no more."""
    if count >= len(clips):
        return clips
    return [clips[i] for i in np.linspace(0, len(clips) - 1, count).astype(int)]
