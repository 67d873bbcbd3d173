"""Price profile: what the exit prices of consecutive trades say about the market the strategy met.

It describes only the moments the strategy traded, and only one symbol: prices of different symbols make no
series.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from btk.model.bars import Column
from btk.model.intervals import DAY_MS
from btk.report.gates import EPSILON, MIN_TRADES, Figure, finite, median, ratio
from btk.report.tables import Cell
from btk.report.trade_columns import TradeColumns

SIDEWAYS_BELOW_R2 = 0.30
NEUTRAL_BELOW_STEPS = 0.25

NAMES = (
    "median_step_pct",
    "buyer_pressure_pct",
    "seller_pressure_pct",
    "buyer_strength_pct",
    "seller_strength_pct",
    "pressure_imbalance",
    "trend",
    "trend_strength_pct",
    "trend_confidence",
)


def is_untold(name: str, value: Cell) -> bool:
    """Whether a figure is one of these and None: it is not missing, the trades have no such figure."""
    return value is None and name in NAMES


def price_profile(columns: TradeColumns) -> dict[str, Figure]:
    """Steps, pressure and trend of the exit prices; all None under 10 trades or with more than one symbol."""
    symbols = {trade.symbol for trade in columns.trades}
    if len(columns) < MIN_TRADES or len(symbols) != 1:
        return dict.fromkeys(NAMES)
    steps = np.diff(columns.price_close) / columns.price_close[:-1] * 100
    median_step = median(np.abs(steps))
    return {"median_step_pct": median_step, **_pressure(steps), **_trend(columns, median_step)}


def _pressure(steps: Column) -> dict[str, Figure]:
    up, down = steps[steps > 0], -steps[steps < 0]
    moves, path = len(up) + len(down), float(up.sum() + down.sum())
    buyers, sellers = _share(float(up.sum()), path), _share(float(down.sum()), path)
    return {
        "buyer_pressure_pct": _share(len(up), moves),
        "seller_pressure_pct": _share(len(down), moves),
        "buyer_strength_pct": buyers,
        "seller_strength_pct": sellers,
        "pressure_imbalance": None if buyers is None or sellers is None else buyers - sellers,
    }


def _share(part: float, whole: float) -> float | None:
    share = ratio(part, whole)
    return None if share is None else share * 100


class _Line(NamedTuple):
    slope_pct: float | None
    r_squared: float | None


def _trend(columns: TradeColumns, median_step: float | None) -> dict[str, Figure]:
    days = (columns.closed_at_ms - columns.closed_at_ms[0]) / DAY_MS
    line = _fitted(days, np.log(columns.price_close))
    return {
        "trend": _word(line, median_step),
        "trend_strength_pct": line.slope_pct,
        "trend_confidence": line.r_squared,
    }


def _fitted(days: Column, log_price: Column) -> _Line:
    if days[-1] <= 0:
        return _Line(None, None)
    x, y = days - days.mean(), log_price - log_price.mean()
    spread, variance, together = float(x @ x), float(y @ y), float(x @ y)
    slope = together / spread
    if variance <= EPSILON * EPSILON:
        return _Line(finite(slope * 100), 0.0)
    return _Line(finite(slope * 100), min(1.0, together * slope / variance))


def _word(line: _Line, median_step: float | None) -> str | None:
    if line.slope_pct is None or line.r_squared is None or median_step is None:
        return None
    if line.r_squared < SIDEWAYS_BELOW_R2:
        return "sideways"
    if abs(line.slope_pct) < NEUTRAL_BELOW_STEPS * median_step:
        return "neutral"
    return "bullish" if line.slope_pct > 0 else "bearish"
