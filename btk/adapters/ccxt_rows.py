"""A venue's rows made ready for the store: in order, each time once, closed, on the grid, possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_merge import CandleRows
from btk.core.candle_rules import Fault, first_fault
from btk.model.bars import COLUMNS
from btk.model.dates import format_date
from btk.model.errors import Transient

_WIDTH = 1 + len(COLUMNS)


class ImpossibleCandles(Transient):
    """Candles that cannot be, and when they open; `rows` are those of the same answer that can."""

    def __init__(self, words: str, rows: CandleRows, refused_ms: NDArray[np.int64]) -> None:
        super().__init__(words)
        self.rows = rows
        self.refused_ms = refused_ms


def closed_rows(rows: Sequence[Sequence[float | None]], step_ms: int, now_ms: int) -> CandleRows:
    """Rows of (open time, open, high, low, close, volume) as columns; of two for one time the later told one.

    `ImpossibleCandles` for rows that cannot be: venues have been seen to correct themselves a moment later. `Transient`
    for times between two candles.
    """
    whole = np.array([row[:_WIDTH] for row in rows], np.float64).reshape(-1, _WIDTH)
    if not np.isfinite(whole[:, 0]).all() or (whole[:, 0] % step_ms != 0).any():
        raise Transient("the venue sent a candle whose time is not on the grid of the interval")
    times = whole[:, 0].astype(np.int64)
    order = np.argsort(times, kind="stable")
    last_told = np.diff(times[order], append=np.iinfo(np.int64).max) > 0
    kept = order[last_told]
    kept = kept[times[kept] + step_ms <= now_ms]
    found = CandleRows(times[kept], np.ascontiguousarray(whole[kept, 1:].T))
    fault = first_fault(found.table)
    if fault:
        raise _refusal(found, fault)
    return found


def _refusal(found: CandleRows, first: Fault) -> ImpossibleCandles:
    possible, fault = found, first_fault(found.table)
    while fault is not None:
        open_ms, table = possible
        possible = CandleRows(np.delete(open_ms, fault.row), np.delete(table, fault.row, axis=1))
        fault = first_fault(possible.table)
    at = format_date(int(found.open_ms[first.row]))
    refused_ms = np.setdiff1d(found.open_ms, possible.open_ms)
    return ImpossibleCandles(
        f"the venue sent an impossible candle for {at}: {first.words}", possible, refused_ms
    )
