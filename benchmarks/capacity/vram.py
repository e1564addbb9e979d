"""`jett bench vram`: the planned memory of a card beside what the card says is in use. Loads nothing itself.

Run it once with Jett idle and once while Jett talks: the difference of `card_used_gib` is what Jett really takes.
Without a card the measured columns are empty, and that is said: unmeasured on a GPU.
"""

from __future__ import annotations

import argparse

from benchmarks.report import Figures, emit, table
from jett.models.vram_card import Card, find_card
from jett.models.vram_page import OWNERS_WISH
from jett.models.vram_sizes import GIB


def figures(card: Card | None) -> Figures:
    """Flat keys: planned GiB of each stage of the RTX 3070 plan, and the card's own figures where there is one."""
    planned: Figures = {
        f"vram_{share.stage.lower()}_gib": round(share.size_bytes / GIB, 3) for share in OWNERS_WISH.shares()
    }
    planned["vram_total_gib"] = round(OWNERS_WISH.total_bytes / GIB, 3)
    planned["card_name"] = card.name if card else None
    planned["card_total_gib"] = round(card.total_bytes / GIB, 3) if card else None
    planned["card_used_gib"] = round(card.used_bytes / GIB, 3) if card else None
    return planned


def run(*, as_json: bool = False) -> Figures:
    """Print the table or JSON, and return the figures."""
    found = figures(find_card())
    text = table([[name, value] for name, value in found.items()], ["figure", "value"])
    if found["card_name"] is None:
        text += "\n\nNo card was found: planned, unmeasured on a GPU."
    emit(found, text, as_json=as_json)
    return found


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the same: nothing here takes long")
    run(as_json=parser.parse_args(argv).json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
