"""Scanning columns finds the row that a plain loop would find."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.touch import FIRST_CHUNK, first_outside, first_reaching

ROWS = 6 * FIRST_CHUNK


def columns(seed: int, spread: float):
    dice = np.random.default_rng(seed)
    middle = np.round(np.cumsum(dice.standard_normal(ROWS)), 1)
    return middle + np.round(spread * dice.random(ROWS), 1), middle - np.round(spread * dice.random(ROWS), 1)


def outside_by_loop(high, low, bounds, start, stop):
    lower, upper = bounds
    return next((row for row in range(start, stop) if low[row] <= lower or high[row] >= upper), stop)


def reaching_by_loop(column, level, side, start, stop):
    return next((row for row in range(start, stop) if (column[row] - level) * side >= 0), stop)


@given(
    seed=st.integers(0, 10_000),
    lower=st.integers(1, 60),
    upper=st.integers(1, 60),
    start=st.integers(0, ROWS),
    length=st.integers(0, ROWS),
)
@settings(max_examples=150, deadline=None)
def test_the_first_candle_outside_two_bounds(seed, lower, upper, start, length):
    high, low = columns(seed, 0.5)
    stop = min(start + length, ROWS)
    bounds = (-lower + 0.5, upper - 0.5)
    assert first_outside(high, low, bounds, start, stop) == outside_by_loop(
        high, low, bounds, start, max(start, stop)
    )


@given(
    seed=st.integers(0, 10_000),
    level=st.integers(-60, 60),
    side=st.sampled_from((1, -1)),
    start=st.integers(0, ROWS),
    length=st.integers(0, ROWS),
)
@settings(max_examples=150, deadline=None)
def test_the_first_row_that_reaches_a_level(seed, level, side, start, length):
    column, _ = columns(seed, 0.0)
    stop = min(start + length, ROWS)
    expected = reaching_by_loop(column, level, side, start, max(start, stop))
    assert first_reaching(column, float(level), side, start, stop) == expected


def test_touching_is_reaching_and_rows_outside_are_not_looked_at():
    column = np.array([5.0, 1.0, 2.0, 3.0, 5.0])
    assert first_reaching(column, 3.0, 1, 1, 5) == 3
    assert first_reaching(column, 3.0, 1, 1, 3) == 3
    assert first_outside(column, column, (0.0, 3.0), 1, 5) == 3
    assert first_outside(column, column, (1.0, 9.0), 0, 5) == 1


def test_a_missing_candle_touches_nothing():
    gone = np.full(4, np.nan)
    assert first_outside(gone, gone, (1.0, 2.0), 0, 4) == 4
    assert first_reaching(gone, 1.0, 1, 0, 4) == 4
