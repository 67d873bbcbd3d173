"""Milestones: how far a position has come toward its target or its stop, and whether it has earned break-even."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec
import numpy as np

from btk.core.holding import Holding
from btk.core.rules import Rules
from btk.model.bars import Column

STEP, TOP = 10, 90
LEVELS = np.arange(STEP, TOP + STEP, STEP, dtype=np.float64)
_ROW = itemgetter(0)


class Reached(NamedTuple):
    """Something reached at row `row`; level 0 is break-even, positive a profit level, negative a loss level."""

    row: int
    level: int


def reached(holding: Holding, prices: Column, start: int, stop: int, rules: Rules) -> list[Reached]:
    """All that the prices of rows `[start, stop)` reach for the first time, in the order in which it is told."""
    if start >= stop:
        return []
    # A short position is looked at in a mirror: from here on, up is toward the target.
    side, entry = holding.plan.side, holding.price_open * holding.plan.side
    part = prices[start:stop] if side > 0 else -prices[start:stop]
    best, worst = np.maximum.accumulate(part), np.minimum.accumulate(part)
    found: list[Reached] = []
    if not holding.breakeven_reached:
        earned = max(breakeven_price(holding, rules) * side, math.nextafter(entry, math.inf))
        row = int(best.searchsorted(earned))
        if row < len(best):
            found.append(Reached(start + row, 0))
    if holding.profit_level < TOP:
        levels = _levels(best - entry, abs(holding.take - holding.price_open), holding.profit_level, rules)
        found += [Reached(start + row, level) for row, level in levels]
    if holding.loss_level < TOP:
        levels = _levels(entry - worst, abs(holding.stop - holding.price_open), holding.loss_level, rules)
        found += [Reached(start + row, -level) for row, level in levels]
    # Stable: what one row reaches stays as it is, from the nearest level to the farthest.
    found.sort(key=_ROW)
    return found


def told(holding: Holding, found: Sequence[Reached]) -> Holding:
    """The position after milestones were told."""
    levels = [level for _, level in found]
    return msgspec.structs.replace(
        holding,
        breakeven_reached=holding.breakeven_reached or 0 in levels,
        profit_level=max(holding.profit_level, *levels, 0),
        loss_level=max(holding.loss_level, -min(levels), 0),
    )


def breakeven_price(holding: Holding, rules: Rules) -> float:
    """The price at which fees, slippage and the threshold are earned."""
    return holding.price_open * (1 + holding.plan.side * rules.breakeven_pct / 100)


def _levels(farthest: Column, distance: float, told_until: int, rules: Rules) -> Iterable[tuple[int, int]]:
    slack = 1 + rules.tolerance
    reached_pct = float(farthest[-1]) / distance * 100 * slack if distance else 0.0
    if reached_pct < told_until + STEP:
        return ()
    first, top = told_until // STEP, int(min(reached_pct, TOP) // STEP)
    rows = (farthest / distance * 100 * slack).searchsorted(LEVELS[first:top])
    return zip(rows.tolist(), range(told_until + STEP, TOP + STEP, STEP), strict=False)
