"""Profit of one entry and one exit: the worked numbers of origin-core.md, section 5.1."""

from __future__ import annotations

import pytest

from btk.core import profit
from btk.core.profit import Leg
from btk.core.rules import Rules
from btk.model.trade import Entry, Partial

RULES = Rules()
LONG, SHORT = 1, -1


@pytest.mark.parametrize(
    ("side", "price_open", "price_close", "expected_pct"),
    [
        (LONG, 100, 110, 9.570439560),
        (SHORT, 100, 90, 9.629639640),
        (LONG, 100, 100, -0.399600400),
        (SHORT, 100, 100, -0.400400400),
        (LONG, 100, 100.5, 0.098902),
        (SHORT, 100, 99.5, 0.101102),
        (LONG, 100, 100.400801, 0.0),
        (SHORT, 100, 99.600799, 0.0),
        (LONG, 101, 100, -1.386733),
        (LONG, 98, 95, -3.451653),
    ],
)
def test_net_profit_has_slippage_and_fees_of_both_sides(
    side: int, price_open: float, price_close: float, expected_pct: float
) -> None:
    assert profit.net_pct(side, price_open, price_close, RULES) == pytest.approx(expected_pct, abs=1e-6)


def test_without_costs_the_profit_is_the_move() -> None:
    free = Rules(slippage_pct=0, fee_pct=0)
    assert profit.net_pct(LONG, 100, 103, free) == pytest.approx(3)
    assert profit.net_pct(SHORT, 100, 103, free) == pytest.approx(-3)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_position_that_moved_nowhere_has_earned_nothing_and_not_less(side: int) -> None:
    free = Rules(slippage_pct=0, fee_pct=0)
    assert str(profit.net_pct(side, 100, 100, free)) == "0.0"


def test_legs_pay_the_opening_fee_once_and_the_closing_fee_by_weight() -> None:
    # 60 % closed at 110, the rest at 115; slippage 0 leaves the fees alone: 0.1 for the way in, 0.1 x value on the way out
    rules = Rules(slippage_pct=0, fee_pct=0.1)
    legs = [Leg(0.6, 100, 110), Leg(0.4, 100, 115)]
    gross = 0.6 * 10 + 0.4 * 15
    fees = 0.1 + 0.1 * 0.6 * 1.10 + 0.1 * 0.4 * 1.15
    assert profit.legs_net_pct(LONG, legs, rules) == pytest.approx(gross - fees)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_gross_minus_fees_minus_slippage_is_net(side: int) -> None:
    legs = [Leg(0.25, 100, 120), Leg(0.3, 90, 80), Leg(0.45, 95, 97)]
    gross = sum(leg.weight * side * (leg.price_close - leg.price_open) / leg.price_open * 100 for leg in legs)
    costs = profit.costs(side, legs, RULES)
    assert costs.fee_pct > 0
    assert costs.slippage_pct > 0
    assert gross - costs.fee_pct - costs.slippage_pct == pytest.approx(profit.legs_net_pct(side, legs, RULES))


def test_one_whole_leg_is_worth_what_a_plain_position_is() -> None:
    assert profit.legs_net_pct(LONG, [Leg(1.0, 100, 110)], RULES) == pytest.approx(
        profit.net_pct(LONG, 100, 110, RULES)
    )


def test_the_effective_price_of_one_entry_keeps_the_rounding_of_the_division() -> None:
    assert profit.effective_price([Entry(98.55, 100, 0)], ()) == 98.55000000000001


def test_what_is_left_after_a_partial_close_counts_later_entries_whole() -> None:
    entries = [Entry(100, 100, 0), Entry(80, 200, 2)]
    partials = [Partial("profit", 60, 110, 100, 1, 1)]
    assert profit.remaining_basis(entries, partials) == pytest.approx(40 + 200)
