"""Resampling: any interval made from minutes; minutes are the truth."""

from __future__ import annotations

from btk.model.bars import Bars, Column


def resample(minutes: Bars, step_ms: int) -> Bars:
    """Whole bars of `step_ms` from minutes that start on such a bar; a last bar that is not complete is left out."""
    per_bar = step_ms // minutes.step_ms
    count = len(minutes) // per_bar
    if per_bar == 1:
        return minutes
    rows = count * per_bar
    table = (count, per_bar)
    return Bars(
        minutes.first_ms,
        step_ms,
        (
            _folded(minutes.open, rows, table)[:, 0].copy(),
            _folded(minutes.high, rows, table).max(axis=1),
            _folded(minutes.low, rows, table).min(axis=1),
            _folded(minutes.close, rows, table)[:, -1].copy(),
            _folded(minutes.volume, rows, table).sum(axis=1),
        ),
    )


def _folded(column: Column, rows: int, table: tuple[int, int]) -> Column:
    return column[:rows].reshape(table)
