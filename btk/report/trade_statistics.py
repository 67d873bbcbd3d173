"""Trade statistics: every figure that needs nothing but the closed trades.

Percentages are net of fees and slippage and in percent of each trade's cost; adding them up assumes that
every trade puts the same at risk, compounding them that every trade puts all of it. What the wallet really
did is in `wallet_statistics`. Formulas and gates: shared design, origin-inventory.md sections 3.3 to 3.5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from btk.model.bars import Column
from btk.model.intervals import MINUTE_MS
from btk.model.trade import Trade
from btk.report.gates import Figure, Statistics, finite, mean, median, ratio, total
from btk.report.groups import group_figures
from btk.report.price_profile import price_profile
from btk.report.streaks import streak_figures
from btk.report.trade_columns import TradeColumns
from btk.report.trade_ratios import ratio_figures


def trade_statistics(trades: Sequence[Trade]) -> Statistics:
    """All figures of closed trades, the same in whatever order they come, and the groups of `group_figures`.

    The keys never change. Without a trade, counts and sums of money are 0 and everything else is None; so is
    every figure that its sample cannot carry, or that would be NaN or infinite.
    """
    columns = TradeColumns.of(trades)
    return {**trade_figures(columns), **group_figures(columns)}


def trade_figures(columns: TradeColumns) -> dict[str, Figure]:
    """The figures of `trade_statistics` without the groups."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return {
            **_counts(columns),
            **_returns(columns.pnl_pct),
            **_money(columns),
            **ratio_figures(columns),
            **_excursions(columns),
            **_durations(columns),
            **streak_figures(columns),
            **price_profile(columns),
        }


def _counts(columns: TradeColumns) -> dict[str, Figure]:
    wins, losses = int((columns.pnl_pct > 0).sum()), int((columns.pnl_pct < 0).sum())
    return {
        "total_trades": len(columns),
        "wins": wins,
        "losses": losses,
        "breakevens": len(columns) - wins - losses,
        "win_rate_pct": wins / (wins + losses) * 100 if wins + losses else None,
        "ambiguous_exits": sum(trade.ambiguous for trade in columns.trades),
        "exact_touches": sum(trade.exact_touch for trade in columns.trades),
    }


def _returns(pnl: Column) -> dict[str, Figure]:
    return {
        "avg_pnl_pct": mean(pnl),
        "median_pnl_pct": median(pnl),
        "total_pnl_pct": total(pnl) if len(pnl) else None,
        "best_trade_pct": finite(pnl.max()) if len(pnl) else None,
        "worst_trade_pct": finite(pnl.min()) if len(pnl) else None,
        "avg_win_pct": mean(pnl[pnl > 0]),
        "avg_loss_pct": mean(pnl[pnl < 0]),
    }


def _money(columns: TradeColumns) -> dict[str, Figure]:
    pnl, fees, slippage = columns.pnl_cost, columns.fee_cost, columns.slippage_cost
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    return {
        "total_pnl_cost": total(pnl),
        "gross_pnl_cost": total(pnl + fees + slippage),
        "fee_cost": total(fees),
        "slippage_cost": total(slippage),
        "traded_cost": total(columns.cost),
        "avg_pnl_cost": mean(pnl),
        "avg_win_cost": mean(wins),
        "avg_loss_cost": mean(losses),
        "profit_factor_cost": ratio(float(wins.sum()), -float(losses.sum())) if len(wins) else None,
        "payoff_ratio": ratio(mean(wins), mean(-losses)),
    }


def _excursions(columns: TradeColumns) -> dict[str, Figure]:
    """MFE and MAE: the best and the worst moment of each trade, in percent of its cost."""
    best, worst = columns.peak_pct, columns.fall_pct
    return {
        "avg_mfe_pct": mean(best),
        "avg_mae_pct": mean(worst),
        "best_mfe_pct": finite(best.max()) if len(best) else None,
        "worst_mae_pct": finite(worst.min()) if len(worst) else None,
    }


def _durations(columns: TradeColumns) -> dict[str, Figure]:
    minutes = (columns.closed_at_ms - columns.opened_at_ms) / MINUTE_MS
    return {
        "first_opened_ms": int(columns.opened_at_ms.min()) if len(columns) else None,
        "last_closed_ms": int(columns.closed_at_ms[-1]) if len(columns) else None,
        "avg_duration_minutes": mean(minutes),
        "median_duration_minutes": median(minutes),
        "avg_win_duration_minutes": mean(minutes[columns.pnl_pct > 0]),
        "avg_loss_duration_minutes": mean(minutes[columns.pnl_pct < 0]),
    }
