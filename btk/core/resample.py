"""Resampling: any interval made from minutes; minutes are the truth."""

from __future__ import annotations

import numpy as np

from btk.model.bars import Bars, Column

FOLDED_BY_COLUMN = 60


def resample(minutes: Bars, step_ms: int) -> Bars:
    """Whole bars of `step_ms` from minutes that start on such a bar; a last bar that is not complete is left out."""
    per_bar = step_ms // minutes.step_ms
    if per_bar == 1:
        return minutes
    count = len(minutes) // per_bar
    first, high, low, last, volume = (
        column[: count * per_bar].reshape(count, per_bar) for column in minutes.columns
    )
    return Bars(
        minutes.first_ms,
        step_ms,
        (
            first[:, 0].copy(),
            _folded(np.maximum, high),
            _folded(np.minimum, low),
            last[:, -1].copy(),
            _folded(np.add, volume),
        ),
    )


def _folded(fold: np.ufunc, table: Column) -> Column:
    per_bar = table.shape[1]
    if per_bar > FOLDED_BY_COLUMN:
        long_rows: Column = fold.reduce(table, axis=1)
        return long_rows
    # NumPy folds short rows one by one; whole columns are several times faster.
    folded = table[:, 0].copy()
    for minute in range(1, per_bar):
        fold(folded, table[:, minute], out=folded)
    return folded
