"""Sizing: what an entry costs when the strategy does not say. Formulas: shared design, origin-core.md section 7.5."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from btk.core.holding import Plan
from btk.model.bars import Candles
from btk.model.errors import InvalidInput
from btk.model.settings import Sizing

NotSized = str
"""Why no size could be found."""


def entry_cost(
    sizing: Sizing, plan: Plan, equity: float, average_range: Callable[[], float]
) -> float | NotSized:
    """The cost of the entry in quote currency, or the reason why there is none.

    `average_range` gives the average true range of `sizing.atr_bars` bars, in quote currency; asked only by `atr`.
    """
    if sizing.method == "fixed_cost":
        return _capped(sizing, plan.cost, equity)
    if equity <= 0:
        return f"sizing.{sizing.method}: the equity {equity:.2f} is used up"
    quantity = _quantity(sizing, plan, equity, average_range)
    if isinstance(quantity, str):
        return quantity
    return _capped(sizing, quantity * plan.price_open, equity)


def is_as_planned(sizing: Sizing) -> bool:
    """Whether an entry costs what its plan says, whatever the equity."""
    caps = (sizing.min_cost, sizing.max_cost, sizing.max_position_pct)
    return sizing.method == "fixed_cost" and caps == (None, None, None)


def fixed_percentage(equity: float, risk_pct: float, price_open: float, price_stop: float) -> float:
    """The quantity whose loss at the stop is `risk_pct` of the equity."""
    distance = abs(price_open - price_stop)
    if distance == 0:
        raise InvalidInput("sizing.fixed_percentage: the stop is at the entry")
    return equity * risk_pct / 100 / distance


def kelly(equity: float, odds: tuple[float, float, float], price_open: float) -> float:
    """The quantity of `fraction` x Kelly, odds = (win rate 0..1, reward ratio, fraction); 0 where the edge is negative."""
    win_rate, reward_ratio, fraction = odds
    if not 0 < win_rate < 1 or reward_ratio <= 0 or price_open <= 0:
        raise InvalidInput("sizing.kelly: win_rate must be within 0..1, reward_ratio and the price above 0")
    edge = (win_rate * reward_ratio - (1 - win_rate)) / reward_ratio
    return equity * max(0.0, edge) * fraction / price_open


def atr(equity: float, risk_pct: float, average_range: float, multiple: float) -> float:
    """The quantity that loses `risk_pct` of the equity over `multiple` average true ranges."""
    width = average_range * multiple
    if average_range <= 0 or width <= 0:
        raise InvalidInput("sizing.atr: the average true range is 0")
    return equity * risk_pct / 100 / width


def average_true_range(candles: Candles) -> float:
    """The mean true range of all but the first candle, in quote currency."""
    high, low, before = candles.high[1:], candles.low[1:], candles.close[:-1]
    ranges = np.maximum(high - low, np.maximum(np.abs(high - before), np.abs(low - before)))
    return float(ranges.mean())


def _quantity(
    sizing: Sizing, plan: Plan, equity: float, average_range: Callable[[], float]
) -> float | NotSized:
    try:
        if sizing.method == "kelly":
            odds = (sizing.win_rate or 0.0, sizing.reward_ratio or 0.0, sizing.fraction)
            return kelly(equity, odds, plan.price_open)
        risk_pct = sizing.risk_pct or 0.0
        if sizing.method == "fixed_percentage":
            return fixed_percentage(equity, risk_pct, plan.price_open, plan.price_stop_loss)
        return atr(equity, risk_pct, average_range(), sizing.atr_multiple)
    except InvalidInput as problem:
        return str(problem)


def _capped(sizing: Sizing, cost: float, equity: float) -> float | NotSized:
    if sizing.min_cost is not None:
        cost = max(cost, sizing.min_cost)
    if sizing.max_position_pct is not None:
        cost = min(cost, equity * sizing.max_position_pct / 100)
    if sizing.max_cost is not None:
        cost = min(cost, sizing.max_cost)
    return cost if cost > 0 else f"sizing.{sizing.method}: nothing to stake"
