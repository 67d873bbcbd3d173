"""What becomes of stored rows when others are offered: which are new, which the same, which differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_stretch import (
    CANDLE,
    EMPTY,
    FAILED,
    HOLE_STATES,
    UNKNOWN,
    Hole,
    Stretch,
    Table,
    blank_stretch,
)
from btk.model.bars import Span
from btk.model.months import month_around, months_of

DIFFERENCES_SHOWN = 20


class CandleRows(NamedTuple):
    """Candles to store: open times ascending, each once, and a table of five columns."""

    open_ms: NDArray[np.int64]
    table: Table


class Difference(msgspec.Struct, frozen=True):
    """A closed candle stored with other numbers than those offered (open, high, low, close, volume)."""

    open_ms: int
    stored: tuple[float, ...]
    offered: tuple[float, ...]


class Merge(NamedTuple):
    """What a merge did to a month; `stretch` is the outcome, None when there is nothing to write."""

    stretch: Stretch | None
    new: int
    same: int
    differing: int
    first_differences: list[Difference]


def touched_months(rows: CandleRows, holes: Iterable[Hole]) -> list[Span]:
    """The whole calendar months in which any of these lie."""
    firsts = rows.open_ms[np.flatnonzero(np.diff(_months(rows), prepend=-1))]
    spans = {month_around(int(at_ms)) for at_ms in firsts}
    spans |= {month_around(part.from_ms) for hole in holes for part in months_of(hole.span)}
    return sorted(spans)


def offered_stretch(month: Span, step_ms: int, rows: CandleRows, holes: Iterable[Hole]) -> Stretch:
    """The offered rows and holes of a month, each at its place."""
    whole = blank_stretch(month, step_ms)
    for hole in holes:
        start, stop = (
            (min(max(at_ms, month.from_ms), month.to_ms) - month.from_ms) // step_ms for at_ms in hole.span
        )
        whole.states[start:stop] = HOLE_STATES[hole.reason]
    first, last = np.searchsorted(rows.open_ms, month)
    places = (rows.open_ms[first:last] - month.from_ms) // step_ms
    whole.table[:, places] = rows.table[:, first:last]
    whole.states[places] = CANDLE
    return whole


def merged(stored: Stretch, offered: Stretch, step_ms: int) -> Merge:
    """Two stretches of the same rows into one: offered candles win, also where they differ.

    A candle is never replaced by a hole, nor a hole that the venue confirmed by a fetch that failed.
    """
    fresh = offered.states == CANDLE
    both = fresh & (stored.states == CANDLE)
    unequal = both & (stored.table != offered.table).any(axis=0)
    learnt = (offered.states == EMPTY) & (stored.states != CANDLE) & (stored.states != EMPTY)
    learnt |= (offered.states == FAILED) & (stored.states == UNKNOWN)
    changed = (fresh & ~both) | unequal | learnt
    return Merge(
        stretch=_overlaid(stored, offered, changed) if changed.any() else None,
        new=int((fresh & ~both).sum()),
        same=int((both & ~unequal).sum()),
        differing=int(unequal.sum()),
        first_differences=_differences(stored, offered, unequal, step_ms),
    )


def _overlaid(stored: Stretch, offered: Stretch, changed: NDArray[np.bool_]) -> Stretch:
    states = np.where(changed, offered.states, stored.states)
    return Stretch(stored.first_ms, np.where(changed, offered.table, stored.table), states)


def _differences(
    stored: Stretch, offered: Stretch, unequal: NDArray[np.bool_], step_ms: int
) -> list[Difference]:
    return [
        Difference(
            stored.first_ms + row * step_ms,
            tuple(stored.table[:, row].tolist()),
            tuple(offered.table[:, row].tolist()),
        )
        for row in np.flatnonzero(unequal)[:DIFFERENCES_SHOWN].tolist()
    ]


def _months(rows: CandleRows) -> NDArray[np.int64]:
    return rows.open_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
