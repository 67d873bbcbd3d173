"""Candles as a pandas frame: the same numbers, indexed by their opening times in UTC."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from btk.model.bars import COLUMNS, Bars, Candles
from btk.model.errors import InvalidInput
from btk.model.intervals import MINUTE_MS

FIRST_MS = 1_704_067_200_000


def test_a_window_becomes_a_frame_of_the_same_rows() -> None:
    bars = Bars(FIRST_MS, MINUTE_MS, np.arange(50.0).reshape(5, 10))
    frame = Candles(bars, 2, 5).to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["close"].tolist() == [32.0, 33.0, 34.0]
    assert frame.index[0] == pd.Timestamp("2024-01-01T00:02Z")
    assert frame.index.name == "open_time"


def test_without_pandas_and_polars_the_way_to_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInput, match="needs pandas or polars: pip install pandas"):
        Candles(Bars(FIRST_MS, MINUTE_MS, np.arange(50.0).reshape(5, 10)), 2, 5).to_frame()
