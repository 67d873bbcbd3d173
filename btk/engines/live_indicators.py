"""Indicators live: computed over exactly the warm-up bars that are closed now, each time a bar has closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from btk.core.market import Market
from btk.core.strategy import Strategy
from btk.engines.indicator_columns import Columns, checked_columns
from btk.model.errors import StrategyError
from btk.model.intervals import floor_to, interval_ms

EMPTY: Columns = {}


class LiveIndicators(Mapping[str, NDArray[Any]]):
    """The strategy's columns at the market's now; whoever reads one pays for computing them."""

    __slots__ = ("_closed_ms", "_columns", "_market", "_step_ms", "_strategy")

    def __init__(self, strategy: Strategy, market: Market) -> None:
        self._strategy = strategy
        self._market = market
        self._step_ms = interval_ms(strategy.interval)
        self._closed_ms = -1
        self._columns = EMPTY

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Columns:
        closed_ms = floor_to(self._market.now_ms, self._step_ms)
        if closed_ms != self._closed_ms:
            strategy = self._strategy
            candles = self._market.candles(strategy.interval, strategy.warmup)
            self._columns = checked_columns(strategy, strategy.indicators(candles), len(candles))
            self._closed_ms = closed_ms
        return self._columns


def only_at_candidates(strategy: Strategy) -> Callable[[Market], Any]:
    """The strategy's question, put only where the last closed bar is one of its candidates."""

    @wraps(strategy.get_signal)
    def question(market: Market) -> Any:
        return strategy.get_signal(market) if _is_candidate(strategy, market) else None

    return question


def _is_candidate(strategy: Strategy, market: Market) -> bool:
    mask = strategy.candidates(dict(market.indicators))
    if mask is None:
        return True
    chosen = np.asarray(mask)
    if chosen.dtype != np.bool_ or chosen.shape != (strategy.warmup,):
        raise StrategyError(
            f"candidates must be {strategy.warmup} booleans, got {chosen.dtype} of {chosen.shape}"
        )
    return bool(chosen[-1])
