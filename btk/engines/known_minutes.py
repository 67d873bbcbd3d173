"""The minutes of a run's symbols as they become known, one at a time; what nobody knows yet is shown flat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from btk.core.model import ExecutionModel, Minutes
from btk.engines.backtest import Job
from btk.engines.feed import ReplayFeed
from btk.engines.filled import FilledSource
from btk.model.intervals import MINUTE_MS
from btk.model.months import month_around
from btk.ports import CandleSource


class KnownMinutes:
    """Those until `held_ms` are in the source already. `paid` tells what was paid for what is held of a symbol (NaN:
    nothing is), `moved` hears up to when minutes were read."""

    def __init__(
        self,
        job: Job,
        model: ExecutionModel,
        held_ms: int,
        paid: Callable[[str], float],
        moved: Callable[[str, int], None],
    ) -> None:
        self._held_ms = held_ms
        self._paid = paid
        self._moved = moved
        self._blocks: dict[str, Minutes] = {}

        def feed(source: CandleSource) -> ReplayFeed:
            return ReplayFeed(source, job.symbols, model, job.rules.average_price_candles)

        self.feed = feed(job.source)
        self._lagging = feed(FilledSource(job.source))

    def at(self, symbol: str, tick_ms: int, known_ms: int) -> Minutes:
        """The minute that closes at a tick, of a symbol known until `known_ms`."""
        if tick_ms > known_ms:
            return self._flat(symbol, tick_ms)
        block = self._blocks.get(symbol)
        if block is None or not 0 <= block.row_at(tick_ms) < len(block):
            block = self._load(symbol, tick_ms, known_ms)
        minute = block.cut(block.row_at(tick_ms))
        return self._flat(symbol, tick_ms) if np.isnan(minute.price[0]) else minute

    def last_close(self, symbol: str, tick_ms: int) -> float | None:
        """The last close known at a tick that was gone through; None before the first."""
        block = self._blocks.get(symbol)
        if block is None:
            return None
        row = min(block.row_at(tick_ms), len(block) - 1)
        return float(block.close[row]) if row >= 0 else None

    def close_at(self, symbol: str, tick_ms: int) -> float:
        """The close at a tick before the first, as far as it is known."""
        return float(self._lagging.minutes(symbol, tick_ms, tick_ms).close[-1])

    def _load(self, symbol: str, tick_ms: int, known_ms: int) -> Minutes:
        last_ms = min(max(known_ms, self._held_ms), month_around(tick_ms - MINUTE_MS).to_ms)
        block = self._blocks[symbol] = self.feed.minutes(symbol, tick_ms, last_ms)
        self._moved(symbol, last_ms)
        return block

    def _flat(self, symbol: str, tick_ms: int) -> Minutes:
        # What is held is worth what it was at the last price known, or what was paid for it.
        minutes = self._lagging.minutes(symbol, tick_ms, tick_ms)
        if not np.isnan(minutes.close[-1]):
            return minutes
        paid = np.full(1, self._paid(symbol))
        return Minutes(minutes.first_ms, (paid, paid, paid, paid), paid)
