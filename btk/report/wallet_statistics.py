"""Wallet statistics: what the run did to the money, from the equity of every minute and every UTC day."""

from __future__ import annotations

import math

import numpy as np

from btk.core.equity import EquitySummary
from btk.model.bars import Column
from btk.model.intervals import DAY_MS
from btk.report.gates import (
    DAYS_PER_YEAR,
    EPSILON,
    MAX_YEARLY_RETURN_PCT,
    MIN_DAYS,
    Figure,
    clamped,
    deviation,
    downside,
    finite,
    mean,
    product,
    ratio,
    yearly_pct,
)


def wallet_statistics(
    curve: EquitySummary, traded_cost: float | None, buy_and_hold_pct: float | None
) -> dict[str, Figure]:
    """Figures of one wallet over the whole frame, flat days included.

    `cagr_pct` needs 14 days, and is None when less than a year is blown up to more than 100 %. `sharpe_daily`
    and `sortino_daily` are over the returns of at least 14 UTC days, risk-free 0, annualised with the square
    root of 365 (crypto trades every day); `wallet_calmar_ratio` is `cagr_pct` over `max_drawdown_pct`.
    `turnover` is how often the mean equity was put into positions (`traded_cost`, quote currency).
    `buy_and_hold_pct` is passed through.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return {
            **_outcome(curve, buy_and_hold_pct),
            **_drawdown(curve),
            **_daily(curve),
            **_use(curve, traded_cost),
        }


def _outcome(curve: EquitySummary, buy_and_hold_pct: float | None) -> dict[str, Figure]:
    return {
        "start_equity": finite(curve.start),
        "final_equity": finite(curve.final),
        "peak_equity": finite(curve.peak),
        "return_pct": _return_pct(curve),
        "cagr_pct": _cagr_pct(curve),
        "buy_and_hold_pct": finite(buy_and_hold_pct),
    }


def _return_pct(curve: EquitySummary) -> float | None:
    growth = ratio(curve.final, curve.start)
    return None if growth is None else finite((growth - 1) * 100)


def _days(curve: EquitySummary) -> float:
    return (curve.to_ms - curve.from_ms) / DAY_MS


def _cagr_pct(curve: EquitySummary) -> float | None:
    days, growth = _days(curve), ratio(curve.final, curve.start)
    if days < MIN_DAYS or growth is None:
        return None
    cagr = yearly_pct(growth, DAYS_PER_YEAR / days)
    extrapolated = days < DAYS_PER_YEAR
    return None if extrapolated and cagr is not None and cagr > MAX_YEARLY_RETURN_PCT else cagr


def _drawdown(curve: EquitySummary) -> dict[str, Figure]:
    deepest = curve.drawdown
    return {
        "max_drawdown_pct": finite(deepest.max_pct),
        "max_drawdown_cost": finite(deepest.max_cost),
        "drawdown_peak_ms": deepest.peak_ms,
        "drawdown_trough_ms": deepest.trough_ms,
        "drawdown_recovered_ms": deepest.recovered_ms,
        "longest_drawdown_minutes": deepest.longest_minutes,
        "wallet_calmar_ratio": clamped(ratio(_cagr_pct(curve), deepest.max_pct)),
        "ulcer_index_pct": _ulcer_index_pct(curve),
    }


def _ulcer_index_pct(curve: EquitySummary) -> float | None:
    if not curve.daily:
        return None
    equity = np.array(curve.daily)
    peaks = np.maximum(np.maximum.accumulate(equity), curve.start)
    falls = (peaks - equity) / peaks * 100
    return finite(math.sqrt(np.mean(falls * falls)))


def _daily(curve: EquitySummary) -> dict[str, Figure]:
    returns = _daily_returns_pct(curve)
    enough = returns if len(returns) >= MIN_DAYS else returns[:0]
    average, std_dev = mean(enough), deviation(enough)
    yearly = math.sqrt(DAYS_PER_YEAR)
    return {
        "days": len(curve.daily),
        "periods_per_year": DAYS_PER_YEAR,
        "sharpe_daily": product(ratio(average, std_dev), yearly),
        "sortino_daily": product(ratio(average, downside(enough)), yearly),
        "volatility_yearly_pct": product(std_dev, yearly),
        "best_day_pct": finite(returns.max()) if len(returns) else None,
        "worst_day_pct": finite(returns.min()) if len(returns) else None,
    }


def _daily_returns_pct(curve: EquitySummary) -> Column:
    """Each day's close over the one before; they end where nothing is left to earn a return on."""
    equity: Column = np.array((curve.start, *curve.daily))
    gone = np.flatnonzero(equity <= EPSILON)
    equity = equity[: gone[0] + 1] if len(gone) else equity
    returns: Column = np.diff(equity) / equity[:-1] * 100
    return returns


def _use(curve: EquitySummary, traded_cost: float | None) -> dict[str, Figure]:
    return {
        "exposure_pct": finite(curve.invested_minutes / curve.minutes * 100) if curve.minutes else None,
        "avg_invested_pct": product(ratio(curve.mean_invested, curve.mean_equity), 100),
        "turnover": ratio(traded_cost, curve.mean_equity),
    }
