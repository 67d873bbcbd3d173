"""The year of minutes that every work is measured on: a seeded random walk, the same on every machine."""

from __future__ import annotations

import numpy as np

from btk.model.bars import Bars
from btk.model.intervals import MINUTE_MS
from btk.model.settings import Frame

FIRST_MS = 1_672_531_200_000
ROWS = 530_000
FRAME_ROWS = 525_600
WARM_ROWS = 1_440


def year() -> Bars:
    """530,000 minutes of one symbol."""
    rng = np.random.default_rng(42)
    steps, up, down, size = (rng.standard_normal(ROWS) for _ in range(4))
    close = np.round(30_000 * np.exp(np.cumsum(0.0006 * steps)), 2)
    first = np.concatenate([[30_000.0], close[:-1]])
    above, below = np.maximum(first, close), np.minimum(first, close)
    high = np.maximum(np.round(above * (1 + 0.0003 * np.abs(up)), 2), above)
    low = np.minimum(np.round(below * (1 - 0.0003 * np.abs(down)), 2), below)
    return Bars(FIRST_MS, MINUTE_MS, (first, high, low, close, np.round(np.exp(2 + 0.8 * size), 3)))


def shifted(bars: Bars, rows: int, length: int) -> Bars:
    """`length` minutes of the year from row `rows` on, moved to its beginning."""
    return Bars(bars.first_ms, MINUTE_MS, (column[rows : rows + length] for column in bars.columns))


def frame(rows: int = FRAME_ROWS) -> Frame:
    """The frame of `rows` minutes after the warm-up."""
    from_ms = FIRST_MS + WARM_ROWS * MINUTE_MS
    return Frame(from_ms=from_ms, to_ms=from_ms + rows * MINUTE_MS)
