"""Equity: a run's wealth minute by minute, folded into figures, a daily series and an outline.

The fold gives the same figures, to the last bit, however the run is cut into blocks.
"""

from __future__ import annotations

from copy import deepcopy

import msgspec
import numpy as np

from btk.core.drawdown import Drawdown, Drawdowns
from btk.core.outline import BLOCK_MINUTES, Outline
from btk.model.bars import Column
from btk.model.intervals import DAY_MS, MINUTE_MS

DAY_MINUTES = DAY_MS // MINUTE_MS


class EquitySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an equity curve; a minute's equity is stamped with the minute's close.

    Money in quote currency. `daily` is the equity at the last minute of each UTC day of the run (the first
    and the last day may be cut short), `outline_*` are 2,001 points of the curve at most (where it was not outlined,
    its last). `invested_minutes` had money in positions; the means are over all minutes.
    """

    from_ms: int
    minutes: int
    start: float
    final: float
    peak: float
    drawdown: Drawdown
    invested_minutes: int
    mean_equity: float
    mean_invested: float
    daily: tuple[float, ...]
    outline_at_ms: tuple[int, ...]
    outline_equity: tuple[float, ...]

    @property
    def to_ms(self) -> int:
        """The moment the last minute closes."""
        return self.from_ms + self.minutes * MINUTE_MS


class EquityCurve:
    """A streaming fold over the equity of a wallet that began with `start` (> 0); `outlined`: it will be drawn."""

    __slots__ = ("_equity", "_fold", "_from_ms", "_invested", "_pending", "_summary")

    def __init__(self, start: float, outlined: bool = True) -> None:
        self._from_ms = 0
        self._fold = _Fold(start, outlined)
        self._equity: Column = np.empty(BLOCK_MINUTES)
        self._invested: Column = np.empty(BLOCK_MINUTES)
        self._pending = 0
        self._summary: EquitySummary | None = None

    def add(self, first_ms: int, equity: Column, invested: Column) -> None:
        """Fold in the next minutes: row i is the close of the minute that opens at `first_ms + i * 60 000`.

        Both columns are finite and of equal length; `invested` is the money in open positions. `ValueError`
        when the minutes do not follow the ones before.
        """
        self._check_order(first_ms)
        self._summary = None
        begin = 0
        while begin < len(equity):
            end = begin + BLOCK_MINUTES - self._pending
            self._take(equity[begin:end], invested[begin:end])
            begin = end

    def _check_order(self, first_ms: int) -> None:
        minutes = self._fold.minutes + self._pending
        if not minutes:
            self._from_ms = first_ms
        elif first_ms != self._from_ms + minutes * MINUTE_MS:
            raise ValueError(
                f"equity must be contiguous: minutes from {first_ms} do not follow the ones before"
            )

    def _take(self, equity: Column, invested: Column) -> None:
        if len(equity) == BLOCK_MINUTES:
            self._fold.block(self._from_ms, equity, invested)
            return
        end = self._pending + len(equity)
        self._equity[self._pending : end] = equity
        self._invested[self._pending : end] = invested
        self._pending = end
        if end == BLOCK_MINUTES:
            self._fold.block(self._from_ms, self._equity, self._invested)
            self._pending = 0

    def summary(self) -> EquitySummary:
        """The figures over every minute so far; the curve may go on afterwards."""
        # With one symbol the wallet's curve is the symbol's, and both are asked for.
        if self._summary is None:
            fold = deepcopy(self._fold)
            if self._pending:
                fold.block(self._from_ms, self._equity[: self._pending], self._invested[: self._pending])
            self._summary = fold.summary(self._from_ms)
        return self._summary


class _Fold:
    """Blocks always begin at multiples of BLOCK_MINUTES: no figure can depend on how the minutes came in."""

    __slots__ = ("_daily", "_drawdowns", "_final", "_means", "_outline", "_outlined", "_start", "minutes")

    def __init__(self, start: float, outlined: bool) -> None:
        self.minutes = 0
        self._start = self._final = start
        self._drawdowns = Drawdowns(start)
        self._means = _Means()
        self._daily = _Daily()
        self._outline = Outline()
        self._outlined = outlined

    def block(self, from_ms: int, equity: Column, invested: Column) -> None:
        at = self.minutes
        self._drawdowns.fold(at, equity)
        self._means.fold(equity, invested)
        self._daily.fold(from_ms // MINUTE_MS + at, equity)
        if self._outlined:
            self._outline.fold(at, equity)
        self._final = float(equity[-1])
        self.minutes = at + len(equity)

    def summary(self, from_ms: int) -> EquitySummary:
        outline, equity = self._outline.points(self.minutes - 1, self._final)
        return EquitySummary(
            from_ms=from_ms,
            minutes=self.minutes,
            start=self._start,
            final=self._final,
            peak=self._drawdowns.peak,
            drawdown=self._drawdowns.result(from_ms, self.minutes),
            invested_minutes=self._means.invested_minutes,
            mean_equity=self._means.equity / self.minutes if self.minutes else self._start,
            mean_invested=self._means.invested / self.minutes if self.minutes else 0.0,
            daily=self._daily.values(),
            outline_at_ms=tuple((from_ms + (outline + 1) * MINUTE_MS).tolist()),
            outline_equity=tuple(equity.tolist()),
        )


class _Means:
    __slots__ = ("equity", "invested", "invested_minutes")

    def __init__(self) -> None:
        self.equity = 0.0
        self.invested = 0.0
        self.invested_minutes = 0

    def fold(self, equity: Column, invested: Column) -> None:
        self.equity += float(equity.sum())
        self.invested += float(invested.sum())
        self.invested_minutes += int(np.count_nonzero(invested > 0))


class _Daily:
    """Equity at the last minute of each whole UTC day, and of the day that is still going on."""

    __slots__ = ("_days", "_today")

    def __init__(self) -> None:
        self._days: Column = np.empty(0)
        self._today: float | None = None

    def fold(self, epoch_minute: int, equity: Column) -> None:
        first_close = DAY_MINUTES - 1 - epoch_minute % DAY_MINUTES
        self._days = np.concatenate((self._days, equity[first_close::DAY_MINUTES]))
        ends_a_day = (epoch_minute + len(equity)) % DAY_MINUTES == 0
        self._today = None if ends_a_day else float(equity[-1])

    def values(self) -> tuple[float, ...]:
        return (*self._days.tolist(), *(() if self._today is None else (self._today,)))
