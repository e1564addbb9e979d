"""Tables, flat JSON and percentiles, the same for every benchmark."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Figures = dict[str, float | int | str | None]


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Rounded to 0.1; None of nothing."""
    return round(float(np.percentile(np.array(values), percent)), 1) if values else None


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> str:
    """A Markdown table, aligned."""
    cells = [list(head), *[["-" if cell is None else str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def emit(figures: Figures, text: str, *, as_json: bool, save: Path | None = None, details: object = None) -> None:
    """Print JSON or the table to stdout; with `save`, write figures and details there too."""
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        whole: Mapping[str, object] = figures if details is None else {**figures, "details": details}
        save.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write((json.dumps(figures) if as_json else text) + "\n")
