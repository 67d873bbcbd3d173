"""Bars made from minutes are those that pandas makes, on random minutes with holes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.core.resample import resample
from btk.model.bars import COLUMNS, Bars
from btk.model.intervals import INTERVAL_MS, MINUTE_MS

FOLDS = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
DAY_MS = 1_677_628_800_000
LONGER = [name for name in INTERVAL_MS if name != "1m"]


def minutes(first_ms: int, count: int, seed: int) -> Bars:
    """Random, with prices of any size, one minute in two thousand missing."""
    noise = np.random.default_rng(seed)
    opened, close = noise.lognormal(5, 3, (2, count))
    high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
    table = np.array([opened, high, low, close, noise.lognormal(0, 4, count)])
    table[:, noise.random(count) < 1 / 2000] = np.nan
    return Bars(first_ms, MINUTE_MS, table)


def as_pandas(bars: Bars, step_ms: int) -> np.ndarray:
    """The same, as pandas has it: whole bars only, and none with a minute missing."""
    index = pd.to_datetime(bars.first_ms + MINUTE_MS * np.arange(len(bars)), unit="ms", utc=True)
    frame = pd.DataFrame(dict(zip(COLUMNS, bars.columns, strict=True)), index=index)
    bins = frame.resample(pd.Timedelta(milliseconds=step_ms), origin="epoch")
    made = bins.agg(FOLDS)
    whole = bins["close"].count() == step_ms // MINUTE_MS
    return made[whole].to_numpy().T


@pytest.mark.parametrize("interval", LONGER)
@given(
    bars=st.integers(0, 4), rest=st.integers(0, 1439), start=st.integers(0, 30), seed=st.integers(0, 2**32)
)
def test_bars_are_those_of_pandas(interval: str, bars: int, rest: int, start: int, seed: int) -> None:
    step_ms = INTERVAL_MS[interval]
    count = bars * step_ms // MINUTE_MS + rest % (step_ms // MINUTE_MS)
    source = minutes(DAY_MS + start * step_ms, count, seed)
    made = np.array(resample(source, step_ms).columns)
    expected = as_pandas(source, step_ms) if count else made
    whole = ~np.isnan(made[COLUMNS.index("volume")])
    assert np.array_equal(made[:4, whole], expected[:4])
    # pandas adds with the error carried on, NumPy in pairs: equal but for the last digits.
    np.testing.assert_allclose(made[4, whole], expected[4], rtol=1e-12)
