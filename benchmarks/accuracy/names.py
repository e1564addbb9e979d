"""How near must a heard name be, and how far behind the second? The thresholds of `jett.tools.names`, swept.

    python -m benchmarks.accuracy.names

Three counts for each pair: sentences of `tests/tools/sentences.tsv` understood as they should be, changes of the wrong
thing among them, and ordinary words that are taken for a name: "restart WORD" for every word of this project's pages.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.latency.commands import CONTAINERS, WORKFLOWS, rows
from jett.tools import names
from jett.tools.fast_path import FastPath
from jett.tools.intent import CHANGES, Intent, WhichOne
from jett.tools.names import Names

NEAR = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
MARGIN = (0.0, 0.05, 0.1, 0.2)
PAGES = Path(__file__).resolve().parents[2] / "docs"
OURS = {"postgres", "postgresql", "qdrant", "portainer", "database", "socket", "proxy", "vector"}


def words() -> list[str]:
    """Of at least four letters, none of them a name."""
    text = " ".join(page.read_text("utf-8") for page in sorted(PAGES.glob("*.md"))).lower()
    return sorted(set(re.findall(r"\b[a-z]{4,}\b", text)) - OURS)


def counted(path: FastPath) -> tuple[int, int]:
    """Sentences right, and wrong changes."""
    right = wrong = 0
    for text, action, target in rows():
        understood = path.understand(text)
        got = (understood.action.value, understood.target) if isinstance(understood, Intent) else ("-", "")
        asks = isinstance(understood, WhichOne)
        right += not asks and got == (action, target if action != "-" else "")
        wrong += isinstance(understood, Intent) and understood.action in CHANGES and got != (action, target)
    return right, wrong


def main() -> None:
    """Print the table."""
    known = {**CONTAINERS, "socket-proxy": []}
    listed, ordinary = Names(known), words()
    print(f"{len(rows())} sentences, {len(ordinary)} words")
    print("| near | margin | right | wrong changes | words taken for one name | … for one of several |")
    print("|---|---|---|---|---|---|")
    for near in NEAR:
        for margin in MARGIN:
            names._NEAR, names._MARGIN = near, margin
            right, wrong = counted(FastPath(known, WORKFLOWS))
            found = [len(listed.resolve(word)) for word in ordinary]
            several = sum(count > 1 for count in found)
            print(f"| {near} | {margin} | {right} | {wrong} | {found.count(1)} | {several} |")


if __name__ == "__main__":
    main()
