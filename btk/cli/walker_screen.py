"""The walk screen: the ranking of a walk on a terminal, warnings first, and how to run the winner again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import msgspec
from rich.console import Console
from rich.table import Table

from btk.cli.console import plain_console
from btk.cli.screen_facts import print_facts
from btk.cli.screen_numbers import plain
from btk.cli.screen_table import Heading, Line, screen_table
from btk.model.dates import format_date

TOP = 10
_PLAIN = re.compile(r"[A-Za-z][\w./-]*")
_NOT_TEXT = {"true", "false", "null"}
# Statistic: how it is headed, how soon it is left out where there is no room, its decimals.
COLUMNS = {
    "total_trades": (Heading("Trades", 3), 0),
    "win_rate_pct": (Heading("Win %", 5), 1),
    "avg_pnl_pct": (Heading("Avg %", 4), 3),
    "return_pct": (Heading("Return\n%", 1), 2),
    "max_drawdown_pct": (Heading("Max\nDD %", 2), 2),
    "profit_factor_cost": (Heading("Profit\nfactor", 6), 2),
    "sharpe_ratio": (Heading("Sharpe", 7), 3),
}


def show_walk(
    document: Mapping[str, Any],
    folder: str,
    out: TextIO | None = None,
    width: int | None = None,
    flags: Sequence[str] = (),
) -> None:
    """Print a walk's document to `out` (stdout); `folder` holds its files, `width` overrides the terminal's.

    `flags`: what else the command line said that the winner needs to be run again.
    """
    console = plain_console(out, width)
    for warning in document["warnings"]:
        console.print(f"Warning: {warning}", style="bold yellow")
    console.print(_headline(document), style="bold")
    console.print(_counts(document))
    console.print()
    if "walk_forward" in document:
        _print_windows(console, document)
    if document["ranking"]:
        console.print(_table(document, console.width))
        console.print()
    print_facts(console, _facts(document, folder, flags))


def words(params: Mapping[str, Any], names: list[str] | None = None) -> str:
    """Parameters as they are written on the command line."""
    return " ".join(f"{name}={_written(params[name])}" for name in names or params if name in params)


def _written(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _NOT_TEXT:
        return value
    return msgspec.json.encode(value).decode()


def _headline(document: Mapping[str, Any]) -> str:
    frame = document["frame"]
    names, symbols = ", ".join(document["strategy"]), ", ".join(document["symbols"])
    return f"{names} on {document['exchange']} {symbols}, {_dates(frame)}, walker, {document['model']} model"


def _dates(frame: Mapping[str, int]) -> str:
    return f"{format_date(frame['from_ms'])} to {format_date(frame['to_ms'])}"


def _ranked_on(document: Mapping[str, Any]) -> Mapping[str, int]:
    forward = document.get("walk_forward")
    stretch: Mapping[str, int] = forward["windows"][-1]["train"] if forward else document["frame"]
    return stretch


def _counts(document: Mapping[str, Any]) -> str:
    counts = document["counts"]
    parts = [f"{counts['done']:,} of {counts['variants']:,} {_what_ran(document)}"]
    parts += [f"{counts[name]:,} {name}" for name in ("reused", "failed") if counts[name]]
    if counts["without_value"]:
        parts.append(f"{counts['without_value']:,} without {document['metric']}")
    order = "lowest" if document["minimize"] else "highest"
    return f"{', '.join(parts)}; by {document['metric']}, {order} first"


def _what_ran(document: Mapping[str, Any]) -> str:
    if "walk_forward" not in document:
        return "variants"
    # A variant runs in each window, and the best of a window once more on the days after.
    return f"runs in {_counted(len(document['walk_forward']['windows']), 'window', 'windows')}"


def _table(document: Mapping[str, Any], width: int) -> Table:
    metric, rows = document["metric"], document["ranking"]
    shown = {name: column for name, column in COLUMNS.items() if name != metric}
    headings = [
        Heading("#"),
        Heading("Variant", folds=True, left=True),
        Heading(metric.replace("_", "\n")),
        *(heading for heading, _ in shown.values()),
    ]
    lines = [
        Line(
            [
                str(row["rank"]),
                _variant(document, row),
                plain(row["value"], 3),
                *(plain(row.get(name), decimals) for name, (_, decimals) in shown.items()),
            ],
            style="bold" if row["rank"] == 1 else None,
        )
        for row in rows[:TOP]
    ]
    if len(rows) > TOP:
        lines.append(Line(["", f"and {len(rows) - TOP:,} more"]))
    return screen_table(headings, lines, width)


def _print_windows(console: Console, document: Mapping[str, Any]) -> None:
    forward = document["walk_forward"]
    headings = [
        Heading("Tested on", left=True),
        Heading("Chosen before", folds=True, left=True),
        Heading("In\nsample", 2),
        Heading("Out of\nsample"),
        Heading("Return\n%", 1),
        Heading("Trades", 3),
    ]
    table = screen_table(
        headings, [Line(_window_cells(document, row)) for row in forward["windows"]], console.width
    )
    console.print(f"Walk-forward, {document['metric']} in and out of sample:")
    console.print(table)
    whole = forward["statistics"]
    efficiency = forward["efficiency_pct"]
    console.print(
        "efficiency "
        + ("N/A, nothing was earned in sample" if efficiency is None else f"{efficiency:.0f} %")
        + " (return a day out of sample beside in sample);"
        f" out of sample together {whole['total_trades']:,} trades, avg {plain(whole['avg_pnl_pct'], 3)} %,"
        f" {document['metric']} {plain(whole.get(document['metric']), 3)}"
    )
    console.print(f"\nThe newest window to choose on, {_dates(_ranked_on(document))}:")


def _window_cells(document: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    test = row["test"]
    chosen = _variant(document, row) if row["params"] is not None else "N/A: nothing to choose"
    return [
        _dates(test),
        f"failed: {row['error']}" if row["error"] else chosen,
        plain(row["in_sample"], 3),
        plain(row["out_of_sample"], 3),
        plain(row["out_of_sample_return_pct"], 2),
        "N/A" if row["out_of_sample_trades"] is None else f"{row['out_of_sample_trades']:,}",
    ]


def _variant(document: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    tried = words(row["params"], document["varied"]) if document["varied"] else ""
    several = len(document["strategy"]) > 1 or not tried
    return " ".join(filter(None, (row["strategy"] if several else "", tried)))


def _facts(document: Mapping[str, Any], folder: str, flags: Sequence[str]) -> dict[str, str]:
    facts = {}
    if document["best"]:
        facts["Winner"] = _winner(document)
        facts["Again"] = _again(document, flags)
    if document["deflated_sharpe"]:
        facts["Luck"] = _luck(document)
    timing = document["timing"]
    busy = f", {timing['busy_pct']:.0f} % busy" if timing["busy_pct"] is not None else ""
    facts["Files"] = folder
    facts["Speed"] = f"{timing['seconds']:.2f} s on {_counted(timing['jobs'], 'process', 'processes')}{busy}"
    return facts


def _winner(document: Mapping[str, Any]) -> str:
    best = document["best"]
    variant = " ".join(filter(None, (best["strategy"], words(best["params"]))))
    told = f"{variant}, {document['metric']} {plain(best['value'], 3)}"
    returned = best["statistics"].get("return_pct")
    if document["minimize"] or (best["value"] or 0) <= 0 or returned is None or returned >= 0:
        return told
    # A ratio of single trades says nothing of how much money was in them.
    return f"{told}, and yet it lost money: return {plain(returned, 2)} %"


def _again(document: Mapping[str, Any], flags: Sequence[str]) -> str:
    best, frame = document["best"], _ranked_on(document)
    said = ["--entry", best["entry"]]
    for name in best["params"]:
        said += ["--param", words(best["params"], [name])]
    said += ["--symbols", ",".join(document["symbols"]), "--exchange", document["exchange"]]
    said += ["--from", format_date(frame["from_ms"]), "--to", format_date(frame["to_ms"])]
    said += ["--model", document["model"], *flags]
    # Walks of an older edition do not tell.
    return shlex.join(["btk", "backtest", *said, *(["--gaps", "fill"] if document.get("fill_gaps") else [])])


def _luck(document: Mapping[str, Any]) -> str:
    deflated = document["deflated_sharpe"]
    probability = deflated["probability"]
    chance = "N/A" if probability is None else f"{probability * 100:.1f} %"
    return (
        f"deflated Sharpe {chance}: the chance that the winner's Sharpe is above 0, after"
        f" {_counted(deflated['trials'], 'try', 'tries')} (luck alone would reach {plain(deflated['lucky_sharpe'], 3)})"
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
