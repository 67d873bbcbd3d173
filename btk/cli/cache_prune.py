"""`btk cache prune`: shows what would go, and with --yes removes exactly that."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.adapters.candle_pruning import Prunable, prunable_candles, prunable_damage, prune
from btk.adapters.candle_survey import chosen_series, stored_series
from btk.cli.date_flags import minute_of
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.selection import listed
from btk.model.dates import format_date
from btk.model.errors import UsageError

Symbols = Annotated[
    list[str] | None, typer.Option("--symbols", metavar="LIST", help="Only these; repeatable, lists add up.")
]
ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Only of this exchange.")
]
Before = Annotated[str | None, typer.Option("--before", metavar="DATE", help="Only candles before it, UTC.")]
Damaged = Annotated[bool, typer.Option("--damaged", help="The files that checks set aside, and no candles.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, it is only shown.")]


def prune_cache(
    context: typer.Context,
    *,
    symbols: Symbols = None,
    exchange: ExchangeName = None,
    before: Before = None,
    damaged: Damaged = False,
    yes: Yes = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Remove stored candles. Shows what would go, and with --yes removes exactly that."""
    if not (symbols or exchange or before or damaged):
        raise UsageError("say what may go: --symbols, --exchange, --before DATE or --damaged")
    if damaged and before:
        raise UsageError("--damaged is about files and --before about candles; choose one")
    loaded = chosen_settings(context, config, assignments)
    root = loaded.root / loaded.settings.cache.path
    chosen = chosen_series(stored_series(root), listed(symbols), exchange)
    before_ms = minute_of("--before", before) if before else None
    parts = prunable_damage(root, chosen) if damaged else prunable_candles(root, chosen, before_ms)
    for part in parts if yes else ():
        prune(root, part)
    if as_json:
        print_document({"schema": "btk.cache-prune/1", "path": str(root), "done": yes, "parts": parts})
        return
    for part in parts:
        typer.echo(_line(part))
    typer.echo("removed" if yes and parts else _preview(parts))


def _line(part: Prunable) -> str:
    if part.damaged:
        return f"{part.series}: {', '.join(part.damaged)}"
    dates = f"{format_date(part.from_ms or 0)} to {format_date(part.to_ms or 0)}"
    return f"{part.series}: {part.candles:,} candles, {dates}"


def _preview(parts: list[Prunable]) -> str:
    return "nothing was removed; --yes removes it" if parts else "nothing to remove"
