"""A position with entries and partial closes: the worked numbers of origin-core.md, sections 5.1 to 5.3."""

from __future__ import annotations

import pytest

from btk.core import holding as holdings
from btk.core.holding import Holding
from btk.core.rules import ORIGIN, Rules
from tests.core.position_samples import RULES, Buy, Sell, a_plan, a_position

LONG, SHORT = 1, -1
FOUR_AND_FOUR = (
    Buy(100),
    Sell(20, 115),
    Buy(80),
    Sell(20, 108),
    Buy(72),
    Sell(20, 83),
    Buy(65),
    Sell(20, 100),
)


@pytest.mark.parametrize(
    ("side", "steps", "close", "expected_pct"),
    [
        (LONG, (Buy(100), Buy(80)), 100, 12.062949550),
        (LONG, (Buy(100), Sell(50, 120), Buy(80)), 90, 8.324184565),
        (LONG, (Buy(100), Sell(60, 110), Sell(100, 115)), 12_345, 11.564447552),
        (LONG, (Buy(100), Buy(80, 200), Sell(40, 95)), 110, 20.869818182),
        (LONG, FOUR_AND_FOUR, 100, 27.944430716),
        (
            SHORT,
            (Buy(100), Buy(110), Sell(30, 85), Buy(120), Sell(25, 80), Buy(130), Sell(20, 75)),
            70,
            34.146190424,
        ),
        (LONG, (Buy(100), Buy(90)), 97, 1.982131),
        (LONG, (Buy(100), Sell(30, 101), Sell(100, 101)), 50, 0.597404),
    ],
)
def test_profit_weighs_every_partial_close_by_its_cost(
    side: int, steps: tuple[Buy | Sell, ...], close: float, expected_pct: float
) -> None:
    position = a_position(*steps, side=side)
    assert holdings.pnl_pct(position, close, RULES) == pytest.approx(expected_pct, abs=1e-6)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((Buy(100), Buy(80)), 88.888889),
        ((Buy(100), Buy(80, 200)), 85.714286),
        ((Buy(100), Buy(90)), 94.736842),
        ((Buy(100), Sell(30, 110)), 100),
        ((Buy(100), Sell(30, 110), Buy(80)), 87.179487),
        ((Buy(100), Sell(30, 110), Buy(60)), 71.830986),
        ((Buy(100), Buy(80), Sell(30, 95), Buy(60)), 74.035990),
    ],
)
def test_selling_leaves_the_effective_price_and_buying_blends_into_what_is_left(
    steps: tuple[Buy | Sell, ...], expected: float
) -> None:
    assert a_position(*steps).price_open == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("steps", "closed_pct", "left"),
    [
        ((Buy(100), Sell(30, 110), Sell(40, 110)), 58, 42),
        ((Buy(100), Sell(60, 110), Buy(80, 200), Sell(80, 110)), 84, 48),
        (FOUR_AND_FOUR, 40.96, 236.16),
    ],
)
def test_a_share_is_of_what_is_left_not_of_what_was_bought(
    steps: tuple[Buy | Sell, ...], closed_pct: float, left: float
) -> None:
    position = a_position(*steps)
    assert position.remaining == pytest.approx(left)
    assert closed(position) / position.invested * 100 == pytest.approx(closed_pct)
    assert closed(position) + position.remaining == pytest.approx(position.invested)


def closed(position: Holding) -> float:
    return sum(partial.pct / 100 * partial.cost_basis for partial in position.partials)


def test_every_partial_remembers_its_basis_and_how_many_entries_there_were() -> None:
    partials = a_position(*FOUR_AND_FOUR).partials
    assert [partial.cost_basis for partial in partials] == pytest.approx([100, 180, 244, 295.2])
    assert [partial.entry_count for partial in partials] == [1, 2, 3, 4]


def test_a_position_is_exhausted_only_when_nothing_is_left() -> None:
    assert not a_position(Buy(100), Sell(99.9, 110)).exhausted
    assert a_position(Buy(100), Sell(50, 110), Sell(100, 110)).exhausted
    assert not a_position(Buy(100)).exhausted


def test_realised_profit_is_that_of_the_partial_closes_alone() -> None:
    # 40 % of $100 closed at 110: 9.570440 % of $40
    position = a_position(Buy(100), Sell(40, 110))
    assert holdings.realised_cost(position, RULES) == pytest.approx(40 * 0.09570439560)


def test_the_open_profit_is_a_straight_line_in_the_price() -> None:
    position = a_position(Buy(100), Sell(40, 110))
    at_zero, slope, left = holdings.value_line(position, RULES)
    total = holdings.pnl_pct(position, 104, RULES) / 100 * position.invested
    assert at_zero + slope * 104 + holdings.realised_cost(position, RULES) == pytest.approx(total)
    assert left == pytest.approx(60)


def test_best_and_worst_begin_with_the_profit_of_closing_at_the_entry() -> None:
    position = a_position(Buy(100))
    assert position.best_pct == position.worst_pct == pytest.approx(-0.3996004)
    seen = holdings.seen(position, 101, 99, RULES)
    assert seen.best_pct == pytest.approx(holdings.pnl_pct(position, 101, RULES))
    assert seen.worst_pct == pytest.approx(holdings.pnl_pct(position, 99, RULES))


def test_a_record_must_be_strictly_beaten() -> None:
    position = a_position(Buy(100))
    assert holdings.seen(position, 100, 100, RULES) is position


def test_after_an_average_buy_profit_below_the_first_entry_is_a_record() -> None:
    position = a_position(Buy(100), Buy(90))
    assert holdings.seen(position, 97, 97, RULES).best_pct == pytest.approx(1.982131, abs=1e-6)


def test_by_the_origins_rules_only_a_better_price_is_a_record() -> None:
    theirs = Rules(quirks=ORIGIN)
    first = holdings.opened(a_plan(100), 100, 0, theirs)
    assert first.best_pct == 0
    bought = holdings.averaged(first, 90, 100, 60_000)
    assert holdings.seen(bought, 97, 97, theirs).best_pct == 0
    assert holdings.seen(bought, 100.1, 100.1, theirs).best_price == 100.1
