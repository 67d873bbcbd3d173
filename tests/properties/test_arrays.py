"""`indicators` and `candidates` make a strategy faster, never another one."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.market import Market
from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.model.bars import Candles
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame, RiskProfile
from btk.model.signal import Signal
from tests.fakes.recorded_candles import RecordedCandles
from tests.properties.random_market import random_minutes
from tests.properties.wild_run import START_MS

BARS = 5


class Breakout(Strategy):
    """A close above all highs of the bars before it; everything is computed at the question."""

    warmup = BARS + 1
    seed = 0

    def get_signal(self, market: Market) -> Signal | None:
        candles = market.candles(self.interval, BARS + 1)
        return self.wish(market, candles.close[-1] > candles.high[:-1].max())

    def wish(self, market: Market, above: Any) -> Signal | None:
        if not above:
            return None
        dice = Random(f"{self.seed}/{market.now_ms}")
        away = dice.choice((0.0, 0.0, 0.5))
        entry = market.price - away
        return Signal("long", entry + 2, entry - 2, price_open=entry if away else None, lifetime_minutes=30)


class BreakoutColumns(Breakout):
    """The same from columns that are computed once."""

    def indicators(self, candles: Candles) -> dict[str, Any]:
        ceiling = np.full(len(candles), np.inf)
        if len(candles) > BARS:
            ceiling[BARS:] = np.lib.stride_tricks.sliding_window_view(candles.high, BARS).max(axis=1)[:-1]
        return {"above": candles.close > ceiling}

    def get_signal(self, market: Market) -> Signal | None:
        return self.wish(market, market.indicators["above"][-1])


class BreakoutCandidates(BreakoutColumns):
    """The same, asked only where it could answer."""

    def candidates(self, indicators: dict[str, Any]) -> Any:
        return indicators["above"]


def events_of(cls: type[Strategy], seed: int, interval: str, frame_interval: str, late: int) -> list[Event]:
    """The events of one symbol under a profile that refuses now and then; the data may begin `late`."""
    own = type(cls.__name__, (cls,), {"interval": interval, "seed": seed, "name": "breakout"})
    from_ms = START_MS + 7 * MINUTE_MS
    first_ms = from_ms - (0 if late else 200 * MINUTE_MS) - MINUTE_MS
    candles = {"S0": random_minutes(seed, first_ms, 1_000), "S1": random_minutes(seed + 1, first_ms, 1_000)}
    events: list[Event] = []
    job = Job(
        seats=[Seat(SlotKey(symbol, "breakout", "test"), own(), ("tight",)) for symbol in candles],
        source=RecordedCandles(candles),
        frame=Frame(from_ms=from_ms, to_ms=from_ms + 600 * MINUTE_MS, interval=frame_interval),
        model="candle",
        rules=Rules(),
        profiles={"tight": (RiskProfile(max_positions=1, cooldown_minutes=20), ())},
    )
    Backtest(job, lambda key, event: events.append(event), time.perf_counter).run(StopSwitch())
    return events


@given(
    seed=st.integers(0, 2**32 - 1),
    interval=st.sampled_from(("1m", "3m", "15m")),
    frame_interval=st.sampled_from(("1m", "1m", "5m", "1h")),
    late=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_with_columns_with_candidates_and_without_the_events_are_the_same(
    seed, interval, frame_interval, late
):
    plain, columns, candidates = (
        events_of(cls, seed, interval, frame_interval, late)
        for cls in (Breakout, BreakoutColumns, BreakoutCandidates)
    )
    assert columns == plain
    assert candidates == plain
