"""The report screen: the list of runs, and a run as it was shown when it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from btk.cli.console import plain_console
from btk.cli.result_screen import show_result
from btk.cli.screen_table import Heading, Line, screen_table
from btk.cli.walker_screen import show_walk
from btk.model.dates import format_date
from btk.model.errors import InvalidInput
from btk.report.run_facts import RunFacts

MOST_RUNS = 50
HEADINGS = (
    Heading("Run", left=True),
    Heading("Mode", 2, left=True),
    Heading("What", 3, folds=True, left=True),
    Heading("Trades", 1),
    Heading("Return"),
)


def show_runs(runs: Sequence[RunFacts], folder: Path) -> None:
    """The newest runs, one a line."""
    console = plain_console()
    if not runs:
        console.print(f"{folder}: no runs yet; btk backtest makes one", soft_wrap=True)
        return
    console.print(screen_table(HEADINGS, [Line(_cells(run)) for run in runs[:MOST_RUNS]], console.width))
    if len(runs) > MOST_RUNS:
        console.print(f"and {len(runs) - MOST_RUNS:,} older ones; --json lists all")


def show_run(document: Mapping[str, Any], folder: Path, flags: Sequence[str] = ()) -> None:
    """A result document of any mode, `flags` as of `show_walk`; `InvalidInput` when something in it cannot be shown."""
    try:
        if document["mode"] == "walker":
            show_walk(document, str(folder), flags=flags)
        else:
            show_result(document, str(folder))
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{folder}: its result cannot be shown: {error}") from None


def _cells(run: RunFacts) -> list[str]:
    trades = "N/A" if run.total_trades is None else f"{run.total_trades:,}"
    returned = "N/A" if run.return_pct is None else f"{run.return_pct:+.2f} %"
    return [run.run_id, run.mode, _what(run), trades, returned]


def _what(run: RunFacts) -> str:
    names = run.strategy if isinstance(run.strategy, str) else ", ".join(run.strategy)
    symbols = ", ".join(run.symbols) if len(run.symbols) <= 3 else f"{len(run.symbols)} symbols"
    parts = [names, f"{run.exchange} {symbols}" if symbols else ""]
    if run.from_ms is not None and run.to_ms is not None:
        parts.append(f"{format_date(run.from_ms)} to {format_date(run.to_ms)}")
    if run.status != "complete":
        parts.append(run.status)
    return ", ".join(filter(None, parts))
