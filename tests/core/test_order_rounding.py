"""Rounding never buys more, never sells more, never pays more; and what is too small is said so."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.core.order_rounding import entry_problem, is_dust, part_problem, safe_price, safe_quantity, too_small
from btk.model.orders import OrderSide
from tests.core.order_samples import SPOT, SWAP


@pytest.mark.parametrize(
    ("side", "price", "rounded"),
    [
        ("buy", 100.019, 100.01),
        ("sell", 100.011, 100.02),
        ("buy", 100.01, 100.01),
        ("sell", 100.01, 100.01),
    ],
)
def test_a_buyer_never_pays_more_and_a_seller_never_takes_less(
    side: OrderSide, price: float, rounded: float
) -> None:
    assert safe_price(price, side, SPOT) == rounded


def test_a_sum_that_is_off_by_its_last_bits_loses_no_step() -> None:
    held = 0.1 + 0.7  # 0.7999999999999999
    assert safe_quantity(held, "market", SPOT) == 0.8
    assert safe_quantity(0.7996, "market", SPOT) == 0.799


@given(st.floats(0.001, 50.0), st.sampled_from([0.001, 0.00001, 0.5, 0.25]))
def test_a_quantity_is_a_whole_number_of_steps_and_not_above(quantity: float, step: float) -> None:
    limits = msgspec.structs.replace(SPOT, quantity_step=step)
    rounded = safe_quantity(quantity, "limit", limits)
    assert Decimal(repr(rounded)) % Decimal(repr(step)) == 0
    assert quantity - step <= rounded <= quantity + step * 1e-5


def test_market_orders_have_steps_and_sizes_of_their_own() -> None:
    limits = msgspec.structs.replace(SPOT, market_step=0.01, market_max_quantity=0.5)
    assert safe_quantity(0.128, "limit", limits) == 0.128
    assert safe_quantity(0.128, "market", limits) == 0.12
    assert safe_quantity(2.0, "stop", limits) == 0.5


def test_less_than_the_least_is_refused_with_its_numbers() -> None:
    assert "0.0005 BTC is less than the 0.001" in too_small(0.0005, 100.0, SPOT)
    assert "4 USDT is less than the 5" in too_small(0.04, 100.0, SPOT)
    assert too_small(0.05, 100.0, SPOT) == ""


def test_a_contract_may_be_reduced_by_less_than_the_least_cost() -> None:
    assert is_dust(0.01, 100.0, SPOT)
    assert not is_dust(0.01, 100.0, SWAP)
    assert is_dust(0.0005, 100.0, SWAP)


def test_an_entry_that_its_stop_could_not_sell_is_refused() -> None:
    assert entry_problem(0.051, 100.0, 95.0, SPOT).endswith("at the stop, so it could not be protected")
    assert entry_problem(0.055, 100.0, 95.0, SPOT) == ""


def test_an_entry_of_one_step_is_refused_only_where_a_fee_would_break_it() -> None:
    assert "could not be protected" in entry_problem(0.001, 100_000.0, 95_000.0, SPOT)
    assert entry_problem(0.001, 100_000.0, 95_000.0, SWAP) == ""


def test_nothing_is_opened_in_a_market_that_stands_still() -> None:
    halted = msgspec.structs.replace(SPOT, trading=False)
    assert entry_problem(1.0, 100.0, 95.0, SPOT) == ""
    assert entry_problem(1.0, 100.0, 95.0, halted) == "BTCUSDT is not traded at the moment"


def test_a_part_that_leaves_too_little_is_refused() -> None:
    assert "what would be left" in part_problem(0.1, 0.09, 100.0, SPOT)
    assert part_problem(0.1, 0.05, 100.0, SPOT) == ""
    assert part_problem(0.1, 0.1, 100.0, SPOT) == ""
