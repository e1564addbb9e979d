"""`jett vram`: what the models will take of the graphics card, before any is loaded. Loads nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from jett.app import store
from jett.cli import completion
from jett.models.vram import Plan, Wish, plan
from jett.models.vram_card import HOW_TO_ASK, Card, find_card
from jett.models.vram_page import OWNERS_WISH, RTX_3070_BYTES, markdown
from jett.models.vram_sizes import GIB, MIB
from jett.models.vram_speech import measured_system
from jett.settings import Settings
from jett.settings.vram import wish_of

Json = Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print docs/vram-budget.md.")]
CardGib = Annotated[
    float, typer.Option("--card-gib", min=0, help="Plan for a card of this size; 0 asks the card.", metavar="GIB")
]
Llm = Annotated[
    str,
    typer.Option(
        "--llm",
        help="A GGUF file, or a model's name, instead of llm.model.",
        metavar="MODEL",
        autocompletion=completion.language_models,
    ),
]
Context = Annotated[
    int, typer.Option("--context", min=0, help="Tokens of context, instead of llm.context_tokens.", metavar="TOKENS")
]
EPILOG = "Examples: jett vram  ·  jett vram --card-gib 6 --llm qwen3-4b  ·  jett vram --llm model.gguf --json"


def vram(
    card_gib: CardGib = 0,
    llm: Llm = "",
    context: Context = 0,
    as_json: Json = False,
    as_markdown: Markdown = False,
) -> None:
    """Plan the memory of the graphics card, and refuse what would overflow it."""
    if as_markdown:
        sys.stdout.buffer.write(markdown().encode())
        return
    card = find_card()
    settings = _settings(card, llm, context)
    gib = card_gib or settings.vram.card_gib
    wish = wish_of(settings, _gguf(settings, llm))
    about = f"the plan of profile {settings.profile}"
    if settings.profile == "cpu" and not llm and not context:
        wish, about = OWNERS_WISH, "the example of docs/vram-budget.md: profile cpu itself puts nothing on a card"
    measured = card if card and not gib else None
    if measured:
        wish = replace(wish, system=measured_system(measured.used_bytes, n_processes=2))
    size = int(gib * GIB) if gib else card.total_bytes if card else RTX_3070_BYTES
    result = plan(wish, size, settings.vram.headroom_mib * MIB, fall_back=settings.vram.fall_back)
    report = {"plan": about, **_report(result, card)}
    if as_json:
        typer.echo(json.dumps(report))
    else:
        typer.echo(f"{about}\n")
        _print(wish, result, card)


def _settings(card: Card | None, llm: str, context: int) -> Settings:
    """The user's settings; where they put nothing on a card but the options ask, those of the 8 GB profile."""
    named: dict[str, Any] = {"llm.model": llm or None, "llm.context_tokens": context or None}
    settings = Settings.load(overrides=named, has_gpu=card is not None)
    if settings.profile == "cpu" and (llm or context):
        settings = Settings.load(overrides={**named, "profile": "gpu-8gb"})
    return settings


def _gguf(settings: Settings, llm: str) -> Path | None:
    """The language model's file: the one that is named, or the store's where it is there."""
    if llm.endswith(".gguf") or Path(llm).is_file():
        return Path(llm)
    models, name = store(settings), settings.llm.model
    return models.file(name) if name in models.manifest.models and models.has(name) else None


def _report(result: Plan, card: Card | None) -> dict[str, Any]:
    """Flat keys; sizes in GiB."""
    shares = {f"{share.stage.lower()}_gib": round(share.size_bytes / GIB, 3) for share in result.wish.shares()}
    models = {f"{share.stage.lower()}_model": share.model for share in result.wish.shares()}
    return {
        **shares,
        **models,
        "total_gib": round(result.wish.total_bytes / GIB, 3),
        "card_gib": round(result.card_bytes / GIB, 3),
        "free_gib": round(result.free_bytes / GIB, 3),
        "context_tokens": result.wish.context_tokens,
        "cache_type": result.wish.cache,
        "given_up": list(result.given_up),
        "card_name": card.name if card else None,
        "card_used_gib": round(card.used_bytes / GIB, 3) if card else None,
    }


def _print(asked: Wish, result: Plan, card: Card | None) -> None:
    table = Table("stage", "model", "part", "MiB", "source", box=None, pad_edge=False)
    for share in result.wish.shares():
        table.add_row(share.stage, share.model, "", f"{share.size_bytes / MIB:.0f}", "", style="bold")
        for part in share.parts:
            table.add_row("", "", part.name, f"{part.size_bytes / MIB:.0f}", part.source)
    Console().print(table)
    total, size = result.wish.total_bytes / GIB, result.card_bytes / GIB
    typer.echo(f"\n{total:.2f} of {size:.2f} GiB, {result.free_bytes / GIB:.2f} free")
    for reason in result.given_up:
        typer.echo(f"given up to fit: {reason} (asked for {asked.total_bytes / GIB:.2f} GiB)")
    if card:
        typer.echo(f"card: {card.name}, {card.used_bytes / GIB:.2f} GiB in use now, {card.free_bytes / GIB:.2f} free")
    else:
        typer.echo(f"card: none found through NVML; a plan, unmeasured on a GPU ({HOW_TO_ASK})")
