"""Sightings: what a position has seen of the market, counted minute by minute or many minutes at once."""

from __future__ import annotations

from btk.core import milestones
from btk.core.holding import Holding, seen
from btk.core.milestones import Reached
from btk.core.model import Minutes
from btk.core.rules import Rules
from btk.model.intervals import MINUTE_MS


class Sightings:
    """Best and worst are counted until `extremes_ms`, milestones until `milestones_ms` (open times of candles).

    `by_price`: only the execution model's price counts, else what the candles reached.
    """

    __slots__ = ("_by_price", "_minutes", "_rules", "extremes_ms", "milestones_ms")

    def __init__(self, by_price: bool, rules: Rules) -> None:
        self.extremes_ms = 0
        self.milestones_ms = 0
        self._by_price = by_price
        self._rules = rules
        self._minutes = Minutes.nothing()

    def enter(self, minutes: Minutes) -> None:
        """Begin a stretch of minutes."""
        self._minutes = minutes

    def begin(self, extremes_ms: int, milestones_ms: int) -> None:
        """A position begins: count its best and worst from one candle on, its milestones from another."""
        self.extremes_ms, self.milestones_ms = extremes_ms, milestones_ms

    def with_extremes(self, holding: Holding, row: int) -> Holding:
        """The position with the best and worst of the candles up to `row`; nothing is counted yet."""
        start, stop = self._row_from(self.extremes_ms), row + 1
        if start >= stop:
            return holding
        minutes, side = self._minutes, holding.plan.side
        if self._by_price:
            highest = lowest = minutes.price[start:stop]
        else:
            highest, lowest = minutes.high[start:stop], minutes.low[start:stop]
        # Where they are is found in a quarter of the time that `max` and `min` take.
        high, low = highest.item(highest.argmax()), lowest.item(lowest.argmin())
        return seen(holding, high if side > 0 else low, low if side > 0 else high, self._rules)

    def count_extremes(self, holding: Holding, row: int) -> Holding:
        """The same, and the candles are counted."""
        holding = self.with_extremes(holding, row)
        self.extremes_ms = max(self.extremes_ms, self._minutes.first_ms + (row + 1) * MINUTE_MS)
        return holding

    def count_milestones(self, holding: Holding, row: int) -> list[Reached]:
        """What the prices of the candles up to `row` reach for the first time; the candles are counted."""
        start, stop = self._row_from(self.milestones_ms), row + 1
        if start >= stop:
            return []
        self.milestones_ms = self._minutes.first_ms + stop * MINUTE_MS
        return milestones.reached(holding, self._minutes.price, start, stop, self._rules)

    def next_milestone(self, holding: Holding, start: int, stop: int) -> int:
        """The first row of `[start, stop)` that reaches a milestone; `stop` when there is none."""
        if start >= stop:
            return stop
        found = milestones.reached(holding, self._minutes.price, start, stop, self._rules)
        return found[0].row if found else stop

    def _row_from(self, open_ms: int) -> int:
        return max(0, (open_ms - self._minutes.first_ms) // MINUTE_MS)
