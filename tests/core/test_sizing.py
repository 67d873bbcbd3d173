"""Sizing: the worked numbers of origin-core.md, section 7.5, and the caps on what an entry costs."""

from __future__ import annotations

import numpy as np
import pytest

from btk.core import sizing
from btk.model.bars import Bars, Candles
from btk.model.errors import InvalidInput
from btk.model.intervals import MINUTE_MS
from btk.model.settings import Sizing
from tests.core.position_samples import a_plan

EQUITY = 10_000.0
PLAN = a_plan(50_000.0, stop=49_000.0, take=55_000.0)


def no_range() -> float:
    raise AssertionError("only the atr method asks for the average range")


def test_a_fixed_percentage_is_lost_at_the_stop() -> None:
    quantity = sizing.fixed_percentage(EQUITY, 2, 50_000, 49_000)
    assert quantity == pytest.approx(0.2)
    assert quantity * (50_000 - 49_000) == pytest.approx(EQUITY * 0.02)


def test_kelly_stakes_a_quarter_of_the_edge() -> None:
    # (0.55 x 1.5 - 0.45) / 1.5 = 0.25; 10000 x 0.25 x 0.25 / 50000
    assert sizing.kelly(EQUITY, (0.55, 1.5, 0.25), 50_000) == pytest.approx(0.0125)


def test_kelly_without_an_edge_stakes_nothing() -> None:
    assert sizing.kelly(EQUITY, (0.3, 1.0, 0.25), 50_000) == 0


def test_atr_loses_its_percentage_over_two_ranges() -> None:
    assert sizing.atr(EQUITY, 2, 500, 2) == pytest.approx(10_000 * 0.02 / (500 * 2))


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="the stop is at the entry"):
        sizing.fixed_percentage(EQUITY, 2, 50_000, 50_000)
    with pytest.raises(InvalidInput, match="win_rate"):
        sizing.kelly(EQUITY, (1.0, 1.5, 0.25), 50_000)
    with pytest.raises(InvalidInput, match="average true range is 0"):
        sizing.atr(EQUITY, 2, 0, 2)


@pytest.mark.parametrize(
    ("chosen", "cost"),
    [
        (Sizing(), 100),
        (Sizing(method="fixed_percentage", risk_pct=2), 0.2 * 50_000),
        (Sizing(method="kelly", win_rate=0.55, reward_ratio=1.5), 0.0125 * 50_000),
        (Sizing(method="kelly", win_rate=0.55, reward_ratio=1.5, min_cost=700), 700),
        (Sizing(method="fixed_percentage", risk_pct=2, max_cost=3000), 3000),
        (Sizing(method="fixed_percentage", risk_pct=2, max_position_pct=25), 2500),
        (Sizing(method="fixed_percentage", risk_pct=2, max_position_pct=25, max_cost=2000), 2000),
        (Sizing(min_cost=500, max_position_pct=2), 200),
    ],
)
def test_the_cost_of_an_entry_is_floored_then_capped(chosen: Sizing, cost: float) -> None:
    assert sizing.entry_cost(chosen, PLAN, EQUITY, no_range) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("chosen", "as_planned"),
    [
        (Sizing(), True),
        (Sizing(min_cost=500), False),
        (Sizing(max_cost=50), False),
        (Sizing(max_position_pct=2), False),
        (Sizing(method="fixed_percentage", risk_pct=2), False),
    ],
)
def test_an_entry_costs_what_is_planned_only_where_nothing_else_is_asked_for(
    chosen: Sizing, as_planned: bool
) -> None:
    assert sizing.is_as_planned(chosen) is as_planned
    if as_planned:
        assert sizing.entry_cost(chosen, PLAN, -1.0, no_range) == PLAN.cost


def test_atr_asks_for_the_average_range() -> None:
    chosen = Sizing(method="atr", risk_pct=2, atr_multiple=2)
    # 10000 x 2 % / (500 x 2) = 0.2 coins at 50000
    assert sizing.entry_cost(chosen, PLAN, EQUITY, lambda: 500.0) == pytest.approx(10_000)


def test_nothing_to_stake_is_said_not_ordered() -> None:
    without_edge = Sizing(method="kelly", win_rate=0.3, reward_ratio=1.0)
    assert sizing.entry_cost(without_edge, PLAN, EQUITY, no_range) == "sizing.kelly: nothing to stake"
    broke = Sizing(method="fixed_percentage", risk_pct=2)
    assert "used up" in str(sizing.entry_cost(broke, PLAN, -1.0, no_range))
    still = Sizing(method="atr", risk_pct=2)
    assert "average true range is 0" in str(sizing.entry_cost(still, PLAN, EQUITY, lambda: 0.0))


def test_the_true_range_reaches_back_to_the_close_before() -> None:
    # second bar: 3 high to low; third bar: opens far above, 108 - 101 = 7 from the close before
    rows = np.array([[100, 101, 99, 100, 1], [100, 103, 100, 101, 1], [107, 108, 106, 107, 1]], dtype=float)
    bars = Bars(0, MINUTE_MS, (rows[:, column].copy() for column in range(5)))
    assert sizing.average_true_range(Candles(bars, 0, 3)) == pytest.approx((3 + 7) / 2)
