"""Wallet statistics against figures worked out by hand or by plain Python."""

from __future__ import annotations

import math
import statistics as stdlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.core.equity import EquityCurve
from btk.report.wallet_statistics import wallet_statistics
from tests.report.trade_samples import DAY, MIDNIGHT, curve_of

CLOSES = (1010, 1005, 1020, 1000, 990, 1015, 1030, 1025, 1040, 1035, 1050, 1045, 1060, 1055, 1070)


def wallet_of(*day_closes, start=1000.0, traded_cost=0.0, buy_and_hold_pct=None, invested=0.0):
    return wallet_statistics(
        curve_of(*day_closes, start=start, invested=invested), traded_cost, buy_and_hold_pct
    )


def returns_of(closes, start=1000.0):
    return [(after / before - 1) * 100 for before, after in zip((start, *closes), closes, strict=False)]


def test_a_run_without_minutes_has_its_start_and_nothing_else():
    figures = wallet_statistics(EquityCurve(500.0).summary(), 0.0, None)
    known = {name: figure for name, figure in figures.items() if figure is not None}
    assert known == {
        "start_equity": 500.0,
        "final_equity": 500.0,
        "peak_equity": 500.0,
        "return_pct": 0.0,
        "max_drawdown_pct": 0.0,
        "max_drawdown_cost": 0.0,
        "longest_drawdown_minutes": 0,
        "days": 0,
        "periods_per_year": 365,
        "avg_invested_pct": 0.0,
        "turnover": 0.0,
    }


def test_one_day_has_a_return_and_a_drawdown_but_nothing_annualised():
    figures = wallet_of(1020)
    assert figures["return_pct"] == pytest.approx(2.0)
    assert (figures["best_day_pct"], figures["worst_day_pct"], figures["days"]) == (
        pytest.approx(2.0),
        pytest.approx(2.0),
        1,
    )
    annualised = ("cagr_pct", "sharpe_daily", "sortino_daily", "volatility_yearly_pct", "wallet_calmar_ratio")
    assert [figures[name] for name in annualised] == [None] * 5


def test_fifteen_days_have_every_figure_and_each_is_its_formula():
    figures = wallet_of(*CLOSES)
    returns = returns_of(CLOSES)
    mean, std_dev = stdlib.mean(returns), stdlib.stdev(returns)
    downside = math.sqrt(sum(min(one, 0) ** 2 for one in returns) / len(returns))
    peaks = [max(1000, *CLOSES[: day + 1]) for day in range(len(CLOSES))]
    expected = {
        "sharpe_daily": mean / std_dev * math.sqrt(365),
        "sortino_daily": mean / downside * math.sqrt(365),
        "volatility_yearly_pct": std_dev * math.sqrt(365),
        "ulcer_index_pct": math.sqrt(
            sum(((peak - close) / peak * 100) ** 2 for peak, close in zip(peaks, CLOSES, strict=True)) / 15
        ),
        "max_drawdown_pct": (1020 - 990) / 1020 * 100,
        "max_drawdown_cost": 30.0,
        "best_day_pct": (1015 / 990 - 1) * 100,
        "worst_day_pct": (1000 / 1020 - 1) * 100,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    assert figures["drawdown_recovered_ms"] == MIDNIGHT + 6 * DAY + 60_000
    assert figures["cagr_pct"] is None


def test_a_year_grows_by_what_it_returned_even_when_that_is_a_lot():
    figures = wallet_of(*([1000.0] * 180), *([2500.0] * 185))
    assert figures["cagr_pct"] == pytest.approx(150.0)
    assert figures["return_pct"] == pytest.approx(150.0)


def test_less_than_a_year_is_scaled_to_one_but_not_blown_up_beyond_a_hundred_percent():
    assert wallet_of(*([1010.0] * 73))["cagr_pct"] == pytest.approx((1.01**5 - 1) * 100)
    assert wallet_of(*([1200.0] * 73))["cagr_pct"] is None
    assert wallet_of(*([1010.0] * 13))["cagr_pct"] is None


def test_calmar_sets_the_growth_beside_the_deepest_fall():
    figures = wallet_of(900.0, *([1100.0] * 364))
    assert figures["wallet_calmar_ratio"] == pytest.approx(10.0 / 10.0)


def test_a_blown_wallet_has_lost_everything():
    figures = wallet_of(*([1000.0] * 10), *([0.0] * 10))
    assert (figures["return_pct"], figures["cagr_pct"], figures["max_drawdown_pct"]) == (
        -100.0,
        -100.0,
        100.0,
    )
    assert figures["worst_day_pct"] == -100.0
    assert figures["days"] == 20


def test_a_wallet_that_never_moves_has_no_ratio():
    figures = wallet_of(*([1000.0] * 30))
    assert (figures["return_pct"], figures["cagr_pct"], figures["ulcer_index_pct"]) == (0.0, 0.0, 0.0)
    ratios = ("sharpe_daily", "sortino_daily", "wallet_calmar_ratio", "drawdown_peak_ms")
    assert [figures[name] for name in ratios] == [None] * 4


def test_days_that_only_win_have_no_sortino_ratio():
    figures = wallet_of(*(1000.0 + day + day % 2 * 0.5 for day in range(1, 31)))
    assert figures["sortino_daily"] is None
    assert figures["sharpe_daily"] > 0


def test_exposure_is_the_share_of_minutes_and_of_money_at_work():
    curve = EquityCurve(1000.0)
    curve.add(MIDNIGHT, np.full(10, 1000.0), np.array([0, 0, 0, 0, 100.0, 100, 200, 100, 0, 0]))
    figures = wallet_statistics(curve.summary(), 500.0, None)
    assert (figures["exposure_pct"], figures["avg_invested_pct"]) == (40.0, pytest.approx(5.0))
    assert figures["turnover"] == pytest.approx(0.5)


def test_holding_is_passed_through_unless_it_is_no_number():
    assert wallet_of(1000, buy_and_hold_pct=-12.5)["buy_and_hold_pct"] == -12.5
    assert wallet_of(1000, buy_and_hold_pct=math.nan)["buy_and_hold_pct"] is None


@given(
    closes=st.lists(st.floats(-1e300, 1e300), max_size=20),
    start=st.floats(1e-6, 1e200),
    traded_cost=st.floats(0, 1e300),
)
def test_no_figure_is_ever_nan_or_infinite(closes, start, traded_cost):
    curve = EquityCurve(start)
    curve.add(MIDNIGHT, np.repeat(np.array(closes, dtype=np.float64), 720), np.zeros(720 * len(closes)))
    figures = wallet_statistics(curve.summary(), traded_cost, None)
    assert all(figure is None or math.isfinite(figure) for figure in figures.values())
