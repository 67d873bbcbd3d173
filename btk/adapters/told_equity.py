"""The equity of a run that has no result, read beside the process that may still be writing it."""

from __future__ import annotations

from pathlib import Path

from btk.adapters.equity_series import SUFFIX, EquitySeries, whole_rows
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS, floor_to
from btk.report.run_record import FramePart
from btk.report.unfinished import ToldEquity


def told_equity(folder: Path, frame: FramePart) -> ToldEquity | None:
    """Profit and money in positions at the close of each minute of `frame`, and on to the last that is known.

    None where nothing was written.
    """
    last_ticks = [_last_tick_ms(path) for path in folder.glob(f"*{SUFFIX}")]
    if not last_ticks:
        return None
    end_ms = floor_to(max(frame.to_ms, *last_ticks), MINUTE_MS)
    minutes = Span(floor_to(frame.from_ms, MINUTE_MS), end_ms)
    return ToldEquity(minutes, EquitySeries(folder).read(minutes))


def _last_tick_ms(path: Path) -> int:
    rows = whole_rows(path)
    return int(rows["tick_ms"][-1]) if len(rows) else 0
