"""Moving a stop or a target: where the new level would be, and why it may not go there."""

from __future__ import annotations

import math

from btk.core.holding import Holding
from btk.core.milestones import breakeven_price
from btk.core.rules import Rules

NEITHER = "give either a shift or a price"


def wanted_stop(holding: Holding, shift_pct: float | None, price: float | None, rules: Rules) -> float | str:
    """Where a shift of the original distance, or a price, puts the stop; or why it is neither."""
    if shift_pct is not None and price is None:
        return _shift_problem(shift_pct) or stop_level(holding, shift_pct)
    if shift_pct is not None or price is None:
        return NEITHER
    if rules.quirks.commands_one_candle_late:
        # The origin turns a price into a shift first, with a shift's limits and rounding.
        return wanted_stop(holding, stop_shift(holding, price), None, rules)
    return float(price)


def wanted_take(holding: Holding, shift_pct: float | None, price: float | None, rules: Rules) -> float | str:
    """Where a shift of the original distance, or a price, puts the target; or why it is neither."""
    if shift_pct is not None and price is None:
        return _shift_problem(shift_pct) or take_level(holding, shift_pct)
    if shift_pct is not None or price is None:
        return NEITHER
    if rules.quirks.commands_one_candle_late:
        # The origin turns a price into a shift first, with a shift's limits and rounding.
        return wanted_take(holding, take_shift(holding, price), None, rules)
    return float(price)


def stop_level(holding: Holding, shift_pct: float) -> float:
    """The stop `shift_pct` percentage points farther than the original distance, measured from the effective entry."""
    entry = holding.price_open
    distance = abs(entry - holding.plan.price_stop_loss) / entry * 100 + shift_pct
    return entry * (1 - holding.side * distance / 100)


def take_level(holding: Holding, shift_pct: float) -> float:
    """The target `shift_pct` percentage points farther than the original distance, measured from the effective entry."""
    entry = holding.price_open
    distance = abs(holding.plan.price_take_profit - entry) / entry * 100 + shift_pct
    return entry * (1 + holding.side * distance / 100)


def stop_shift(holding: Holding, price: float) -> float:
    """The shift that puts the stop at `price`."""
    entry = holding.price_open
    wanted = (entry - price) / entry * 100 * holding.side
    return wanted - abs(entry - holding.plan.price_stop_loss) / entry * 100


def take_shift(holding: Holding, price: float) -> float:
    """The shift that puts the target at `price`."""
    entry = holding.price_open
    wanted = (price - entry) / entry * 100 * holding.side
    return wanted - abs(holding.plan.price_take_profit - entry) / entry * 100


def stop_problem(holding: Holding, level: float, price: float, rules: Rules) -> str | None:
    """Why the stop may not go to `level` at the market's `price`, or None."""
    side = holding.side
    if not 0 < level < math.inf:
        return f"stop {level:g} must be finite and above 0"
    if (price - level) * side < 0:
        return f"the price {price:g} is already beyond a stop at {level:g}"
    if (holding.take - level) * side <= 0:
        return f"a stop at {level:g} would be at or beyond the target {holding.take:g}"
    if rules.quirks.first_trail_is_free and not holding.stop_moved:
        return None
    distance_pct = (holding.price_open - level) * side / holding.price_open * 100
    if (
        not rules.quirks.first_trail_is_free
        and 0 < rules.max_stop_loss_pct * (1 + rules.tolerance) < distance_pct
    ):
        return f"stop is {distance_pct:.6g} % away, signal.max_stop_loss_pct is {rules.max_stop_loss_pct:g}"
    if not rules.trailing_everywhere and (level - holding.stop) * side <= 0:
        return f"a stop at {level:g} is not tighter than {holding.stop:g}"
    return None


def take_problem(holding: Holding, level: float, price: float, rules: Rules) -> str | None:
    """Why the target may not go to `level` at the market's `price`, or None."""
    side = holding.side
    if not 0 < level < math.inf:
        return f"target {level:g} must be finite and above 0"
    if (level - price) * side < 0:
        return f"the price {price:g} is already beyond a target at {level:g}"
    if (level - holding.stop) * side <= 0:
        return f"a target at {level:g} would be at or beyond the stop {holding.stop:g}"
    if rules.quirks.first_trail_is_free and not holding.take_moved:
        return None
    if not rules.trailing_everywhere and (holding.take - level) * side <= 0:
        return f"a target at {level:g} is not tighter than {holding.take:g}"
    return None


def breakeven_problem(holding: Holding, price: float, rules: Rules) -> str | None:
    """Why the stop may not go to the effective entry at the market's `price`, or None."""
    side, entry = holding.side, holding.price_open
    if (holding.take - entry) * side <= 0:
        return f"the entry {entry:g} is at or beyond the target {holding.take:g}"
    if (entry - holding.stop) * side <= 0:
        return f"the stop {holding.stop:g} is already at or beyond the entry {entry:g}"
    threshold = breakeven_price(holding, rules)
    if (price - threshold) * side < 0:
        return f"the price {price:g} has not reached break-even at {threshold:g}"
    return None


def _shift_problem(shift_pct: float) -> str | None:
    if not math.isfinite(shift_pct) or shift_pct == 0 or abs(shift_pct) > 100:
        return f"shift {shift_pct:g} must be between -100 and 100 percentage points and not 0"
    return None
