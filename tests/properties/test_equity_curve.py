"""The equity curve, drawn in straight pieces, is what a strategy that looks at every minute counts by hand."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.market import Market
from btk.core.position import Position
from btk.core.strategy import HOOKS, Strategy
from btk.engines.backtest import Backtest
from btk.engines.drivers import StopSwitch
from btk.model.trade import Trade
from tests.properties.wild_run import JUMP, job_of, wild_worlds


def counting(strategy: Strategy, wallet: float, counted: dict[int, float]) -> Strategy:
    """The same strategy, which also counts what its wallet is worth each minute."""
    inner = type(strategy)
    closed = [0.0]

    class Counting(inner):  # type: ignore[misc, valid-type]
        def on_closed(self, market: Market, trade: Trade) -> Any:
            closed[0] += trade.pnl_cost
            return super().on_closed(market, trade)

        def on_idle(self, market: Market) -> Any:
            counted[market.now_ms] = wallet + closed[0]
            return super().on_idle(market)

        def on_waiting(self, market: Market, signal: Any) -> Any:
            counted[market.now_ms] = wallet + closed[0]
            return super().on_waiting(market, signal)

        def on_active(self, market: Market, position: Position) -> Any:
            counted[market.now_ms] = wallet + closed[0] + position.pnl_cost
            return super().on_active(market, position)

    return Counting()


@given(
    wild=wild_worlds(
        model="candle", hooks=frozenset(HOOKS), symbols=1, strategies=1, limited=False, loose=True, commands=0
    ),
    block=st.sampled_from((1, 7, JUMP)),
)
@settings(max_examples=25, deadline=None)
def test_every_minute_of_the_curve_is_what_is_counted_by_hand(wild, block):
    job = job_of(wild, [])
    counted: dict[int, float] = {}
    (seat,) = job.seats
    seats = [seat._replace(strategy=counting(seat.strategy, wild.wallet, counted))]
    job = msgspec.structs.replace(job, seats=seats, block_minutes=block)
    outcome = Backtest(job, lambda key, event: None, time.perf_counter).run(StopSwitch())
    curve = dict(zip(outcome.equity.outline_at_ms, outcome.equity.outline_equity, strict=True))
    minutes = sorted(set(curve) & set(counted))
    assert len(minutes) == wild.minutes
    for minute in minutes:
        assert curve[minute] == pytest.approx(counted[minute], rel=1e-12, abs=1e-6), minute
