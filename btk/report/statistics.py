"""Statistics: the figures of a run or of one symbol of it, under the names of the result document."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.core.equity import EquityCurve, EquitySummary
from btk.model.trade import Trade
from btk.report.gates import Figure, Statistics, total
from btk.report.groups import group_figures
from btk.report.trade_columns import TradeColumns
from btk.report.trade_statistics import trade_figures
from btk.report.wallet_statistics import wallet_statistics


class Shortfalls(msgspec.Struct, frozen=True, kw_only=True):
    """What did not become a trade: signals given up or refused, and minutes that nobody knows."""

    cancelled_signals: int = 0
    rejected_signals: int = 0
    gap_minutes: int = 0


NOTHING_SHORT = Shortfalls()


def statistics(
    trades: Sequence[Trade],
    curve: EquitySummary,
    buy_and_hold_pct: float | None = None,
    shortfalls: Shortfalls = NOTHING_SHORT,
) -> Statistics:
    """Everything known of `trades` and of the wallet they were made with, groups of trades last.

    The keys never change, missing figures are None. `buy_and_hold_pct` is what holding the symbol, or equal
    shares of the symbols, over the same frame returned before costs.
    """
    columns = TradeColumns.of(trades)
    return {**_figures(columns, curve, buy_and_hold_pct, shortfalls), **group_figures(columns)}


def figures(
    trades: Sequence[Trade],
    curve: EquitySummary,
    buy_and_hold_pct: float | None = None,
    shortfalls: Shortfalls = NOTHING_SHORT,
) -> dict[str, Figure]:
    """The same `statistics` without the groups."""
    return _figures(TradeColumns.of(trades), curve, buy_and_hold_pct, shortfalls)


def equal_shares_pct(held_pct: Sequence[float]) -> float | None:
    """What holding equal shares of symbols returned, from what holding each did; None of none."""
    return sum(sorted(held_pct)) / len(held_pct) if held_pct else None


def _figures(
    columns: TradeColumns, curve: EquitySummary, buy_and_hold_pct: float | None, shortfalls: Shortfalls
) -> dict[str, Figure]:
    return {
        **trade_figures(columns),
        **wallet_statistics(curve, total(columns.cost), buy_and_hold_pct),
        **msgspec.structs.asdict(shortfalls),
    }


def statistic_names() -> tuple[str, ...]:
    """The names of all statistics that are numbers, in the order of the result document."""
    nothing = figures((), EquityCurve(1.0).summary())
    return tuple(name for name in nothing if name != "trend")
