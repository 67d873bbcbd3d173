"""The reference: a bare NumPy loop that does W1 and nothing else, to be timed beside the engine on the same machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Bars
from tests.bench.year import FRAME_ROWS, WARM_ROWS

BAR = 15


def reference_trades(bars: Bars, fast: int = 10, slow: int = 50, lifetime: int = 720) -> int:
    """How many trades W1 makes on the year."""
    closes = bars.close[: len(bars) // BAR * BAR].reshape(-1, BAR)[:, -1]
    spread = _average(closes, fast) - _average(closes, slow)
    side = np.zeros(len(spread), dtype=np.int64)
    side[1:][(spread[:-1] <= 0) & (spread[1:] > 0)] = 1
    side[1:][(spread[:-1] >= 0) & (spread[1:] < 0)] = -1
    end, at, trades = WARM_ROWS + FRAME_ROWS, WARM_ROWS, 0
    for bar in np.flatnonzero(side):
        row = (int(bar) + 1) * BAR
        if row < at or row >= end:
            continue
        at = _exit(bars, row, int(side[bar]), min(row + lifetime, end))
        trades += 1
    return trades


def _exit(bars: Bars, row: int, side: int, stop: int) -> int:
    price = float(bars.close[row - 1])
    upper, lower = (price * 1.02, price * 0.99) if side > 0 else (price * 1.01, price * 0.98)
    hit = (bars.high[row:stop] >= upper) | (bars.low[row:stop] <= lower)
    first = int(hit.argmax())
    return row + first + 1 if hit[first] else stop


def _average(close: NDArray[np.float64], bars: int) -> NDArray[np.float64]:
    sums = np.cumsum(np.concatenate([[0.0], close]))
    averages = np.full(len(close), np.nan)
    averages[bars - 1 :] = (sums[bars:] - sums[:-bars]) / bars
    return averages
