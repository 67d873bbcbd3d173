"""A stretch: contiguous rows of candles, and for each row what is known of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.model.bars import COLUMNS, Column, Span

UNKNOWN, CANDLE, EMPTY, FAILED = range(4)
HOLE_STATES = {"empty": EMPTY, "failed": FAILED}

Table = Column
States = NDArray[np.uint8]


class Hole(NamedTuple):
    """Rows without a candle, and why: `empty` at the venue, or `failed` to be fetched."""

    span: Span
    reason: str


class Counts(msgspec.Struct, frozen=True):
    """How many rows are candles, how many are empty at the venue, and how many nobody could fetch yet."""

    candles: int
    empty: int
    failed: int
    unknown: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.candles + self.empty + self.failed + self.unknown


class Stretch(NamedTuple):
    """Row i opens at `first_ms + i * step`; `table` is five float64 columns, NaN where there is no candle."""

    first_ms: int
    table: Table
    states: States

    @property
    def counts(self) -> Counts:
        """Rows by state."""
        unknown, candles, empty, failed = (int(count) for count in np.bincount(self.states, minlength=4))
        return Counts(candles, empty, failed, unknown)


def blank_stretch(span: Span, step_ms: int) -> Stretch:
    """Nothing is known of any row of the span."""
    rows = (span.to_ms - span.from_ms) // step_ms
    return Stretch(span.from_ms, np.full((len(COLUMNS), rows), np.nan), np.zeros(rows, np.uint8))


def failed_stretch(span: Span, step_ms: int) -> Stretch:
    """Rows that should be there and are not."""
    blank = blank_stretch(span, step_ms)
    blank.states[:] = FAILED
    return blank


def overlay(whole: Stretch, part: Stretch, step_ms: int) -> None:
    """Write a part that lies within the whole over it."""
    start = (part.first_ms - whole.first_ms) // step_ms
    stop = start + len(part.states)
    whole.table[:, start:stop] = part.table
    whole.states[start:stop] = part.states


def trimmed(stretch: Stretch, step_ms: int) -> Stretch:
    """Without the unknown rows at both ends."""
    known = np.flatnonzero(stretch.states)
    start, stop = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)
    first_ms = stretch.first_ms + start * step_ms
    return Stretch(first_ms, stretch.table[:, start:stop], stretch.states[start:stop])


def runs(mask: NDArray[np.bool_], first_ms: int, step_ms: int) -> tuple[Span, ...]:
    """The stretches of time in which the mask is true."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    times = (first_ms + edges * step_ms).tolist()
    return tuple(Span(*pair) for pair in zip(times[::2], times[1::2], strict=True))
