"""The equity tape: what the wallet is worth at the close of every minute, drawn as straight pieces between events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from btk.core.equity import EquityCurve, EquitySummary
from btk.core.holding import Holding
from btk.core.model import Minutes
from btk.core.risk import Standing
from btk.core.rules import Rules
from btk.engines.equity_strip import EquityStrip
from btk.model.bars import Column
from btk.model.events import Event
from btk.model.intervals import DAY_MS, MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import EquityRecord


class PastEquity(NamedTuple):
    """What was drawn before a restart: profit and money in positions by symbol, row i the close of minute i of the run.

    `gone` are symbols that take no part any more; what they made remains.
    """

    first_ms: int
    symbols: Mapping[str, tuple[Column, Column]]
    gone: Mapping[str, tuple[Column, Column]]


class EquityTape:
    """Row i of a block is the close of its minute i; minutes before `from_ms` are not drawn.

    It hears at once (`change`) of all that changes what a slot holds.
    """

    def __init__(self, start: float, watches: bool, from_ms: int = 0, outlined: bool = True) -> None:
        self._start = start
        self._outlined = outlined
        self._from_ms = from_ms
        self._curve = EquityCurve(start, outlined)
        self._strips: dict[str, EquityStrip] = {}
        self._first_ms = 0
        self._rows = 0
        self._watch = _Watch(start) if watches else None
        self._watched = 0
        self._gone: dict[str, EquityStrip] = {}
        self._is_over = False

    def restore(self, past: PastEquity, record: EquityRecord | None) -> None:
        """Become what the tape was before a restart; `book` and `hold` of what is held still have to follow."""
        for symbol, (profit, invested) in past.symbols.items():
            self._strips[symbol] = EquityStrip(self._start)
            self._strips[symbol].restore(past.first_ms, profit, invested)
        for symbol, (profit, invested) in past.gone.items():
            self._gone[symbol] = EquityStrip(self._start)
            self._gone[symbol].restore(past.first_ms, profit, invested)
        gone = sum(float(profit[-1]) for profit, _ in past.gone.values() if len(profit))
        everything = [*past.symbols.values(), *past.gone.values()]
        if self._is_pooled and everything and len(everything[0][0]):
            equity = self._start + np.sum([profit for profit, _ in everything], axis=0)
            invested = np.sum([invested for _, invested in everything], axis=0)
            self._curve.add(past.first_ms, equity, invested)
        self._start += gone
        if self._watch is not None and record is not None:
            self._watch.restore(record)

    def recall(self, symbol: str, realised: float, parts: Mapping[SlotKey, float]) -> None:
        """What a symbol had realised before a restart, and the part of it that partial closes of open positions made."""
        self._strips[symbol].recall(realised, parts)

    def realised(self) -> dict[str, float]:
        """The profit realised so far, by symbol."""
        return {symbol: strip.realised for symbol, strip in self._strips.items()}

    def record(self) -> EquityRecord | None:
        """What limits on the course of the equity remember, for a restart."""
        return None if self._watch is None else self._watch.record()

    def forgive(self, tick_ms: int) -> None:
        """The fall so far counts no more: the equity of now is the peak of what comes."""
        if self._watch is not None:
            self._see(min(self._row_at(tick_ms), self._rows))
            self._watch.forgive(self.equity_at(tick_ms))

    def begin_day(self, tick_ms: int) -> None:
        """What was lost today counts no more: the day begins with the equity of now."""
        if self._watch is not None:
            self._see(min(self._row_at(tick_ms), self._rows))
            self._watch.begin_day(tick_ms // DAY_MS, self.equity_at(tick_ms))

    def begin(self, minutes: Mapping[str, Minutes]) -> None:
        """Start a block of minutes, by symbol; the one before is over."""
        if self._rows and not self._is_over:
            self.end(self._first_ms + self._rows * MINUTE_MS)
        self._is_over = False
        some = next(iter(minutes.values()))
        early = max(0, min(len(some), (self._from_ms - some.first_ms) // MINUTE_MS))
        self._first_ms, self._rows = some.first_ms + early * MINUTE_MS, len(some) - early
        self._watched = 0
        for symbol in sorted(minutes):
            strip = self._strips.setdefault(symbol, EquityStrip(self._start, self._outlined))
            strip.begin(minutes[symbol].close, early)

    def change(self, key: SlotKey, events: Sequence[Event], holding: Holding | None, rules: Rules) -> None:
        """The events of a tick have left the slot holding this; minutes that closed before are drawn with what it held.

        Never the last minute of the block: what the end of the frame closes belongs to it.
        """
        strip, row = self._strips[key.symbol], self._row_at(events[0].tick_ms)
        strip.mark(row if row < self._rows else self._rows - 1)
        for event in events:
            strip.book(key, event)
        strip.hold(key, holding, rules)

    def hold(self, key: SlotKey, holding: Holding | None, rules: Rules) -> None:
        """From the next minute to be drawn on, the slot holds this."""
        self._strips[key.symbol].hold(key, holding, rules)

    def end(self, tick_ms: int) -> None:
        """Finish the block at a tick (its last one, unless the run was cut short) and give it to the curves."""
        rows = min(self._row_at(tick_ms) + 1, self._rows)
        self._is_over = True
        if rows <= 0:
            return
        self._see(rows)
        for strip in self._strips.values():
            strip.end(self._first_ms, rows)
        if self._is_pooled:
            equity = self._start + sum(strip.profit for strip in self._strips.values())
            invested = sum(strip.invested for strip in self._strips.values())
            self._curve.add(self._first_ms, np.asarray(equity), np.asarray(invested))

    def drawn(self) -> dict[str, tuple[int, Column, Column]]:
        """The block that ended last: by symbol its first minute, its profit and the money in positions."""
        return {name: (self._first_ms, strip.profit, strip.invested) for name, strip in self._strips.items()}

    def summary(self) -> EquitySummary:
        """The whole wallet so far; with one symbol it is that symbol's."""
        if not self._is_pooled:
            return next(iter(self._strips.values())).curve.summary()
        return self._curve.summary()

    def summary_of(self, symbol: str) -> EquitySummary:
        """The wallet as if only this symbol had been traded."""
        strip = self._strips.get(symbol) or self._gone[symbol]
        return strip.curve.summary()

    def standing(self, tick_ms: int) -> Standing:
        """Where the equity stands at a tick, the minute that closed at it included."""
        equity = self.equity_at(tick_ms)
        if self._watch is None:
            return Standing(equity, self._start, self._start, 0.0)
        self._see(min(self._row_at(tick_ms), self._rows))
        return self._watch.standing(tick_ms, equity)

    def equity_at(self, tick_ms: int) -> float:
        """What the wallet is worth at the close of the minute that ends at a tick."""
        row = min(self._row_at(tick_ms), self._rows - 1)
        return self._start + sum(strip.profit_at(row) for strip in self._strips.values())

    @property
    def _is_pooled(self) -> bool:
        return len(self._strips) > 1 or bool(self._gone)

    def _row_at(self, tick_ms: int) -> int:
        return (tick_ms - self._first_ms) // MINUTE_MS - 1

    def _see(self, row: int) -> None:
        if self._watch is None or row <= self._watched:
            return
        seen = np.full(row - self._watched, self._start)
        for strip in self._strips.values():
            seen += strip.profit_over(self._watched, row)
        self._watch.see(self._first_ms + (self._watched + 1) * MINUTE_MS, seen)
        self._watched = row


class _Watch:
    """The day's first equity, the peak and the deepest fall so far, for limits that depend on them."""

    def __init__(self, start: float) -> None:
        self.peak = start
        self.worst_pct = 0.0
        self._day = -1
        self._day_start = start

    def record(self) -> EquityRecord:
        return EquityRecord(
            day=self._day, day_start=self._day_start, peak=self.peak, worst_drawdown_pct=self.worst_pct
        )

    def restore(self, record: EquityRecord) -> None:
        self._day, self._day_start = record.day, record.day_start
        self.peak, self.worst_pct = record.peak, record.worst_drawdown_pct

    def forgive(self, equity: float) -> None:
        self.peak, self.worst_pct = equity, 0.0

    def begin_day(self, day: int, equity: float) -> None:
        self._day, self._day_start = day, equity

    def see(self, first_tick_ms: int, equity: Column) -> None:
        last_tick_ms = first_tick_ms + (len(equity) - 1) * MINUTE_MS
        peaks: Column | float = self.peak
        if float(equity.max()) > self.peak:
            peaks = np.maximum(np.maximum.accumulate(equity), self.peak)
            self.peak = float(peaks[-1])
        self.worst_pct = max(self.worst_pct, float(((peaks - equity) / peaks).max()) * 100)
        day = last_tick_ms // DAY_MS
        if day != self._day:
            row = max(0, (day * DAY_MS - first_tick_ms) // MINUTE_MS)
            self._day, self._day_start = day, float(equity[row])

    def standing(self, tick_ms: int, equity: float) -> Standing:
        peak = max(self.peak, equity)
        worst = max(self.worst_pct, (peak - equity) / peak * 100)
        day_start = self._day_start if tick_ms // DAY_MS == self._day else equity
        return Standing(equity, day_start, peak, worst)
