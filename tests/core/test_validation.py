"""Semantics, section 4: every rule of validation with the number that broke it, on both sides, all at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from btk.core import validation
from btk.core.holding import Plan
from btk.core.rules import Rules, Terms
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal

NOW_MS = 1_704_186_000_000
RULES = Rules()


def judged(signal: Signal, price: float = 100.0, rules: Rules = RULES) -> Plan | tuple[str, ...]:
    return validation.plan(signal, price, NOW_MS, Terms("BTC", "probe", "test", rules))


def long(stop=95.0, take=110.0, **rest) -> Signal:
    return Signal("long", take, stop, **rest)


def short(stop=105.0, take=90.0, **rest) -> Signal:
    return Signal("short", take, stop, **rest)


@pytest.mark.parametrize(
    ("signal", "problem"),
    [
        (Signal("sideways", 110, 95), "position 'sideways' is neither 'long' nor 'short'"),
        (Signal(None, 110, 95), "position None is neither 'long' nor 'short'"),
        (Signal(["long"], 110, 95), "position ['long'] is neither 'long' nor 'short'"),
        (long(take=math.nan), "price_take_profit nan must be finite and above 0"),
        (long(take=math.inf), "price_take_profit inf must be finite and above 0"),
        (long(stop=0), "price_stop_loss 0 must be finite and above 0"),
        (long(stop=-5), "price_stop_loss -5 must be finite and above 0"),
        (long(price_open=0.0), "price_open 0 must be finite and above 0"),
        (long(take="110"), "price_take_profit '110' is not a number"),
        (long(take=None), "price_take_profit None is not a number"),
        (long(stop=True), "price_stop_loss True is not a number"),
        (long(take=99), "stop < entry < target does not hold: stop 95, entry 100, target 99"),
        (long(stop=100), "stop < entry < target does not hold: stop 100, entry 100, target 110"),
        (short(take=101), "target < entry < stop does not hold: stop 105, entry 100, target 101"),
        (short(stop=100), "target < entry < stop does not hold: stop 100, entry 100, target 90"),
        (long(take=100.4), "target is 0.4 % away, signal.min_take_profit_pct is 0.5"),
        (short(take=99.6), "target is 0.4 % away, signal.min_take_profit_pct is 0.5"),
        (long(stop=99.6), "stop is 0.4 % away, signal.min_stop_loss_pct is 0.5"),
        (short(stop=100.4), "stop is 0.4 % away, signal.min_stop_loss_pct is 0.5"),
        (long(stop=79), "stop is 21 % away, signal.max_stop_loss_pct is 20"),
        (short(stop=121), "stop is 21 % away, signal.max_stop_loss_pct is 20"),
        (long(lifetime_minutes=0), "lifetime_minutes 0 must be a whole number above 0"),
        (long(lifetime_minutes=-1), "lifetime_minutes -1 must be a whole number above 0"),
        (long(lifetime_minutes=1.5), "lifetime_minutes 1.5 must be a whole number above 0"),
        (long(lifetime_minutes=math.nan), "lifetime_minutes nan must be a whole number above 0"),
        (long(lifetime_minutes="5"), "lifetime_minutes '5' is not a number"),
        (long(lifetime_minutes=1441), "lifetime_minutes 1441 is above signal.max_lifetime_minutes 1440"),
        (long(lifetime_minutes=math.inf), "lifetime_minutes inf is above signal.max_lifetime_minutes 1440"),
        (long(cost=0), "cost 0 must be finite and above 0"),
        (long(cost=-1), "cost -1 must be finite and above 0"),
        (long(cost=math.inf), "cost inf must be finite and above 0"),
        (long(cost="all"), "cost 'all' is not a number"),
        (long(id=7), "id 7 is not text"),
        (long(symbol="ETH"), "the signal is for ETH, this slot trades BTC"),
    ],
)
def test_each_rule_names_the_number_that_broke_it(signal, problem):
    assert judged(signal) == (problem,)


def test_all_problems_are_told_at_once():
    wrong = long(take=math.nan, stop="low", lifetime_minutes=0.5, cost=0, symbol="ETH")
    assert len(judged(wrong)) == 5


def test_a_side_can_be_switched_off():
    assert judged(short(), rules=Rules(short=False)) == ("short signals are switched off (signal.short)",)
    assert judged(long(), rules=Rules(long=False)) == ("long signals are switched off (signal.long)",)


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (long(price_open=103, stop=101, take=110), "stop < price < target"),
        (long(price_open=103, stop=100, take=110), "stop < price < target"),
        (short(price_open=97, stop=99, take=90), "target < price < stop"),
        (short(price_open=97, stop=100, take=90), "target < price < stop"),
    ],
)
def test_an_entry_that_is_already_passed_needs_the_price_between_stop_and_target(signal, words):
    (problem,) = judged(signal)
    assert problem.startswith(f"{words} does not hold at the market")
    assert "price 100" in problem


@pytest.mark.parametrize(
    "signal",
    [long(price_open=90, stop=85, take=95), short(price_open=110, stop=115, take=105)],
    ids=["long", "short"],
)
def test_a_resting_entry_may_have_the_price_anywhere_on_its_waiting_side(signal):
    plan = judged(signal)
    assert isinstance(plan, Plan)
    assert plan.resting


@pytest.mark.parametrize("price", [0.00012345, 0.1, 1.7, 99.99, 100.0, 43_211.37])
@pytest.mark.parametrize("side", ["long", "short"])
def test_distances_of_exactly_a_limit_pass_whatever_the_rounding(price, side):
    nearest = Signal.bracket(side, price, 0.5, 0.5)
    farthest = Signal.bracket(side, price, 0.5, 20)
    assert isinstance(judged(nearest, price), Plan)
    assert isinstance(judged(farthest, price), Plan)


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_hair_less_or_more_than_a_limit_does_not(side):
    assert len(judged(Signal.bracket(side, 100, 0.499999, 0.499999))) == 2
    assert len(judged(Signal.bracket(side, 100, 1, 20.00001))) == 1


def test_a_limit_of_0_is_off():
    rules = Rules(min_take_profit_pct=0, min_stop_loss_pct=0, max_stop_loss_pct=0)
    assert isinstance(judged(long(stop=1, take=100.0001), rules=rules), Plan)
    assert isinstance(judged(long(stop=99.9999, take=101), rules=rules), Plan)


def test_distances_are_measured_from_the_entry_not_from_the_price():
    assert judged(long(price_open=90, stop=89.8, take=101)) == (
        "stop is 0.222222 % away, signal.min_stop_loss_pct is 0.5",
    )


def test_defaults_come_from_the_rules():
    plan = judged(long())
    assert isinstance(plan, Plan)
    assert (plan.cost, plan.lifetime_ms, plan.price_open) == (100, 1440 * MINUTE_MS, 100)
    assert (plan.id, plan.own_id) == (f"BTC_probe_test-{NOW_MS}", False)
    assert not plan.resting


def test_an_endless_lifetime_is_allowed_where_the_rules_are_endless():
    endless = Rules(max_lifetime_ms=math.inf)
    assert judged(long(), rules=endless).lifetime_ms == math.inf
    assert judged(long(lifetime_minutes=math.inf), rules=endless).lifetime_ms == math.inf
    assert judged(long(lifetime_minutes=10**9), rules=endless).lifetime_ms == 10**9 * MINUTE_MS


def test_numbers_of_numpy_are_numbers():
    signal = Signal(
        "long",
        np.float64(110),
        np.float32(95),
        lifetime_minutes=np.int64(5),
        cost=np.int32(50),
        price_open=np.int64(98),
    )
    plan = judged(signal)
    assert isinstance(plan, Plan)
    assert (plan.price_take_profit, plan.cost, plan.lifetime_ms) == (110.0, 50.0, 5 * MINUTE_MS)
    assert type(plan.price_take_profit) is float


@pytest.mark.parametrize("signal", [long(), long(price_open=98)], ids=["at market", "resting"])
def test_without_a_market_price_nothing_is_valid(signal):
    problems = judged(signal, price=math.nan)
    assert problems == ("there is no market price yet",)


def test_an_empty_id_is_none():
    assert judged(long(id="")).own_id is False
    assert judged(long(id="mine")).own_id is True
