"""Milestones: how far a position has come toward its target or its stop, and whether it has earned break-even."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from btk.core.holding import Holding
from btk.core.rules import Rules
from btk.model.bars import Column

LEVELS = np.arange(10.0, 100.0, 10.0)
TOP = 90


class Reached(NamedTuple):
    """Something reached at row `row`; level 0 is break-even, positive a profit level, negative a loss level."""

    row: int
    level: int


def reached(holding: Holding, prices: Column, start: int, stop: int, rules: Rules) -> list[Reached]:
    """All that the prices of rows `[start, stop)` reach for the first time, in the order in which it is told."""
    if start >= stop:
        return []
    part = prices[start:stop]
    side = holding.plan.side
    found: list[Reached] = []
    if not holding.breakeven_reached:
        found += _breakeven(holding, part, rules)
    if holding.profit_level < TOP:
        found += _levels(holding, part, (holding.take, side, holding.profit_level), rules)
    if holding.loss_level < TOP:
        found += [
            Reached(row, -level)
            for row, level in _levels(holding, part, (holding.stop, -side, holding.loss_level), rules)
        ]
    if start:
        found = [Reached(start + row, level) for row, level in found]
    found.sort(key=_order)
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


def _order(reached: Reached) -> tuple[int, int]:
    return (reached.row, abs(reached.level))


def _breakeven(holding: Holding, part: Column, rules: Rules) -> list[Reached]:
    level, entry = breakeven_price(holding, rules), holding.price_open
    if holding.plan.side > 0:
        mask = part >= max(level, np.nextafter(entry, np.inf))
    else:
        mask = part <= min(level, np.nextafter(entry, -np.inf))
    hit = int(mask.argmax())
    return [Reached(hit, 0)] if mask[hit] else []


def _levels(holding: Holding, part: Column, way: tuple[float, int, int], rules: Rules) -> list[Reached]:
    goal, toward, told_until = way
    entry = holding.price_open
    distance = abs(goal - entry)
    farthest = float(part.max() if toward > 0 else part.min())
    slack = 1 + rules.tolerance
    if distance == 0 or (farthest - entry) * toward / distance * 100 * slack < told_until + 10:
        return []
    so_far = np.maximum.accumulate((part - entry) * toward / distance * 100 * slack)
    first, top = told_until // 10, int(min(so_far[-1], TOP) // 10)
    rows = so_far.searchsorted(LEVELS[first:top])
    return [Reached(int(row), 10 * (first + 1 + step)) for step, row in enumerate(rows)]
