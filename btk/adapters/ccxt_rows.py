"""A venue's rows made ready for the store: in order, each time once, closed, on the grid, possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.core.candle_rules import first_fault
from btk.model.bars import COLUMNS
from btk.model.dates import format_date
from btk.model.errors import Transient

_WIDTH = 1 + len(COLUMNS)


def closed_rows(rows: Sequence[Sequence[float | None]], step_ms: int, now_ms: int) -> CandleRows:
    """Rows of (open time, open, high, low, close, volume) as columns; of two for one time the later told one.

    `Transient` for a row that cannot be: venues have been seen to correct themselves a moment later.
    """
    whole = np.array([row[:_WIDTH] for row in rows], np.float64).reshape(-1, _WIDTH)
    if not np.isfinite(whole[:, 0]).all() or (whole[:, 0] % step_ms != 0).any():
        raise Transient("the venue sent a candle whose time is not on the grid of the interval")
    times = whole[:, 0].astype(np.int64)
    order = np.argsort(times, kind="stable")
    last_told = np.diff(times[order], append=np.iinfo(np.int64).max) > 0
    kept = order[last_told]
    kept = kept[times[kept] + step_ms <= now_ms]
    table = np.ascontiguousarray(whole[kept, 1:].T)
    fault = first_fault(table)
    if fault:
        at = format_date(int(times[kept[fault.row]]))
        raise Transient(f"the venue sent an impossible candle for {at}: {fault.words}")
    return CandleRows(times[kept], table)
