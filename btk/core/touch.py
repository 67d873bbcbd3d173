"""Touch: the first candle that reaches a level, found by scanning columns instead of stepping through minutes."""

from __future__ import annotations

from btk.model.bars import Column

FIRST_CHUNK = 1024


def first_outside(high: Column, low: Column, bounds: tuple[float, float], start: int, stop: int) -> int:
    """The first row in `[start, stop)` with `low <= bounds[0]` or `high >= bounds[1]`; `stop` when there is none."""
    lower, upper = bounds
    chunk = FIRST_CHUNK
    while start < stop:
        end = min(start + chunk, stop)
        mask = high[start:end] >= upper
        mask |= low[start:end] <= lower
        hit = int(mask.argmax())
        if mask[hit]:
            return start + hit
        start = end
        chunk *= 4
    return stop


def first_reaching(column: Column, level: float, side: int, start: int, stop: int) -> int:
    """Index of the first row in `[start, stop)` at or beyond `level` in the direction `side`; `stop` when there is none."""
    chunk = FIRST_CHUNK
    while start < stop:
        end = min(start + chunk, stop)
        part = column[start:end]
        mask = part >= level if side > 0 else part <= level
        hit = int(mask.argmax())
        if mask[hit]:
            return start + hit
        start = end
        chunk *= 4
    return stop
