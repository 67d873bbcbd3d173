"""Hours of a venue pass in no time, in the right order, with the unmodified client on its seat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import seated_client, stocked_venue
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, NothingLeft, run_virtual

START_MS = 1_700_000_000_000
BTC = "BTC/USDT"


def test_sleepers_wake_in_the_order_of_their_time() -> None:
    async def main(clock: LoopClock) -> list[tuple[str, int]]:
        woken: list[tuple[str, int]] = []

        async def sleep(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append((name, clock.true_ms() - START_MS))

        await asyncio.gather(sleep("late", 7_200), sleep("early", 3_600))
        return woken

    assert run_virtual(START_MS, main) == [("early", 3_600_000), ("late", 7_200_000)]


def test_work_for_threads_takes_no_time_and_raises_where_it_is_awaited() -> None:
    async def main(clock: LoopClock) -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await asyncio.to_thread(lambda: clock.true_ms() - START_MS)

    assert run_virtual(START_MS, main) == 0


def test_waiting_for_nobody_is_told() -> None:
    async def main(clock: LoopClock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeft):
        run_virtual(START_MS, main)


def test_a_lost_order_that_arrives_late_is_seen_by_a_client_that_waits_long_enough() -> None:
    async def main(clock: LoopClock) -> Any:
        venue = stocked_venue(clock)
        client = seated_client(venue, wait=asyncio.sleep, latency_ms=80)
        client.timeout_on_exit = 0
        await client.load_markets()
        venue.plan(FAULTS["as late as can be"])
        sent_ms = clock.true_ms()
        with pytest.raises(told.RequestTimeout):
            await client.create_order(BTC, "market", "buy", 0.01, None, {"clientOrderId": "a"})
        timed_out_ms = clock.true_ms() - sent_ms
        with pytest.raises(told.OrderNotFound):
            await client.fetch_order(None, BTC, {"clientOrderId": "a"})
        await asyncio.sleep(5)
        found = await client.fetch_order(None, BTC, {"clientOrderId": "a"})
        await client.close()
        return timed_out_ms, found["timestamp"] - sent_ms

    assert run_virtual(START_MS, main) == (10_040, 14_999)
