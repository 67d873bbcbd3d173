"""Trade ratios: reward beside risk, per closed trade, each behind the gate that its sample must pass."""

from __future__ import annotations

import math

import numpy as np

from btk.model.bars import Column
from btk.model.intervals import DAY_MS
from btk.report.compounding import Compounded, compounded
from btk.report.gates import (
    DAYS_PER_YEAR,
    EPSILON,
    MAX_TRADES_PER_YEAR,
    MAX_YEARLY_RETURN_PCT,
    MIN_DAYS,
    MIN_TRADES,
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
from btk.report.trade_columns import TradeColumns

SPREAD = (
    "std_dev_pct",
    "skewness",
    "kurtosis",
    "sharpe_ratio",
    "annualized_sharpe_ratio",
    "sortino_ratio",
    "sqn",
)
EDGE = ("certainty_ratio", "expectancy_pct", "kelly_pct")
GROWTH = (
    "expected_yearly_returns_pct",
    "compounded_return_pct",
    "compounded_drawdown_pct",
    "calmar_ratio",
    "recovery_factor",
)


def ratio_figures(columns: TradeColumns) -> dict[str, Figure]:
    """Ratios per trade, annualised and compounded.

    Per trade: 10 trades at least. Annualised: 10 trades over 14 days at least, 365 a year and a return of
    100 % at most. The risk-free return is 0; a ratio over a denominator of (nearly) 0 is None.
    """
    enough = len(columns) >= MIN_TRADES
    per_year = _trades_per_year(columns)
    spread = _spread(columns.pnl_pct, per_year) if enough else dict.fromkeys(SPREAD)
    edge = _edge(columns.pnl_pct) if enough else dict.fromkeys(EDGE)
    return {
        **spread,
        **edge,
        "profit_factor": _profit_factor(columns.pnl_pct),
        "trades_per_year": per_year,
        **_growth(columns, per_year),
    }


def _spread(pnl: Column, per_year: float | None) -> dict[str, Figure]:
    average, std_dev = mean(pnl), deviation(pnl)
    sharpe = ratio(average, std_dev)
    return {
        "std_dev_pct": std_dev,
        **_shape(pnl),
        "sharpe_ratio": sharpe,
        "annualized_sharpe_ratio": product(sharpe, None if per_year is None else math.sqrt(per_year)),
        "sortino_ratio": ratio(average, downside(pnl)),
        "sqn": product(sharpe, math.sqrt(len(pnl))),
    }


def _shape(pnl: Column) -> dict[str, Figure]:
    """Third and fourth standardised moment (population; a bell has 0 and 3); None without a spread."""
    astray = pnl - pnl.mean()
    spread = finite(np.sqrt((astray * astray).mean()))
    if spread is None or not spread > EPSILON:
        return {"skewness": None, "kurtosis": None}
    standard = astray / spread
    return {"skewness": finite((standard**3).mean()), "kurtosis": finite((standard**4).mean())}


def _edge(pnl: Column) -> dict[str, Figure]:
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    average_loss = mean(-losses)
    return {
        "certainty_ratio": ratio(mean(wins) if len(wins) else 0.0, average_loss),
        "expectancy_pct": finite((wins.sum() + losses.sum()) / len(pnl)),
        "kelly_pct": _kelly_pct(len(wins), len(losses), ratio(mean(wins), average_loss)),
    }


def _kelly_pct(wins: int, losses: int, payoff: float | None) -> float | None:
    if not payoff:
        return None
    won = wins / (wins + losses)
    return finite((won - (1 - won) / payoff) * 100)


def _profit_factor(pnl: Column) -> float | None:
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    return ratio(float(wins.sum()), -float(losses.sum())) if len(wins) else None


def _trades_per_year(columns: TradeColumns) -> float | None:
    if len(columns) < MIN_TRADES:
        return None
    days = (int(columns.closed_at_ms[-1]) - int(columns.opened_at_ms.min())) / DAY_MS
    per_year = len(columns) / days * DAYS_PER_YEAR if days >= MIN_DAYS else math.inf
    return per_year if per_year <= MAX_TRADES_PER_YEAR else None


def _growth(columns: TradeColumns, per_year: float | None) -> dict[str, Figure]:
    if not len(columns):
        return dict.fromkeys(GROWTH)
    whole = compounded(columns.pnl_pct, columns.fall_pct)
    drawdown = finite(float(whole.drawdown_pct))
    yearly = None if per_year is None else _expected_yearly_pct(whole, per_year / len(columns))
    grown = (float(whole.final) - 1) * 100
    recoverable = len(columns) >= MIN_TRADES and not whole.blown
    return {
        "expected_yearly_returns_pct": yearly,
        "compounded_return_pct": finite(grown),
        "compounded_drawdown_pct": drawdown,
        "calmar_ratio": clamped(ratio(yearly, drawdown)),
        "recovery_factor": clamped(ratio(grown, drawdown)) if recoverable else None,
    }


def _expected_yearly_pct(whole: Compounded, spans_per_year: float) -> float | None:
    yearly = yearly_pct(float(whole.final), spans_per_year)
    return None if yearly is None or abs(yearly) > MAX_YEARLY_RETURN_PCT else yearly
