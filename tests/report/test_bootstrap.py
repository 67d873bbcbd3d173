"""Bootstrap intervals: the same every time, and around the figure they are about."""

from __future__ import annotations

import numpy as np
import pytest

from btk.report.bootstrap import bootstrap_intervals
from btk.report.trade_statistics import trade_statistics
from tests.report.trade_samples import trades_of

PNL = np.random.default_rng(9).normal(0.3, 1.0, 200).tolist()


def test_nine_trades_have_no_interval():
    intervals = bootstrap_intervals(trades_of(*[1.0] * 9))
    assert intervals == {
        "confidence_pct": 95.0,
        "resamples": 1000,
        "mean_pnl_low_pct": None,
        "mean_pnl_high_pct": None,
        "drawdown_low_pct": None,
        "drawdown_median_pct": None,
        "drawdown_high_pct": None,
    }


def test_the_same_trades_give_the_same_intervals_in_any_order():
    trades = trades_of(*PNL)
    assert bootstrap_intervals(trades) == bootstrap_intervals(trades[::-1])
    assert bootstrap_intervals(trades) != bootstrap_intervals(trades, seed=1)


def test_the_interval_of_the_mean_is_as_wide_as_the_standard_error_says():
    intervals = bootstrap_intervals(trades_of(*PNL), resamples=4000)
    error = np.std(PNL, ddof=1) / np.sqrt(len(PNL))
    low, high = intervals["mean_pnl_low_pct"], intervals["mean_pnl_high_pct"]
    assert low < np.mean(PNL) < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_the_interval_of_the_fall_holds_the_fall_that_happened():
    trades = trades_of(*PNL)
    intervals = bootstrap_intervals(trades)
    happened = trade_statistics(trades)["compounded_drawdown_pct"]
    assert intervals["drawdown_low_pct"] < happened < intervals["drawdown_high_pct"]
    assert intervals["drawdown_low_pct"] < intervals["drawdown_median_pct"] < intervals["drawdown_high_pct"]


def test_equal_trades_leave_nothing_to_chance():
    intervals = bootstrap_intervals(trades_of(*[-1.0] * 10))
    assert intervals["mean_pnl_low_pct"] == intervals["mean_pnl_high_pct"] == pytest.approx(-1.0)
    assert intervals["drawdown_high_pct"] == pytest.approx((1 - 0.99**10) * 100)
