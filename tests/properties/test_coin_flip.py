"""A coin flip has no edge: over many trades it loses its costs, no more and no less."""

from __future__ import annotations

import time
from random import Random

import numpy as np
import pytest

from btk.core.market import Market
from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.model.bars import Bars
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame
from btk.model.signal import Signal
from btk.model.trade import Trade
from tests.fakes.recorded_candles import RecordedCandles
from tests.properties.wild_run import START_MS

MINUTES = 60_000
STEPS_A_MINUTE = 20
STEP = 0.0002


class CoinFlip(Strategy):
    """Heads long, tails short; a target as far away as the stop."""

    def get_signal(self, market: Market) -> Signal:
        dice = Random(market.now_ms)
        side = dice.choice(("long", "short"))
        return Signal.bracket(side, market.price, 0.6, 0.6, lifetime_minutes=60)


class PatientCoinFlip(Strategy):
    """The same with a resting entry a little better than the market."""

    def get_signal(self, market: Market) -> Signal:
        dice = Random(market.now_ms)
        side = dice.choice((1, -1))
        entry = market.price * (1 - side * 0.0005)
        return Signal.bracket(
            "long" if side > 0 else "short", entry, 0.6, 0.6, price_open=entry, lifetime_minutes=60
        )


def fair_market(seed: int) -> Bars:
    """Candles of a path of many small steps that go up as often as down: extremes are where the path was."""
    dice = np.random.default_rng(seed)
    path = 100 * np.exp(np.cumsum(STEP * dice.choice((-1.0, 1.0), MINUTES * STEPS_A_MINUTE)))
    table = path.reshape(MINUTES, STEPS_A_MINUTE)
    first = np.concatenate(([100.0], table[:-1, -1]))
    high, low = np.maximum(table.max(axis=1), first), np.minimum(table.min(axis=1), first)
    return Bars(START_MS - 10 * MINUTE_MS, MINUTE_MS, (first, high, low, table[:, -1], np.ones(MINUTES)))


def trades_of(strategy: Strategy, rules: Rules) -> list[Trade]:
    key = SlotKey("BTC", strategy.name, "test")
    job = Job(
        seats=[Seat(key, strategy)],
        source=RecordedCandles({"BTC": fair_market(seed=3)}),
        frame=Frame(from_ms=START_MS, to_ms=START_MS + (MINUTES - 20) * MINUTE_MS),
        model="candle",
        rules=rules,
        wallet_start=1e9,
    )
    outcome = Backtest(job, lambda key, event: None, time.perf_counter).run(StopSwitch())
    return outcome.records[key].trades


@pytest.mark.parametrize("strategy", [CoinFlip(), PatientCoinFlip()], ids=lambda strategy: strategy.name)
def test_a_coin_flip_loses_its_costs_on_average(strategy):
    trades = trades_of(strategy, Rules())
    profits = np.array([trade.pnl_pct for trade in trades])
    doubt = profits.std() / np.sqrt(len(profits))
    assert len(trades) > 1_000
    assert doubt < 0.03
    assert abs(profits.mean() + 0.4) < 4 * doubt
    costs = np.array([trade.fee_cost + trade.slippage_cost for trade in trades])
    assert costs.mean() == pytest.approx(0.4, abs=0.002)


def test_without_costs_it_neither_wins_nor_loses():
    profits = np.array([trade.pnl_pct for trade in trades_of(CoinFlip(), Rules(slippage_pct=0, fee_pct=0))])
    assert abs(profits.mean()) < 4 * profits.std() / np.sqrt(len(profits))
