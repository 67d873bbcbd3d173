"""One gate: a pause holds everybody, a budget holds readers, and whoever gets us out goes first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from btk.adapters.request_gate import INHERITED_SECONDS, Held, Priority, RequestGate
from btk.adapters.venue_pause import VenuePause, wall_ms


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def gate(clock: Clock, places: int = 8, weight_limit: int = 100) -> RequestGate:
    return RequestGate(weight_limit, places, monotonic=clock, sleep=clock.sleep)


async def pass_through(one: RequestGate, priority: Priority, patience_seconds: float = 10.0) -> None:
    async with one.turn(priority, patience_seconds):
        pass


@pytest.mark.parametrize("priority", Priority)
def test_a_pause_the_venue_asked_for_holds_every_request_of_the_process(priority: Priority) -> None:
    clock = Clock()
    one = gate(clock)
    one.heard(429, {"Retry-After": "7"})
    asyncio.run(pass_through(one, priority))
    assert clock.now >= 1_007


@pytest.mark.parametrize("priority", Priority)
def test_a_request_that_cannot_wait_so_long_is_told_that_nothing_was_sent(priority: Priority) -> None:
    one = gate(Clock())
    one.heard(418, {"retry-after": "120"})
    with pytest.raises(Held, match="nothing was sent: the exchange wants no request for 120 s"):
        asyncio.run(pass_through(one, priority))


def test_a_ban_without_a_time_is_the_shortest_there_is() -> None:
    one = gate(Clock())
    one.heard(418, {})
    assert one.pause_seconds() == 120


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    one = gate(Clock())
    one.heard(429, {"Retry-After": "60"})
    one.heard(429, {"Retry-After": "1"})
    assert one.pause_seconds() == 60


def test_an_answer_that_is_well_asks_for_no_pause() -> None:
    one = gate(Clock())
    one.heard(200, {"Retry-After": "60"})
    assert one.pause_seconds() == 0


@pytest.mark.parametrize(
    ("used", "held"),
    [
        (79, []),
        (80, [Priority.READ]),
        (95, [Priority.RECONCILE, Priority.READ]),
        (100, [Priority.RECONCILE, Priority.READ]),
    ],
)
def test_a_budget_that_runs_out_holds_readers_first_and_orders_never(used: int, held: list[Priority]) -> None:
    one = gate(Clock())
    one.heard(200, {"X-MBX-USED-WEIGHT-1M": str(used)})
    waiting = []
    for priority in Priority:
        try:
            asyncio.run(pass_through(one, priority, patience_seconds=1))
        except Held:
            waiting.append(priority)
    assert waiting == held


def test_whoever_gets_us_out_goes_first_however_late_it_came() -> None:
    clock = Clock()
    one = gate(clock, places=1)
    order: list[Priority] = []

    async def ask(priority: Priority) -> None:
        async with one.turn(priority):
            order.append(priority)
            await asyncio.sleep(0)

    async def all_at_once() -> None:
        async with one.turn(Priority.READ):
            tasks = [asyncio.create_task(ask(priority)) for priority in reversed(Priority)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(all_at_once())
    assert order == list(Priority)


def test_a_request_that_is_given_up_in_the_queue_takes_no_place() -> None:
    one = gate(Clock(), places=1)

    async def scene() -> None:
        async with one.turn(Priority.READ):
            waiting = asyncio.create_task(pass_through(one, Priority.READ))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await pass_through(one, Priority.READ)
        await pass_through(one, Priority.READ)

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_a_new_process_begins_in_the_pause_that_is_on(tmp_path: Path) -> None:
    shared = VenuePause(tmp_path / ".pause")
    RequestGate(shared=shared).heard(418, {"Retry-After": "90"})
    assert 80 < RequestGate(shared=VenuePause(tmp_path / ".pause")).pause_seconds() <= 90


def test_a_clock_that_was_set_back_holds_a_start_for_minutes_at_most(tmp_path: Path) -> None:
    VenuePause(tmp_path / ".pause").extend(60)
    set_back = VenuePause(tmp_path / ".pause", lambda: wall_ms() - 3_600_000)
    assert RequestGate(shared=set_back).pause_seconds() <= INHERITED_SECONDS
