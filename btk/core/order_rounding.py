"""Quantities and prices as a market takes them, rounded to the safe side; and what is too small to be traded."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from btk.model.accounts import MarketLimits
from btk.model.orders import OrderKind, OrderSide

# Sums of fills are off by their last bits: a step that is as good as whole is whole.
_SLACK_STEPS = Decimal("1e-6")
# What an entry in the spot market may lose to fees in its own currency, with room to spare.
AFTER_FEES = 0.995
AT_MARKET: frozenset[OrderKind] = frozenset({"market", "stop", "target"})


def safe_price(price: float, side: OrderSide, limits: MarketLimits) -> float:
    """A buyer never pays more and a seller never takes less; a stop comes rather earlier than later."""
    return _rounded(price, limits.price_tick, ROUND_FLOOR if side == "buy" else ROUND_CEILING)


def safe_quantity(quantity: float, kind: OrderKind, limits: MarketLimits) -> float:
    """The largest quantity that is not above: never more than is meant, never more than is held."""
    step, most = limits.quantity_step, limits.max_quantity
    if kind in AT_MARKET:
        step, most = max(step, limits.market_step), limits.market_max_quantity or most
    return _rounded(min(quantity, most) if most else quantity, step, ROUND_FLOOR)


def is_dust(quantity: float, price: float, limits: MarketLimits) -> bool:
    """Whether so little cannot be sold at that price; reducing a contract has no least cost."""
    return bool(too_small(quantity, price, limits, reduces=limits.contract))


def too_small(
    quantity: float, price: float, limits: MarketLimits, *, reduces: bool = False, kind: OrderKind = "market"
) -> str:
    """Why so little cannot be ordered, or nothing."""
    least = limits.min_quantity
    if kind in AT_MARKET:
        least = max(least, limits.market_min_quantity)
    rounded = safe_quantity(quantity, kind, limits)
    if rounded <= 0 or rounded < least:
        smallest = max(least, limits.quantity_step)
        return f"{quantity:g} {limits.base} is less than the {smallest:g} that {limits.symbol} takes"
    cost = rounded * price
    if cost < limits.min_notional and not (reduces and limits.contract):
        return (
            f"{cost:.4g} {limits.quote} is less than the {limits.min_notional:g} that {limits.symbol} takes"
        )
    return ""


def too_large(quantity: float, limits: MarketLimits) -> str:
    """Why so much cannot be held: one stop must be able to close all of it; or nothing."""
    most = limits.market_max_quantity or limits.max_quantity
    if not most or quantity <= most:
        return ""
    return f"{quantity:g} {limits.base} is more than the {most:g} that one order of {limits.symbol} takes"


def entry_problem(quantity: float, price: float, stop: float, limits: MarketLimits) -> str:
    """Why an entry may not be made: a market that stands still, too small itself, or for the stop that is to protect it."""
    if not limits.trading:
        return f"{limits.symbol} is not traded at the moment"
    problem = too_small(quantity, price, limits)
    if problem:
        return problem
    kept = quantity if limits.contract else quantity * AFTER_FEES
    problem = too_small(kept, min(price, stop), limits, reduces=True)
    return f"{problem} at the stop, so it could not be protected" if problem else ""


def part_problem(held: float, part: float, price: float, limits: MarketLimits) -> str:
    """Why a part of a position may not be closed: it or what would be left is too small."""
    problem = too_small(part, price, limits, reduces=True)
    if problem:
        return problem
    left = held - safe_quantity(part, "market", limits)
    problem = too_small(left, price, limits, reduces=True) if left > 0 else ""
    return f"{problem}, which is what would be left" if problem else ""


def _rounded(value: float, step: float, direction: str) -> float:
    if step <= 0:
        return value
    unit = Decimal(repr(step))
    steps = Decimal(repr(value)) / unit
    nearest = steps.to_integral_value()
    if abs(steps - nearest) > _SLACK_STEPS:
        nearest = steps.to_integral_value(direction)
    return float(nearest * unit)
