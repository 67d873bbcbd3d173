"""The profile of exit prices: steps, pressure and trend by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from btk.report.price_profile import NAMES, price_profile
from btk.report.trade_columns import TradeColumns
from tests.report.trade_samples import DAY, MIDNIGHT, trade


def profile_of(prices, **changes):
    trades = [trade(number, 1.0, price_close=price, **changes) for number, price in enumerate(prices)]
    return price_profile(TradeColumns.of(trades))


def test_nine_exits_have_no_profile():
    assert profile_of([100.0] * 9) == dict.fromkeys(NAMES)


def test_exits_of_several_symbols_make_no_series():
    trades = [trade(number, 1.0, symbol=f"COIN{number % 2}") for number in range(20)]
    assert price_profile(TradeColumns.of(trades)) == dict.fromkeys(NAMES)


def test_the_names_are_those_of_a_full_profile():
    assert set(profile_of([100.0 + number for number in range(12)])) == set(NAMES)


def test_pressure_counts_moves_and_strength_weighs_them():
    profile = profile_of([100, 110, 110, 99, 99, 108.9, 108.9, 98.01, 98.01, 107.811])
    assert profile["median_step_pct"] == pytest.approx(10.0)
    shares = ("buyer_pressure_pct", "seller_pressure_pct", "buyer_strength_pct", "seller_strength_pct")
    assert [profile[name] for name in shares] == pytest.approx([60.0, 40.0, 60.0, 40.0])
    assert profile["pressure_imbalance"] == pytest.approx(20.0)


def test_a_steady_rise_is_a_bullish_line():
    profile = profile_of([100 * math.exp(0.01 * day) for day in range(10)])
    assert profile["trend_strength_pct"] == pytest.approx(1.0)
    assert profile["trend_confidence"] == pytest.approx(1.0)
    assert profile["trend"] == "bullish"


def test_a_steady_fall_is_bearish():
    assert profile_of([100 * math.exp(-0.01 * day) for day in range(10)])["trend"] == "bearish"


def test_a_see_saw_is_sideways():
    assert profile_of([100, 105] * 6)["trend"] == "sideways"


def test_a_rise_that_is_slow_beside_the_usual_step_is_neutral():
    trades = [trade(number * 10, 1.0, price_close=100 * math.exp(0.01 * number)) for number in range(10)]
    profile = price_profile(TradeColumns.of(trades))
    assert profile["trend_confidence"] == pytest.approx(1.0)
    assert profile["trend_strength_pct"] == pytest.approx(0.1)
    assert profile["trend"] == "neutral"


def test_exits_at_one_price_have_no_moves_and_no_trend():
    profile = profile_of([100.0] * 10)
    assert (profile["median_step_pct"], profile["buyer_pressure_pct"]) == (0.0, None)
    assert (profile["trend"], profile["trend_confidence"], profile["trend_strength_pct"]) == (
        "sideways",
        0.0,
        0.0,
    )


def test_exits_at_one_moment_have_no_trend():
    trades = [
        trade(0, 1.0, id=str(number), price_close=100.0 + number, closed_at_ms=MIDNIGHT)
        for number in range(10)
    ]
    profile = price_profile(TradeColumns.of(trades))
    assert (profile["trend"], profile["trend_strength_pct"]) == (None, None)
    assert profile["median_step_pct"] is not None


def test_the_line_is_the_least_squares_line():
    prices = 100 + np.random.default_rng(2).normal(0, 5, 30).cumsum().clip(-60)
    days = [MIDNIGHT + number * DAY for number in range(30)]
    slope, _ = np.polyfit((np.array(days) - days[0]) / DAY, np.log(prices), 1)
    r = np.corrcoef(days, np.log(prices))[0, 1]
    profile = profile_of(prices.tolist())
    assert profile["trend_strength_pct"] == pytest.approx(slope * 100)
    assert profile["trend_confidence"] == pytest.approx(r * r)
