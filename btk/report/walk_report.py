"""The walk report: every variant in its order, and how far the winner is to be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from btk.model.trade import Trade
from btk.report.ranking import SHOWN
from btk.report.report import Report
from btk.report.tables import Cell, Column, Fact, Row, Table, statistic_column

FAILED_COLUMNS = (
    Column("number", "Number", "whole"),
    Column("strategy", "Strategy"),
    Column("params", "Parameters"),
    Column("error", "Error"),
)
EVENT_COLUMNS = {
    "first_opened_ms": Column("first_opened_ms", "First Event", "time"),
    "last_closed_ms": Column("last_closed_ms", "Last Event", "time"),
}
TRADE_COLUMNS = (
    Column("number", "Number", "whole"),
    Column("strategy", "Strategy"),
    Column("id", "Signal ID"),
    Column("symbol", "Symbol"),
    Column("position", "Position", "upper"),
    Column("pnl_pct", "PNL (net)", "signed_pct"),
    Column("close_reason", "Close Reason"),
    Column("opened_at_ms", "Open Time", "time"),
    Column("closed_at_ms", "Close Time", "time"),
)
WINDOW_COLUMNS = (
    Column("train_from_ms", "Chosen From", "time"),
    Column("test_from_ms", "Tested From", "time"),
    Column("test_to_ms", "Tested To", "time"),
    Column("strategy", "Strategy"),
    Column("params", "Parameters"),
    Column("in_sample", "In Sample", "ratio"),
    Column("out_of_sample", "Out of Sample", "ratio"),
    Column("in_sample_return_pct", "Return, In Sample", "signed_pct"),
    Column("out_of_sample_return_pct", "Return, Out of Sample", "signed_pct"),
    Column("out_of_sample_trades", "Trades", "whole"),
    Column("error", "Error"),
)
LEGEND = (
    "Deflated Sharpe: the chance that the winner's Sharpe is above 0 after this many tries. A walk-forward ranks what came"
    " out on its newest window to choose on (Ranked from, Ranked to). Trades are kept of walks of"
    " 10 variants at most, and of the tests of a walk-forward; Number is the variant's."
)


def walk_report(document: Mapping[str, Any], trades: Iterable[tuple[int, Trade]] = ()) -> Report:
    """The report of a `btk.walker/1` document; `trades` with the number of their variant, where they were kept."""
    columns = (
        Column("rank", "Rank", "whole"),
        Column("number", "Number", "whole"),
        Column("strategy", "Strategy"),
        Column("params", "Parameters"),
        Column("value", document["metric"], "ratio"),
        *(statistic_column(name) for name in SHOWN if name not in EVENT_COLUMNS),
        *EVENT_COLUMNS.values(),
    )
    tables = (
        Table("variants", columns, [_row(row) for row in document["ranking"]]),
        *_windows(document),
        Table("trades", TRADE_COLUMNS, [_trade(*pair) for pair in sorted(trades, key=_newest_first)]),
        Table("failed", FAILED_COLUMNS, [_row(row) for row in document["failed"]]),
    )
    return Report(
        tables=tables,
        facts=tuple(_facts(document)),
        notes=tuple(document["warnings"]),
        legend=LEGEND,
        empty="No variant ran to its end.",
    )


def _windows(document: Mapping[str, Any]) -> Iterable[Table]:
    if "walk_forward" in document:
        rows = [_window(row) for row in document["walk_forward"]["windows"]]
        yield Table("walk_forward", WINDOW_COLUMNS, rows, sums_up=True)


def _window(row: Mapping[str, Any]) -> Row:
    test = row["test"]
    when = {
        "train_from_ms": row["train"]["from_ms"],
        "test_from_ms": test["from_ms"],
        "test_to_ms": test["to_ms"],
    }
    cells = {key: cell for key, cell in row.items() if key not in ("train", "test")}
    return {**_row({**cells, "params": row["params"] or {}}), **when}


def _row(row: Mapping[str, Any]) -> Row:
    params = " ".join(f"{name}={value}" for name, value in row["params"].items())
    return {**{key: cell for key, cell in row.items() if key != "params"}, "params": params}


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['strategy']} {_row(row)['params']}".rstrip()


def _newest_first(kept: tuple[int, Trade]) -> tuple[int, int, str]:
    number, trade = kept
    return number, -trade.closed_at_ms, trade.id


def _trade(number: int, trade: Trade) -> Row:
    row = {column.key: getattr(trade, column.key) for column in TRADE_COLUMNS[1:]}
    return {"number": number, **row}


def _facts(document: Mapping[str, Any]) -> list[Fact]:
    best, deflated = document["best"] or {}, document["deflated_sharpe"] or {}
    # A walk-forward runs a variant once in each window.
    ran = "Runs" if "walk_forward" in document else "Variants"
    facts: list[tuple[str, str, str, Cell]] = [
        ("symbols", "Symbols", "text", ", ".join(document["symbols"])),
        ("exchange", "Exchange", "text", document["exchange"]),
        ("from_ms", "From", "time", document["frame"]["from_ms"]),
        ("to_ms", "To", "time", document["frame"]["to_ms"]),
        ("metric", "Optimization metric", "text", document["metric"]),
        ("tested", f"{ran} tested", "whole", document["counts"]["done"]),
        ("failed", f"{ran} failed", "whole", document["counts"]["failed"]),
        ("best", "Best variant", "text", _named(best) if best else None),
        ("best_value", "Best value", "ratio", best.get("value")),
        ("deflated_sharpe", "Deflated Sharpe (probability)", "ratio", deflated.get("probability")),
    ]
    facts += _forward_facts(document)
    shown = [Fact(Column(key, label, style), value) for key, label, style, value in facts]
    return shown + [
        _best_fact(name, value) for name, value in best.get("statistics", {}).items() if name in SHOWN
    ]


def _best_fact(name: str, value: Cell) -> Fact:
    column = statistic_column(name)
    return Fact(column._replace(key=f"best_{name}", label=f"Best: {column.label}"), value)


def _forward_facts(document: Mapping[str, Any]) -> list[tuple[str, str, str, Cell]]:
    if "walk_forward" not in document:
        return []
    forward = document["walk_forward"]
    newest, outside = forward["windows"][-1]["train"], forward["statistics"]
    return [
        ("ranked_from_ms", "Ranked from", "time", newest["from_ms"]),
        ("ranked_to_ms", "Ranked to", "time", newest["to_ms"]),
        ("efficiency_pct", "Walk-forward efficiency", "pct", forward["efficiency_pct"]),
        ("out_of_sample_trades", "Out of sample: trades", "whole", outside["total_trades"]),
        ("out_of_sample_avg_pnl_pct", "Out of sample: avg PNL", "signed_pct", outside["avg_pnl_pct"]),
        ("out_of_sample_metric", "Out of sample: metric", "ratio", outside.get(document["metric"])),
    ]
