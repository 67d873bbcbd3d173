"""An equity strip: the profit of one symbol, minute by minute, in pieces that are straight lines of the close."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from btk.core.equity import EquityCurve
from btk.core.holding import Holding, value_line
from btk.core.rules import Rules
from btk.model.bars import Column
from btk.model.events import ClosedEvent, Event, PartialClosedEvent
from btk.model.names import SlotKey

Line = tuple[float, float, float]
FLAT: Line = (0.0, 0.0, 0.0)


class EquityStrip:
    """`profit` and `invested` hold the rows of the block that were drawn; `curve` is the wallet with this symbol alone."""

    def __init__(self, start: float, outlined: bool = True) -> None:
        self.curve = EquityCurve(start, outlined)
        self.profit: Column = np.empty(0)
        self.invested: Column = np.empty(0)
        self._start = start
        self._realised = 0.0
        self._parts: dict[SlotKey, float] = {}
        self._lines: dict[SlotKey, Line] = {}
        self._now = FLAT
        self._close: Column = np.empty(0)
        self._close_before = np.nan
        self._drawn = 0
        self._marked = 0
        # What was marked and is not drawn yet: how many rows, and the three numbers of their line.
        self._rows: list[int] = []
        self._numbers: list[float] = []

    def restore(self, first_ms: int, profit: Column, invested: Column) -> None:
        """Give the minutes drawn before a restart to the curve."""
        if len(profit):
            self.curve.add(first_ms, self._start + profit, invested)

    def recall(self, realised: float, parts: Mapping[SlotKey, float]) -> None:
        """Become what the strip was before a restart: the profit realised so far, and its part of open positions."""
        self._realised, self._parts = realised, dict(parts)

    @property
    def realised(self) -> float:
        """The profit realised so far."""
        return self._realised

    def begin(self, close: Column, early: int) -> None:
        """Start a block of minutes, of which the first `early` are not drawn."""
        self._close_before = float(close[early - 1]) if early else self._close_before
        self._close, self._drawn, self._marked = close[early:], 0, 0
        self._rows.clear()
        self._numbers.clear()
        self.profit, self.invested = np.empty(len(self._close)), np.empty(len(self._close))

    def mark(self, row: int) -> None:
        """What is held now was held until before `row`."""
        if row > self._marked:
            self._rows.append(row - self._marked)
            self._numbers += self._now
            self._marked = row

    def book(self, key: SlotKey, event: Event) -> None:
        """Add the profit that an event realised."""
        if type(event) is PartialClosedEvent:
            self._realised += event.realised_cost
            self._parts[key] = self._parts.get(key, 0.0) + event.realised_cost
        elif type(event) is ClosedEvent:
            self._realised += event.pnl_cost - self._parts.pop(key, 0.0)

    def hold(self, key: SlotKey, holding: Holding | None, rules: Rules) -> None:
        """From the next minute to be marked on, the slot holds this."""
        lines = self._lines
        if holding is None:
            lines.pop(key, None)
        else:
            lines[key] = value_line(holding, rules)
        base, slope, invested = self._realised, 0.0, 0.0
        for held in sorted(lines) if len(lines) > 1 else lines:
            at_zero, a_unit, left = lines[held]
            base, slope, invested = base + at_zero, slope + a_unit, invested + left
        self._now = (base, slope, invested)

    def draw(self, row: int) -> None:
        """Draw every minute before `row`."""
        self.mark(row)
        if not self._rows:
            return
        part, self._drawn = slice(self._drawn, self._marked), self._marked
        on_lines = self._on_one_line if len(self._rows) == 1 else self._on_lines
        self.profit[part], self.invested[part] = on_lines(self._close[part])
        self._rows.clear()
        self._numbers.clear()

    # A minute that has no candle has no close either, and what is not held does not ask for one.
    def _on_one_line(self, close: Column) -> tuple[Column | float, Column | float]:
        base, slope, invested = self._numbers
        return close * slope + base if slope else base, invested

    def _on_lines(self, close: Column) -> tuple[Column, Column]:
        rows, lines = np.array(self._rows), np.array(self._numbers).reshape(-1, len(FLAT))
        base, slope, invested = (np.repeat(column, rows) for column in lines.T)
        whole = not np.isnan(close.sum())
        profit = np.multiply(close, slope, out=slope, where=whole or slope != 0)
        profit += base
        return profit, invested

    def profit_over(self, first: int, stop: int) -> Column | float:
        """The profit at the closes of rows `[first, stop)`: one number where nothing of them moves it."""
        base, slope, _ = self._now
        if self._marked <= first and not slope:
            return base
        self.draw(stop)
        return self.profit[first:stop]

    def profit_at(self, row: int) -> float:
        """The profit at the close of a row, or of the minute before the block (-1), with what is held now."""
        base, slope, _ = self._now
        close = float(self._close[row]) if row >= 0 else self._close_before
        return base + slope * close if slope else base

    def end(self, first_ms: int, rows: int) -> None:
        """Finish the block after `rows` of it and give it to the curve."""
        self.draw(rows)
        self.profit, self.invested = self.profit[:rows], self.invested[:rows]
        self.curve.add(first_ms, self._start + self.profit, self.invested)
