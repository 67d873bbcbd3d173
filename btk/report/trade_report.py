"""The trade report: every closed trade, the statistics, and how else they could have come out."""

from __future__ import annotations

from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.trade import Trade
from btk.report.bootstrap import bootstrap_intervals
from btk.report.gates import Statistics
from btk.report.report import Report
from btk.report.run_record import ResultRecord, RunRecord
from btk.report.tables import Cell, Column, Fact, Row, Table, statistic_column, statistic_label
from btk.report.trade_statistics import trade_statistics

COLUMNS = (
    Column("id", "Signal ID"),
    Column("symbol", "Symbol"),
    Column("strategy", "Strategy"),
    Column("position", "Position", "upper"),
    Column("note", "Note"),
    Column("price_open", "Open Price", "price"),
    Column("price_close", "Close Price", "price"),
    Column("price_take_profit", "Take Profit", "price"),
    Column("price_stop_loss", "Stop Loss", "price"),
    Column("original_price_take_profit", "Original TP", "price"),
    Column("original_price_stop_loss", "Original SL", "price"),
    Column("original_price_open", "Original Entry", "price"),
    Column("entries", "DCA Entries", "whole"),
    Column("partials", "Partial Closes", "whole"),
    Column("pnl_pct", "PNL (net)", "signed_pct"),
    Column("pnl_cost", "PNL (quote)", "signed_money"),
    Column("cost", "Cost", "money"),
    Column("fee_cost", "Fees", "money"),
    Column("slippage_cost", "Slippage", "money"),
    Column("partial_executed_pct", "Partial Executed %", "pct"),
    Column("partial_breakdown", "Partials"),
    Column("close_reason", "Close Reason"),
    Column("ambiguous", "Ambiguous"),
    Column("duration_minutes", "Duration (min)", "whole"),
    Column("opened_at_ms", "Open Time", "time"),
    Column("closed_at_ms", "Close Time", "time"),
    Column("peak_profit_pct", "Peak PNL", "signed_pct"),
    Column("max_drawdown_pct", "Max DD PNL", "signed_pct"),
)
GROUPS = ("by_close_reason", "by_side", "by_month", "by_weekday")
LEGEND = (
    "PNL is net of fees and slippage, in percent of each trade's cost. Profit factor: what was won over what was"
    " lost, in money, or in percent, which counts every trade alike however much it put at risk. Ratios are per"
    " trade unless their name says daily or yearly, risk-free 0. N/A: fewer than 10 trades, no spread, or no losses;"
    " of what is annualised also fewer than 14 days, more than 365 trades a year, or more than 100 % a year."
    " Bootstrap: trades drawn with replacement, as if independent of each other."
)


def trade_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """The trades of one slot, newest first, with all figures that are known of it."""
    trades = run.result.trades(slot)
    rows = [trade_row(trade) for trade in reversed(trades)]
    figures = _statistics(run.result, slot, trades)
    facts = [
        Fact(statistic_column(name), cell) for name, cell in figures.items() if not isinstance(cell, dict)
    ]
    facts += [
        Fact(statistic_column(f"bootstrap_{name}"), value)
        for name, value in bootstrap_intervals(trades).items()
    ]
    columns = tuple(
        column for column in COLUMNS if column.key != "note" or any(trade.note for trade in trades)
    )
    return Report(
        tables=(Table("trades", columns, rows), *_group_tables(figures)),
        facts=tuple(facts),
        notes=run.result.warnings,
        legend=LEGEND,
        empty="No trade was closed.",
    )


def trade_row(trade: Trade) -> Row:
    """A trade as one flat row."""
    return {
        "id": trade.id,
        "symbol": trade.symbol,
        "strategy": trade.strategy,
        "position": trade.position,
        "note": trade.note or None,
        "price_open": trade.price_open,
        "price_close": trade.price_close,
        "price_take_profit": trade.price_take_profit,
        "price_stop_loss": trade.price_stop_loss,
        "original_price_take_profit": trade.original_price_take_profit,
        "original_price_stop_loss": trade.original_price_stop_loss,
        "original_price_open": trade.entries[0].price if trade.entries else trade.price_open,
        "entries": len(trade.entries),
        "partials": len(trade.partials),
        "pnl_pct": trade.pnl_pct,
        "pnl_cost": trade.pnl_cost,
        "cost": trade.cost,
        "fee_cost": trade.fee_cost,
        "slippage_cost": trade.slippage_cost,
        **_partials(trade),
        "close_reason": trade.close_reason,
        "ambiguous": trade.ambiguous,
        "duration_minutes": (trade.closed_at_ms - trade.opened_at_ms) / MINUTE_MS,
        "opened_at_ms": trade.opened_at_ms,
        "closed_at_ms": trade.closed_at_ms,
        "peak_profit_pct": trade.peak_profit_pct,
        "max_drawdown_pct": trade.max_drawdown_pct,
    }


def _partials(trade: Trade) -> dict[str, Cell]:
    if not trade.partials:
        return {"partial_executed_pct": 0.0, "partial_breakdown": None}
    executed = sum(partial.pct / 100 * partial.cost_basis for partial in trade.partials)
    parts = []
    for kind in ("profit", "loss"):
        chosen = [partial.pct for partial in trade.partials if partial.kind == kind]
        if chosen:
            parts.append(f"{len(chosen)} {kind} ({', '.join(f'{pct:g} %' for pct in chosen)})")
    return {
        "partial_executed_pct": executed / trade.cost * 100 if trade.cost else None,
        "partial_breakdown": ", ".join(parts),
    }


def _statistics(result: ResultRecord, slot: SlotKey | None, trades: list[Trade]) -> Statistics:
    if slot is None:
        return result.portfolio.statistics
    if len(result.strategies) == 1:
        return result.symbols[slot.symbol].statistics
    # The document has the wallet of a symbol, not of each strategy on it: what is left are the trades.
    return trade_statistics(trades)


def _group_tables(figures: Statistics) -> list[Table]:
    tables = []
    for name in GROUPS:
        groups = figures.get(name)
        if not isinstance(groups, dict) or not groups:
            continue
        names = tuple(next(iter(groups.values())))
        columns = (Column("group", statistic_label(name)), *map(statistic_column, names))
        rows: list[Row] = [{"group": group.replace("_", " "), **figure} for group, figure in groups.items()]
        tables.append(Table(name, columns, rows, sums_up=True))
    return tables
