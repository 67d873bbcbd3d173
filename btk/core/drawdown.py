"""Drawdown: how deep and how long equity stood below its highest value so far."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column
from btk.model.intervals import MINUTE_MS


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """The falls of equity below its highest value so far.

    `max_pct` is the deepest in percent of its peak and the three times are its own (None: there was none, or
    it is not recovered); `max_cost` is the deepest in quote currency, which may be another fall;
    `longest_minutes` is the longest time from a peak until that value was seen again, or until the end.
    """

    max_pct: float
    max_cost: float
    peak_ms: int | None
    trough_ms: int | None
    recovered_ms: int | None
    longest_minutes: int


NOWHERE: NDArray[np.int64] = np.empty(0, dtype=np.int64)


def closes_at_ms(from_ms: int, minute: int) -> int:
    """When minute `minute` of a run that began at `from_ms` closes; -1 is the minute before the first."""
    return from_ms + (minute + 1) * MINUTE_MS


class _Fall(NamedTuple):
    """Minutes of the run; -1 is its start, before the first candle."""

    peak: int
    trough: int
    recovered: int | None


class Drawdowns:
    """A streaming fold over equity that began with `start` (> 0)."""

    __slots__ = ("_deepest", "_fall", "_longest", "_top", "_widest", "peak")

    def __init__(self, start: float) -> None:
        self.peak = start
        self._top = -1
        self._deepest = 0.0
        self._widest = 0.0
        self._longest = 0
        self._fall: _Fall | None = None

    def fold(self, at: int, equity: Column) -> None:
        """Fold in the next minutes; the first of them is minute `at` of the run."""
        if float(equity.max()) < self.peak:
            # Below its peak from beginning to end, as most stretches of most runs are.
            self._deepen(at, self.peak - equity, self.peak, NOWHERE)
            return
        peaks = np.maximum.accumulate(equity)
        np.maximum(peaks, self.peak, out=peaks)
        tops = np.flatnonzero(equity == peaks) + at
        self._recover(tops)
        self._deepen(at, peaks - equity, peaks, tops)
        self._lengthen(tops)
        self.peak = float(peaks[-1])

    def _recover(self, tops: NDArray[np.int64]) -> None:
        if len(tops) and self._fall and self._fall.recovered is None:
            self._fall = self._fall._replace(recovered=int(tops[0]))

    def _deepen(self, at: int, drops: Column, peaks: Column | float, tops: NDArray[np.int64]) -> None:
        widest = float(drops.max())
        self._widest = max(self._widest, widest)
        # No peak of these minutes is lower than the one before them.
        if widest / self.peak <= self._deepest:
            return
        depths = drops / peaks
        lowest = int(depths.argmax())
        if depths[lowest] <= self._deepest:
            return
        self._deepest = float(depths[lowest])
        after = int(np.searchsorted(tops, at + lowest))
        self._fall = _Fall(
            peak=int(tops[after - 1]) if after else self._top,
            trough=at + lowest,
            recovered=int(tops[after]) if after < len(tops) else None,
        )

    def _lengthen(self, tops: NDArray[np.int64]) -> None:
        if not len(tops):
            return
        longest = int((tops[1:] - tops[:-1]).max(initial=int(tops[0]) - self._top))
        self._longest = max(self._longest, longest)
        self._top = int(tops[-1])

    def result(self, from_ms: int, minutes: int) -> Drawdown:
        """The falls of a run that began at `from_ms` and is `minutes` long."""
        longest = max(self._longest, minutes - 1 - self._top)
        peak, trough, recovered = self._fall or (None, None, None)
        return Drawdown(
            max_pct=self._deepest * 100,
            max_cost=self._widest,
            peak_ms=None if peak is None else closes_at_ms(from_ms, peak),
            trough_ms=None if trough is None else closes_at_ms(from_ms, trough),
            recovered_ms=None if recovered is None else closes_at_ms(from_ms, recovered),
            longest_minutes=longest if self._fall else 0,
        )
