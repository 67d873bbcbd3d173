"""The equity fold: figures a hand can check, and the same ones however a run is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.equity import EquityCurve, EquitySummary
from btk.core.outline import BLOCK_MINUTES, MAX_BUCKETS

MINUTE = 60_000
DAY = 1_440
MIDNIGHT = 1_704_067_200_000


def folded(equity, cuts=(), start=100.0, from_ms=MIDNIGHT, invested=None) -> EquitySummary:
    equity = np.array(equity, dtype=np.float64)
    invested = np.zeros(len(equity)) if invested is None else np.array(invested, dtype=np.float64)
    curve = EquityCurve(start)
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(equity)), len(equity)]
    for begin, end in pairwise(edges):
        curve.add(from_ms + begin * MINUTE, equity[begin:end], invested[begin:end])
    return curve.summary()


def closes(minute: int) -> int:
    return MIDNIGHT + (minute + 1) * MINUTE


def stepped_drawdown(equity, start):
    """The same figures one minute at a time, without NumPy: (pct, cost, peak, trough, recovered, longest)."""
    peak, top, deepest, cost, longest, fall = start, -1, 0.0, 0.0, 0, None
    for minute, value in enumerate(equity):
        if value >= peak:
            longest = max(longest, minute - top) if fall and minute - top > 1 else longest
            if fall and fall[2] is None:
                fall = (fall[0], fall[1], minute)
            peak, top = value, minute
        else:
            cost = max(cost, peak - value)
            if (peak - value) / peak > deepest:
                deepest, fall = (peak - value) / peak, (top, minute, None)
    longest = max(longest, len(equity) - 1 - top)
    return (deepest * 100, cost, *(fall or (None, None, None)), longest)


def test_a_run_without_minutes_is_worth_what_it_began_with():
    summary = EquityCurve(250.0).summary()
    assert (summary.start, summary.final, summary.peak, summary.mean_equity) == (250.0, 250.0, 250.0, 250.0)
    assert (summary.minutes, summary.daily, summary.outline_equity) == (0, (), ())
    assert summary.drawdown.max_pct == 0.0
    assert summary.drawdown.peak_ms is None


def test_the_deepest_fall_has_the_dates_of_its_own_peak_trough_and_recovery():
    summary = folded([100, 120, 120, 90, 110, 119, 120, 130, 129])
    fall = summary.drawdown
    assert fall.max_pct == pytest.approx(25.0)
    assert fall.max_cost == pytest.approx(30.0)
    assert (fall.peak_ms, fall.trough_ms, fall.recovered_ms) == (closes(2), closes(3), closes(6))
    assert fall.longest_minutes == 4
    assert (summary.final, summary.peak) == (129.0, 130.0)


def test_the_deepest_fall_in_percent_and_in_money_may_be_different_falls():
    fall = folded([50, 100, 1000, 900]).drawdown
    assert (fall.max_pct, fall.max_cost) == (pytest.approx(50.0), pytest.approx(100.0))
    assert (fall.peak_ms, fall.trough_ms, fall.recovered_ms) == (MIDNIGHT, closes(0), closes(1))


def test_a_fall_that_lasts_to_the_end_is_not_recovered_and_counts_its_length():
    fall = folded([101, 99, 98, 100]).drawdown
    assert (fall.peak_ms, fall.trough_ms, fall.recovered_ms) == (closes(0), closes(2), None)
    assert fall.longest_minutes == 3


def test_a_curve_that_never_falls_has_no_drawdown():
    fall = folded([100, 100, 101, 101]).drawdown
    assert (fall.max_pct, fall.max_cost, fall.longest_minutes) == (0.0, 0.0, 0)
    assert (fall.peak_ms, fall.trough_ms, fall.recovered_ms) == (None, None, None)


def test_equity_below_zero_is_a_fall_of_more_than_everything():
    assert folded([-50]).drawdown.max_pct == pytest.approx(150.0)


def test_the_daily_series_takes_the_last_minute_of_each_utc_day_also_of_days_cut_short():
    equity = np.arange(1.0, 2 * DAY + 11)
    late = MIDNIGHT + (DAY - 5) * MINUTE
    summary = folded(equity, from_ms=late, start=1.0)
    assert summary.daily == (5.0, DAY + 5.0, 2.0 * DAY + 5.0, 2.0 * DAY + 10.0)
    assert folded(np.ones(DAY), start=1.0).daily == (1.0,)


def test_invested_minutes_and_the_means_are_over_all_minutes():
    summary = folded([100, 200, 300, 400], invested=[0, 50, 0, 30])
    assert (summary.invested_minutes, summary.mean_equity, summary.mean_invested) == (2, 250.0, 20.0)
    assert summary.to_ms == MIDNIGHT + 4 * MINUTE


def test_a_short_curve_is_outlined_by_every_minute():
    summary = folded([3, 1, 2])
    assert summary.outline_at_ms == (closes(0), closes(1), closes(2))
    assert summary.outline_equity == (3.0, 1.0, 2.0)


def test_a_long_curve_is_outlined_by_few_real_points_with_its_extremes_and_its_end():
    equity = 10_000 + np.cumsum(np.random.default_rng(5).standard_normal(100_003))
    summary = folded(equity)
    minutes = [(at - MIDNIGHT) // MINUTE - 1 for at in summary.outline_at_ms]
    assert MAX_BUCKETS / 2 < len(minutes) <= 2 * MAX_BUCKETS + 1
    assert minutes == sorted(set(minutes))
    assert [equity[minute] for minute in minutes] == list(summary.outline_equity)
    assert {int(equity.argmin()), int(equity.argmax()), len(equity) - 1} <= set(minutes)


def test_every_stretch_of_a_long_curve_keeps_its_lowest_and_highest_minute():
    equity = np.random.default_rng(6).standard_normal(40_000) + 100
    kept = {(at - MIDNIGHT) // MINUTE - 1 for at in folded(equity).outline_at_ms}
    for begin in range(0, len(equity), 64):
        part = equity[begin : begin + 64]
        assert {begin + int(part.argmin()), begin + int(part.argmax())} <= kept


def test_minutes_that_do_not_follow_are_refused():
    curve = EquityCurve(100.0)
    curve.add(MIDNIGHT, np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="contiguous"):
        curve.add(MIDNIGHT + 4 * MINUTE, np.ones(1), np.zeros(1))


def test_a_summary_on_the_way_does_not_disturb_the_run():
    curve, equity = EquityCurve(100.0), np.array([100.0, 90.0, 95.0, 105.0])
    curve.add(MIDNIGHT, equity[:2], np.zeros(2))
    assert curve.summary().drawdown.recovered_ms is None
    curve.add(MIDNIGHT + 2 * MINUTE, equity[2:], np.zeros(2))
    assert curve.summary() == folded(equity)


@given(
    seed=st.integers(0, 2**32 - 1),
    minutes=st.integers(1, 3 * BLOCK_MINUTES),
    cuts=st.lists(st.integers(1, 3 * BLOCK_MINUTES), max_size=12),
    offset=st.integers(0, 2 * DAY),
)
@settings(max_examples=40, deadline=None)
def test_the_figures_are_the_same_to_the_last_bit_however_the_run_is_cut(seed, minutes, cuts, offset):
    rng = np.random.default_rng(seed)
    equity = 10_000 + np.cumsum(rng.standard_normal(minutes))
    invested = np.where(rng.random(minutes) < 0.5, 100.1, 0.0)
    from_ms = MIDNIGHT + offset * MINUTE
    whole = folded(equity, start=10_000.0, from_ms=from_ms, invested=invested)
    assert folded(equity, cuts, 10_000.0, from_ms, invested) == whole


@given(steps=st.lists(st.integers(-3, 3), min_size=1, max_size=200), cuts=st.lists(st.integers(1, 200)))
@settings(max_examples=150, deadline=None)
def test_falls_are_those_found_minute_by_minute(steps, cuts):
    equity = np.maximum(100 + np.cumsum(steps), 1)
    assert drawdown_of(folded(equity, cuts)) == pytest.approx(stepped_drawdown(equity.tolist(), 100.0))


@given(seed=st.integers(0, 2**32 - 1), drift=st.sampled_from((-0.02, 0.0, 0.02)))
@settings(max_examples=15, deadline=None)
def test_falls_that_span_blocks_are_those_found_minute_by_minute(seed, drift):
    steps = np.random.default_rng(seed).integers(-2, 3, size=2 * BLOCK_MINUTES + 500) + drift
    equity = np.maximum(1_000 + np.cumsum(steps), 1.0)
    assert drawdown_of(folded(equity, start=1_000.0)) == pytest.approx(
        stepped_drawdown(equity.tolist(), 1_000.0)
    )


def drawdown_of(summary: EquitySummary):
    fall = summary.drawdown
    times = (fall.peak_ms, fall.trough_ms, fall.recovered_ms)
    minutes = (None if at is None else (at - MIDNIGHT) // MINUTE - 1 for at in times)
    return (fall.max_pct, fall.max_cost, *minutes, fall.longest_minutes)
