"""The strategies that are measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from btk import Candles, Market, Position, Signal, Strategy

Columns = dict[str, NDArray[Any]]


class CrossCallback(Strategy):
    """W1 through `get_signal` and `market.candles` only."""

    interval = "15m"
    warmup = 51
    fast: int = 10
    slow: int = 50
    both: bool = True
    lifetime: int = 720

    def get_signal(self, market: Market) -> Signal | None:
        close = market.candles("15m", self.slow + 1).close
        before = close[-self.fast - 1 : -1].mean() - close[:-1].mean()
        after = close[-self.fast :].mean() - close[1:].mean()
        if before <= 0 < after:
            return Signal.bracket("long", market.price, 2, 1, lifetime_minutes=self.lifetime)
        if self.both and before >= 0 > after:
            return Signal.bracket("short", market.price, 2, 1, lifetime_minutes=self.lifetime)
        return None


class CrossArrays(Strategy):
    """W1 with `indicators` and `candidates`."""

    interval = "15m"
    warmup = 51
    fast: int = 10
    slow: int = 50
    both: bool = True
    lifetime: int = 720

    def indicators(self, candles: Candles) -> Columns:
        close = candles.close
        return {"spread": _average(close, self.fast) - _average(close, self.slow)}

    def candidates(self, indicators: Columns) -> NDArray[np.bool_]:
        spread = indicators["spread"]
        crossed = np.zeros(len(spread), dtype=np.bool_)
        crossed[1:] = (spread[:-1] <= 0) & (spread[1:] > 0)
        if self.both:
            crossed[1:] |= (spread[:-1] >= 0) & (spread[1:] < 0)
        return crossed

    def get_signal(self, market: Market) -> Signal | None:
        before, after = market.indicators["spread"][-2:]
        if before <= 0 < after:
            return Signal.bracket("long", market.price, 2, 1, lifetime_minutes=self.lifetime)
        if self.both and before >= 0 > after:
            return Signal.bracket("short", market.price, 2, 1, lifetime_minutes=self.lifetime)
        return None


class CrossPeers(CrossArrays):
    """The variant that the peers were measured on: long only, SMA(10) and SMA(30), 1440 minutes."""

    warmup = 31
    slow = 30
    both = False
    lifetime = 1440


class CrossWatched(CrossArrays):
    """W4: W1 with a hook that does nothing."""

    def on_active(self, market: Market, position: Position) -> None:
        pass


class CrossBound(CrossArrays):
    """W5: W1 under a shared risk profile."""

    risk = ("shared",)


class Silent(Strategy):
    """W2: asked every minute, never answers."""

    def get_signal(self, market: Market) -> Signal | None:
        return None


def _average(close: NDArray[np.float64], bars: int) -> NDArray[np.float64]:
    sums = np.cumsum(np.concatenate([[0.0], close]))
    averages = np.full(len(close), np.nan)
    averages[bars - 1 :] = (sums[bars:] - sums[:-bars]) / bars
    return averages
