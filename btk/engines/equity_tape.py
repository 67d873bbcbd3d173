"""The equity tape: what the wallet is worth at the close of every minute, drawn as straight pieces between events."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from btk.core.equity import EquityCurve
from btk.core.holding import Holding, value_line
from btk.core.ledger import Ledger
from btk.core.model import Minutes
from btk.core.risk import Standing
from btk.core.rules import Rules
from btk.model.bars import Column
from btk.model.intervals import DAY_MS, MINUTE_MS
from btk.model.names import SlotKey


class EquityTape:
    """Row i of a block is the close of its minute i. Call `advance` before anything changes, `hold` after."""

    def __init__(self, ledger: Ledger, watches: bool) -> None:
        self.curve = EquityCurve(ledger.start)
        self._ledger = ledger
        self._lines: dict[SlotKey, tuple[float, float, float]] = {}
        self._columns: dict[SlotKey, Column] = {}
        self._first_ms = 0
        self._rows = 0
        self._done = 0
        self._equity: Column = np.empty(0)
        self._invested: Column = np.empty(0)
        self._watch = _Watch(ledger.start) if watches else None

    def begin(self, columns: Mapping[SlotKey, Minutes]) -> None:
        """Start a block of minutes."""
        self._columns = {key: minutes.close for key, minutes in columns.items()}
        some = next(iter(columns.values()))
        self._first_ms, self._rows, self._done = some.first_ms, len(some), 0
        self._equity = np.empty(self._rows)
        self._invested = np.empty(self._rows)

    def advance(self, tick_ms: int) -> None:
        """Draw the minutes that closed before `tick_ms` with what is held now."""
        self._draw(min((tick_ms - self._first_ms) // MINUTE_MS - 1, self._rows))

    def hold(self, key: SlotKey, holding: Holding | None, rules: Rules) -> None:
        """From the next minute to be drawn on, the slot holds this."""
        if holding is None:
            self._lines.pop(key, None)
        else:
            self._lines[key] = (*value_line(holding, rules), holding.remaining)

    def end(self) -> None:
        """Finish the block and give it to the curve."""
        self._draw(self._rows)
        self.curve.add(self._first_ms, self._equity, self._invested)

    def standing(self, tick_ms: int) -> Standing:
        """Where the equity stands at a tick, the minute that closed at it included."""
        equity = self.equity_at(tick_ms)
        if self._watch is None:
            return Standing(equity, self._ledger.start, self._ledger.start, 0.0)
        return self._watch.standing(tick_ms, equity)

    def equity_at(self, tick_ms: int) -> float:
        """What the wallet is worth at the close of the minute that ends at a tick."""
        row = min((tick_ms - self._first_ms) // MINUTE_MS - 1, self._rows - 1)
        equity = self._ledger.start + self._ledger.realised
        for key in sorted(self._lines):
            at_zero, slope, _ = self._lines[key]
            equity += at_zero + slope * float(self._columns[key][row])
        return equity

    def _draw(self, row: int) -> None:
        done = self._done
        if row <= done:
            return
        equity, invested = self._equity[done:row], self._invested[done:row]
        equity[:] = self._ledger.start + self._ledger.realised
        invested[:] = 0.0
        for key in sorted(self._lines):
            at_zero, slope, cost = self._lines[key]
            equity += at_zero + slope * self._columns[key][done:row]
            invested += cost
        self._done = row
        if self._watch is not None:
            self._watch.see(self._first_ms + (done + 1) * MINUTE_MS, equity)


class _Watch:
    """The day's first equity, the peak and the deepest fall so far, for limits that depend on them."""

    def __init__(self, start: float) -> None:
        self.peak = start
        self.worst_pct = 0.0
        self._day = -1
        self._day_start = start

    def see(self, first_tick_ms: int, equity: Column) -> None:
        last_tick_ms = first_tick_ms + (len(equity) - 1) * MINUTE_MS
        peaks = np.maximum(np.maximum.accumulate(equity), self.peak)
        self.worst_pct = max(self.worst_pct, float(((peaks - equity) / peaks).max()) * 100)
        self.peak = float(peaks[-1])
        day = last_tick_ms // DAY_MS
        if day != self._day:
            row = max(0, (day * DAY_MS - first_tick_ms) // MINUTE_MS)
            self._day, self._day_start = day, float(equity[row])

    def standing(self, tick_ms: int, equity: float) -> Standing:
        peak = max(self.peak, equity)
        worst = max(self.worst_pct, (peak - equity) / peak * 100)
        day_start = self._day_start if tick_ms // DAY_MS == self._day else equity
        return Standing(equity, day_start, peak, worst)
