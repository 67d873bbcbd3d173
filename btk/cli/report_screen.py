"""The report screen: the list of runs, and a run as it was shown when it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from btk.cli.console import plain_console
from btk.cli.result_screen import show_result
from btk.cli.screen_numbers import percent, plain
from btk.cli.screen_table import Heading, Line, screen_table
from btk.cli.walker_screen import show_walk, words
from btk.model.dates import format_date
from btk.model.errors import InvalidInput
from btk.report.run_facts import RunFacts

MOST_RUNS = 50
HEADINGS = (
    Heading("Run", left=True),
    Heading("Mode", 3, left=True),
    Heading("What", 1, folds=True, left=True),
    Heading("Trades", 2),
    Heading("Return"),
)


def show_runs(runs: Sequence[RunFacts], folder: Path) -> None:
    """A row for each of the newest runs; parameters in which runs of a strategy differ stand beside its name."""
    console = plain_console()
    if not runs:
        console.print(f"{folder}: no runs yet; btk backtest makes one", soft_wrap=True)
        return
    shown = runs[:MOST_RUNS]
    varied = _varied(shown)
    lines = [Line(_cells(run, varied.get(run.strategy, []))) for run in shown]
    console.print(screen_table(HEADINGS, lines, console.width))
    if len(runs) > MOST_RUNS:
        console.print(f"and {len(runs) - MOST_RUNS:,} older ones; --json lists all")


def show_run(document: Mapping[str, Any], folder: str, flags: Sequence[str] = ()) -> None:
    """A result document of any mode, `flags` as of `show_walk`; `InvalidInput` when something in it cannot be shown."""
    try:
        if document["mode"] == "walker":
            show_walk(document, folder, flags=flags)
        else:
            show_result(document, folder)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{folder}: its result cannot be shown: {error}") from None


def _varied(runs: Sequence[RunFacts]) -> dict[object, list[str]]:
    # By strategy: a parameter that is the same in all of its runs tells none of them apart.
    tried: dict[object, dict[str, set[str]]] = {}
    for run in runs:
        # Runs of several strategies have a parameter's values by strategy, too much for a line.
        for name, value in run.params.items() if isinstance(run.strategy, str) else ():
            tried.setdefault(run.strategy, {}).setdefault(name, set()).add(str(value))
    return {
        strategy: [name for name, values in names.items() if len(values) > 1]
        for strategy, names in tried.items()
    }


def _cells(run: RunFacts, varied: list[str]) -> list[str]:
    trades, returned = plain(run.total_trades, 0), percent(run.return_pct)
    return [run.run_id, run.mode, _what(run, varied), trades, returned]


def _what(run: RunFacts, varied: list[str]) -> str:
    names = run.strategy if isinstance(run.strategy, str) else ", ".join(run.strategy)
    params = words(run.params, varied) if varied else ""
    symbols = ", ".join(run.symbols) if len(run.symbols) <= 3 else f"{len(run.symbols)} symbols"
    parts = [f"{names} {params}".rstrip(), f"{run.exchange} {symbols}" if symbols else ""]
    if run.from_ms is not None and run.to_ms is not None:
        parts.append(f"{format_date(run.from_ms)} to {format_date(run.to_ms)}")
    if run.status != "complete":
        parts.append(run.status)
    return ", ".join(filter(None, parts))
