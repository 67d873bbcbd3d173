"""Outline: a curve of any length kept as few enough of its own points to draw it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column

MAX_BUCKETS = 1_000

# Every fold but the last is this long, a power of two: a bucket then never straddles two folds.
BLOCK_MINUTES = 16_384


class Outline:
    """The lowest and the highest minute of each bucket; buckets double in width before they are too many."""

    __slots__ = ("_highs", "_lows", "_width")

    def __init__(self) -> None:
        self._width = 1
        self._lows = _Extremes(np.argmin)
        self._highs = _Extremes(np.argmax)

    def fold(self, at: int, equity: Column) -> None:
        """Fold in the next BLOCK_MINUTES (the last time: fewer); the first is minute `at` of the run."""
        self._make_room(at + len(equity))
        self._lows.extend(at, equity, self._width)
        self._highs.extend(at, equity, self._width)

    def _make_room(self, minutes: int) -> None:
        while minutes > self._width * MAX_BUCKETS and self._width < BLOCK_MINUTES:
            self._width *= 2
            self._lows.halve()
            self._highs.halve()

    def points(self, last: int, final: float) -> tuple[NDArray[np.int64], Column]:
        """Minutes and equity of every extreme, and of the `last` minute, where the curve ends at `final`."""
        ends = 1 if last >= 0 else 0
        minutes = np.concatenate((self._lows.minutes, self._highs.minutes, np.full(ends, last)))
        values = np.concatenate((self._lows.values, self._highs.values, np.full(ends, final)))
        chosen, first = np.unique(minutes, return_index=True)
        return chosen, values[first]


class _Extremes:
    __slots__ = ("_position", "minutes", "values")

    def __init__(self, position: Callable[..., NDArray[np.int64]]) -> None:
        self._position = position
        self.minutes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.values: Column = np.empty(0)

    def extend(self, at: int, values: Column, width: int) -> None:
        chosen = self._one_of_each(values, width)
        self.minutes = np.concatenate((self.minutes, chosen + at))
        self.values = np.concatenate((self.values, values[chosen]))

    def halve(self) -> None:
        chosen = self._one_of_each(self.values, 2)
        self.minutes, self.values = self.minutes[chosen], self.values[chosen]

    def _one_of_each(self, values: Column, width: int) -> NDArray[np.int64]:
        """The first extreme of each `width` values; the last row is filled with repeats, never the first."""
        spare = -len(values) % width
        rows = (np.pad(values, (0, spare), mode="edge") if spare else values).reshape(-1, width)
        return self._position(rows, axis=1) + np.arange(len(rows)) * width
