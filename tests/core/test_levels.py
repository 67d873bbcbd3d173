"""Moved stops and targets, and break-even: the worked numbers of origin-core.md, sections 6.2 and 6.4."""

from __future__ import annotations

import msgspec
import pytest

from btk.core import levels
from btk.core.holding import Holding
from btk.core.rules import ORIGIN, Rules
from tests.core.position_samples import RULES, Buy, a_position

PRICE = 101.0
LONG = a_position(Buy(100), stop=95, take=110)
SHORT = a_position(Buy(100), side=-1, stop=105, take=90)


def with_stop(stop: float, position: Holding = LONG) -> Holding:
    return msgspec.structs.replace(position, stop=stop, stop_moved=True)


def with_take(take: float, position: Holding = LONG) -> Holding:
    return msgspec.structs.replace(position, take=take, take_moved=True)


@pytest.mark.parametrize(
    ("standing", "shift", "level", "accepted"),
    [
        (95, -2, 97, True),
        (97, -1, 96, False),
        (97, -4, 99, True),
        (99, -5.5, 100.5, True),
        (100.5, -6.5, 101.5, False),
    ],
)
def test_a_stop_is_shifted_by_points_of_the_original_distance_and_only_tightened(
    standing: float, shift: float, level: float, accepted: bool
) -> None:
    position = with_stop(standing)
    wanted = levels.wanted_stop(position, shift, None, RULES)
    assert wanted == pytest.approx(level)
    assert (levels.stop_problem(position, float(wanted), PRICE, RULES) is None) is accepted


@pytest.mark.parametrize(
    ("standing", "shift", "level", "accepted"),
    [(110, -3, 107, True), (107, 2, 112, False), (107, -5, 105, True), (105, -9.5, 100.5, False)],
)
def test_a_target_is_shifted_by_points_of_the_original_distance_and_only_pulled_closer(
    standing: float, shift: float, level: float, accepted: bool
) -> None:
    position = with_take(standing)
    wanted = levels.wanted_take(position, shift, None, RULES)
    assert wanted == pytest.approx(level)
    assert (levels.take_problem(position, float(wanted), PRICE, RULES) is None) is accepted


def test_a_short_moves_in_the_mirror() -> None:
    assert levels.wanted_stop(SHORT, -2, None, RULES) == pytest.approx(103)
    assert levels.wanted_take(SHORT, -3, None, RULES) == pytest.approx(93)
    assert levels.stop_problem(SHORT, 103, 99, RULES) is None
    assert levels.stop_problem(SHORT, 106, 99, RULES) == "a stop at 106 is not tighter than 105"


def test_after_an_average_buy_distances_are_measured_from_the_effective_entry() -> None:
    # [100, 90] is 94.736842; a stop at 85 lies 10.277778 % below it, one of 8.277778 % is at 86.894737
    position = a_position(Buy(100), Buy(90), stop=85, take=110)
    assert levels.wanted_stop(position, -2, None, RULES) == pytest.approx(86.894737)


@pytest.mark.parametrize("price", [99.0, 100.5, 94.0])
def test_a_price_and_the_shift_that_leads_there_mean_the_same_stop(price: float) -> None:
    shift = levels.stop_shift(LONG, price)
    assert levels.stop_level(LONG, shift) == pytest.approx(price)
    assert levels.wanted_stop(LONG, None, price, RULES) == price


def test_a_price_and_the_shift_that_leads_there_mean_the_same_target() -> None:
    assert levels.take_level(SHORT, levels.take_shift(SHORT, 93)) == pytest.approx(93)
    assert levels.wanted_take(SHORT, None, 93, RULES) == 93


@pytest.mark.parametrize("shift", [0, 101, -100.5, float("nan"), float("inf")])
def test_a_shift_must_be_a_number_of_points(shift: float) -> None:
    assert "percentage points" in str(levels.wanted_stop(LONG, shift, None, RULES))
    assert "percentage points" in str(levels.wanted_take(LONG, shift, None, RULES))


def test_a_level_is_given_by_a_shift_or_a_price_but_not_both_or_neither() -> None:
    assert levels.wanted_stop(LONG, None, None, RULES) == levels.NEITHER
    assert levels.wanted_take(LONG, -1, 105, RULES) == levels.NEITHER


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (101.5, "the price 101 is already beyond a stop at 101.5"),
        (0.0, "stop 0 must be finite and above 0"),
        (95.0, "a stop at 95 is not tighter than 95"),
    ],
)
def test_a_refused_stop_says_why(level: float, words: str) -> None:
    assert levels.stop_problem(LONG, level, PRICE, RULES) == words


def test_a_stop_may_not_reach_the_target_nor_a_target_the_stop() -> None:
    assert levels.stop_problem(LONG, 110, 111, RULES) == "a stop at 110 would be at or beyond the target 110"
    assert levels.take_problem(LONG, 95, 94, RULES) == "a target at 95 would be at or beyond the stop 95"


def test_a_loosened_stop_stays_within_the_limit_even_where_trailing_is_allowed_everywhere() -> None:
    anywhere = Rules(trailing_everywhere=True)
    assert levels.stop_problem(LONG, 81, PRICE, anywhere) is None
    assert (
        levels.stop_problem(LONG, 79, PRICE, anywhere) == "stop is 21 % away, signal.max_stop_loss_pct is 20"
    )


def test_by_the_origins_rules_the_first_move_may_go_anywhere_and_later_ones_only_tighten() -> None:
    theirs = Rules(quirks=ORIGIN)
    assert levels.stop_problem(LONG, 60, PRICE, theirs) is None
    assert levels.take_problem(LONG, 160, PRICE, theirs) is None
    assert levels.stop_problem(with_stop(60), 50, PRICE, theirs) is not None
    assert levels.take_problem(with_take(160), 170, PRICE, theirs) is not None


def test_break_even_takes_costs_and_threshold() -> None:
    # 2 x (0.1 + 0.1) + 0.2 = 0.6 %
    assert (
        levels.breakeven_problem(LONG, 100.5, RULES) == "the price 100.5 has not reached break-even at 100.6"
    )
    assert levels.breakeven_problem(LONG, 100.6, RULES) is None
    assert levels.breakeven_problem(SHORT, 99.4, RULES) is None
    assert levels.breakeven_problem(SHORT, 99.5, RULES) is not None


def test_break_even_is_refused_where_the_stop_is_as_good_already() -> None:
    assert levels.breakeven_problem(with_stop(100), 101, RULES) == (
        "the stop 100 is already at or beyond the entry 100"
    )
    assert levels.breakeven_problem(with_stop(100.5), 101, RULES) is not None


def test_break_even_is_refused_where_the_target_has_come_to_the_entry() -> None:
    assert (
        levels.breakeven_problem(with_take(100), 101, RULES) == "the entry 100 is at or beyond the target 100"
    )
