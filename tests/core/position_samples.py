"""Positions for tests of the core: what was bought and sold, in the order it happened."""

from __future__ import annotations

from typing import NamedTuple

from btk.core import holding as holdings
from btk.core.holding import Holding, Plan
from btk.core.rules import Rules

RULES = Rules()


class Buy(NamedTuple):
    """An entry."""

    price: float
    cost: float = 100.0


class Sell(NamedTuple):
    """A close of `pct` percent of what is left."""

    pct: float
    price: float


def a_plan(
    price_open: float = 100.0, *, side: int = 1, stop: float = 95.0, take: float = 110.0, cost: float = 100.0
) -> Plan:
    """A market entry at `price_open`."""
    return Plan(
        id="a",
        position="long" if side > 0 else "short",
        side=side,
        price_open=price_open,
        price_take_profit=take,
        price_stop_loss=stop,
        lifetime_ms=1440 * 60_000.0,
        cost=cost,
        note="",
        created_ms=0,
        price=price_open,
    )


def a_position(*steps: Buy | Sell, side: int = 1, stop: float = 1.0, take: float = 1000.0) -> Holding:
    """A position; the first step is its opening, a step a minute."""
    first = steps[0]
    assert isinstance(first, Buy)
    holding = holdings.opened(
        a_plan(first.price, side=side, stop=stop, take=take, cost=first.cost), first.price, 0, RULES
    )
    for minute, step in enumerate(steps[1:], start=1):
        if isinstance(step, Buy):
            holding = holdings.averaged(holding, step.price, step.cost, minute * 60_000)
        else:
            holding = holdings.reduced(holding, "profit", step.pct, step.price, minute * 60_000)
    return holding
