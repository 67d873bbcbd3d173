"""What no candle can be: numbers that are not finite, prices not above zero, a high below the low, absurd prices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import COLUMNS, PRICE_COLUMNS, Bars, Column

Table = Column

# A price this many times below the usual one of its page is a slipped decimal point, not a crash.
ANOMALY_FACTOR = 1000.0
PAGE_ROWS = 1000
_MEDIAN_FROM_ROWS = 5


class Fault(NamedTuple):
    """The first candle that cannot be, and why."""

    row: int
    words: str


def first_fault(table: Table) -> Fault | None:
    """The first impossible candle of five columns (open, high, low, close, volume); None when all are possible."""
    plain = min(_plain_faults(table), default=None)
    return plain or _anomaly(table)


def plainly_possible(bars: Bars) -> bool:
    """Whether a few reductions are enough to see that every candle is possible; False only says to look closer."""
    lowest, highest = float(bars.low.min()), float(bars.high.max())
    return (
        highest < lowest * ANOMALY_FACTOR < np.inf
        and all(0 < float(column.min()) <= float(column.max()) < np.inf for column in (bars.open, bars.close))
        and 0 <= float(bars.volume.min()) <= float(bars.volume.max()) < np.inf
        and bool((bars.high >= bars.low).all())
    )


def _plain_faults(table: Table) -> Iterator[Fault]:
    for name, column in zip(COLUMNS, table, strict=True):
        yield from _first(~np.isfinite(column), column, f"{name} {{}} is not a finite number")
    for name, column in zip(PRICE_COLUMNS, table, strict=False):
        yield from _first(column <= 0, column, f"{name} {{}} is not above 0")
    yield from _first(table[4] < 0, table[4], "volume {} is below 0")
    for row in np.flatnonzero(table[1] < table[2])[:1].tolist():
        yield Fault(row, f"high {table[1, row]:.12g} is below low {table[2, row]:.12g}")


def _first(mask: NDArray[np.bool_], column: NDArray[np.float64], words: str) -> Iterator[Fault]:
    for row in np.flatnonzero(mask)[:1].tolist():
        yield Fault(row, words.format(f"{column[row]:.12g}"))


def _anomaly(table: Table) -> Fault | None:
    for start in range(0, table.shape[1], PAGE_ROWS):
        page = table[: len(PRICE_COLUMNS), start : start + PAGE_ROWS]
        usual = _usual_price(page)
        low = page < usual / ANOMALY_FACTOR
        if low.any():
            row = int(np.argmax(low.any(axis=0)))
            name, price = next((PRICE_COLUMNS[i], page[i, row]) for i in range(len(page)) if low[i, row])
            return Fault(
                start + row, f"{name} {price:.12g} is less than a thousandth of the usual {usual:.12g}"
            )
    return None


def _usual_price(page: Table) -> float:
    if page.shape[1] < _MEDIAN_FROM_ROWS:
        return float(page.mean())
    middle = page.size // 2
    return float(np.partition(page, middle, axis=None)[middle])
