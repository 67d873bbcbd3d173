"""Any interval made from minutes is what a plain loop over them makes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.resample import resample
from btk.model.bars import Bars
from btk.model.intervals import INTERVAL_MS, MINUTE_MS

FIRST_MS = 1_704_067_200_000


def minutes(seed: int, count: int, holes: float = 0.0) -> Bars:
    dice = np.random.default_rng(seed)
    columns = [100 + dice.standard_normal(count) for _ in range(5)]
    gone = dice.random(count) < holes
    return Bars(FIRST_MS, MINUTE_MS, (np.where(gone, np.nan, column) for column in columns))


def by_loop(bars: Bars, step_ms: int) -> list[tuple[float, ...]]:
    per_bar = step_ms // MINUTE_MS
    rows = []
    for start in range(0, len(bars) // per_bar * per_bar, per_bar):
        part = slice(start, start + per_bar)
        high = low = volume = math.nan
        if not np.isnan(bars.high[part]).any():
            high, low = max(bars.high[part]), min(bars.low[part])
            volume = math.fsum(bars.volume[part])
        rows.append((bars.open[start], high, low, bars.close[part][-1], volume))
    return rows


@given(
    seed=st.integers(0, 1_000),
    count=st.integers(0, 400),
    interval=st.sampled_from(("1m", "3m", "5m", "15m", "1h")),
    holes=st.sampled_from((0.0, 0.0, 0.02)),
)
@settings(max_examples=80, deadline=None)
def test_bars_are_those_of_a_loop(seed, count, interval, holes):
    source = minutes(seed, count, holes)
    made = resample(source, INTERVAL_MS[interval])
    assert made.first_ms == FIRST_MS
    assert made.step_ms == INTERVAL_MS[interval]
    expected = (
        by_loop(source, INTERVAL_MS[interval])
        if interval != "1m"
        else list(zip(*source.columns, strict=True))
    )
    assert len(made) == len(expected)
    for row, wanted in zip(zip(*made.columns, strict=True), expected, strict=True):
        np.testing.assert_allclose(row, wanted, rtol=1e-12)


def test_a_last_bar_that_is_not_complete_is_left_out():
    assert len(resample(minutes(1, 59), INTERVAL_MS["1h"])) == 0
    assert len(resample(minutes(1, 61), INTERVAL_MS["1h"])) == 1


@pytest.mark.parametrize("interval", ["3m", "1h"])
def test_made_bars_keep_nothing_of_the_minutes_alive(interval):
    source = minutes(1, 120)
    made = resample(source, INTERVAL_MS[interval])
    assert not any(
        np.shares_memory(mine, theirs) for mine, theirs in zip(made.columns, source.columns, strict=True)
    )
