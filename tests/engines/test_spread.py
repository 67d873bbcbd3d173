"""Symbols that run apart come to exactly what they come to together, or are sent back to run together."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from btk import Market, Position, Signal, Strategy
from btk.core.rules import Rules
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.spread import merged, obstacle, run_part
from btk.model.bars import Bars
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame, RiskProfile, Sizing
from tests.fakes.recorded_candles import RecordedCandles

FIRST_MS = 1_704_067_200_000
MINUTES = 1_200
SYMBOLS = ("AAA", "BBB", "CCC")


class Restless(Strategy):
    """Opens on whole quarters of an hour, adds once, takes half."""

    interval = "15m"

    def get_signal(self, market: Market) -> Signal:
        return Signal.bracket("long", market.price, 0.8, 0.9, lifetime_minutes=45, cost=self.stake)

    stake: float = 100.0

    def on_active(self, market: Market, position: Position) -> None:
        if len(position.entries) == 1 and position.pnl_pct < -0.7:
            position.average_buy(50)
        if not position.partials and position.pnl_pct > 0.1:
            position.partial_profit(50)


def walk(seed: int) -> Bars:
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.0015, MINUTES))), 2)
    first = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(first, close) + 0.02, np.minimum(first, close) - 0.02
    return Bars(FIRST_MS, MINUTE_MS, (first, high, low, close, np.ones(MINUTES)))


def job(wallet_start: float = 1_000.0, **rest: object) -> Job:
    source = RecordedCandles({symbol: walk(seed) for seed, symbol in enumerate(SYMBOLS)})
    return Job(
        seats=[Seat(SlotKey(symbol, "restless", "test"), Restless()) for symbol in SYMBOLS],
        source=source,
        frame=Frame(from_ms=FIRST_MS + 60 * MINUTE_MS, to_ms=FIRST_MS + MINUTES * MINUTE_MS),
        model="candle",
        rules=Rules(),
        wallet_start=wallet_start,
        **rest,  # type: ignore[arg-type]
    )


def apart(work: Job) -> tuple[object, list[tuple[SlotKey, Event]]]:
    told: list[tuple[SlotKey, Event]] = []
    parts = {symbol: run_part(work, symbol, time.perf_counter) for symbol in work.symbols}
    return merged(work, parts, lambda key, event: told.append((key, event)), 0.0), told


@pytest.mark.parametrize("model", ["candle", "vwap"])
def test_apart_and_together_come_to_the_same_events_records_and_equity(model: str) -> None:
    work = msgspec.structs.replace(job(), model=model)
    told: list[tuple[SlotKey, Event]] = []
    together = Backtest(work, lambda key, event: told.append((key, event)), time.perf_counter).run(
        StopSwitch()
    )
    outcome, told_apart = apart(work)
    assert len(told) > 100
    assert told_apart == told
    assert outcome == msgspec.structs.replace(together, seconds=0.0)


def test_symbols_that_compete_for_cash_are_sent_back() -> None:
    outcome, told = apart(job(wallet_start=250.0))
    assert outcome is None
    assert told == []


def test_a_wallet_that_always_holds_enough_for_all_lets_them_run_apart() -> None:
    outcome, _ = apart(job(wallet_start=600.0))
    assert outcome is not None


def test_what_is_shared_keeps_symbols_together() -> None:
    assert obstacle(job()) is None
    assert "equity" in str(obstacle(job(sizing=Sizing(method="fixed_percentage", risk_pct=1.0))))
    bound = job(profiles={"tight": (RiskProfile(max_positions=1), ())})
    seats = [seat._replace(profiles=("tight",)) for seat in bound.seats]
    assert "tight" in str(obstacle(msgspec.structs.replace(bound, seats=seats)))
