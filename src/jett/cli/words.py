"""Do two texts say the same? For the self-test and for nothing finer: spelling of numbers is not looked through."""

from __future__ import annotations

from collections import Counter

from jett.turns.phrases import normalise


def agreement(said: str, heard: str) -> float:
    """Share of the words of `said` that are in `heard`, order aside, 0 to 1; 1 when nothing was said."""
    wanted, found = Counter(normalise(said).split()), Counter(normalise(heard).split())
    return (wanted & found).total() / wanted.total() if wanted else 1.0
