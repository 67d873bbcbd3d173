"""The trading engine where a replay cannot be: minutes that are only caught up on, states that change between two ticks."""

from __future__ import annotations

import asyncio
import time

import pytest

from btk.core.holding import opened
from btk.core.rules import Rules
from btk.core.states import Closing, Open, Opening, Scheduled
from btk.core.strategy import Strategy
from btk.engines.backtest import Job, Seat
from btk.engines.patient_driver import ENDLESS, PatientDriver
from btk.engines.slot import Slot
from btk.engines.trading import Trading
from btk.model.commands import Flatten
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame
from btk.model.signal import Signal
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

START_MS = 1_704_186_000_000  # 2024-01-02T09:00Z
KEY = SlotKey("BTC", "once", "test")
CALM, MINUTES = [100.0, 101.0, 99.0, 100.0, 1.0], 60
TO_THE_STOP = [100.0, 101.0, 90.0, 100.0, 1.0]
RULES = Rules(await_ms=3 * MINUTE_MS)


class Once(Strategy):
    """Has one wish, at the first question."""

    interval = "1m"
    wish: Signal
    said = False

    def get_signal(self, market):
        wanted, self.said = not self.said, True
        return self.wish if wanted else None


def trading(wish: Signal, model: str = "candle", **candles: list[float]) -> Trading:
    """A run over calm minutes but for those named ("m7" closes 7 minutes after the first question)."""
    rows = [candles.get(f"m{minute}", CALM) for minute in range(-10, MINUTES)]
    strategy = Once()
    strategy.wish = wish
    job = Job(
        seats=[Seat(KEY, strategy)],
        source=RecordedCandles({"BTC": minutes_of(START_MS - 11 * MINUTE_MS, rows)}),
        frame=Frame(from_ms=START_MS, to_ms=START_MS + (MINUTES - 2) * MINUTE_MS),
        model=model,
        rules=RULES,
    )
    return Trading(job, START_MS, held_ms=job.frame.to_ms)


def go_to(run: Trading, *minutes: int) -> Slot:
    """Be there at these minutes after the first question, and catch up on those between."""

    async def lived() -> None:
        driver = PatientDriver(ENDLESS, time.perf_counter)
        for minute in minutes:
            now_ms = START_MS + minute * MINUTE_MS
            for part in run.parts({"BTC": now_ms}, now_ms):
                await driver.drive(run.step(part, {"BTC": now_ms}))
        driver.close()

    asyncio.run(lived())
    return run.slots[KEY]


def told(run: Trading) -> list[tuple[str, int, str]]:
    """What became of it: the event, its minute, the reason."""
    return [
        (kind, (event.at_ms - START_MS) // MINUTE_MS, getattr(event, "close_reason", ""))
        for _, event in run.take_told()
        if (kind := str(event.__struct_config__.tag)) in ("opened", "closed", "cancelled")
    ]


@pytest.mark.parametrize("minute", [3, 5, 8, 9])
def test_a_stop_is_reached_also_after_a_lifetime_whose_end_nobody_was_there_to_decide_on(minute):
    run = trading(Signal("long", 120, 95, lifetime_minutes=3), **{f"m{minute}": TO_THE_STOP})
    go_to(run, 0, 1, 9, 10)
    assert told(run) == [("opened", 0, ""), ("closed", minute - 1, "stop_loss")]


@pytest.mark.parametrize("minute", [4, 9])
def test_an_entry_that_waited_for_too_long_is_filled_until_somebody_gives_it_up(minute):
    run = trading(Signal("long", 120, 80, price_open=95), **{f"m{minute}": TO_THE_STOP})
    go_to(run, 0, 1, 9)
    assert told(run) == [("opened", minute - 1, "")]


def test_what_an_order_at_the_exchange_opens_while_the_slot_is_being_flattened_is_closed():
    run = trading(Signal("long", 120, 95), model="brokered")
    slot = go_to(run, 0)
    run.order([KEY], Flatten(), START_MS + MINUTE_MS)
    go_to(run, 1)
    assert type(slot.state) is Opening
    slot.settle_orders(Open(opened(slot.state.plan, 100.0, START_MS, RULES)), ())
    go_to(run, 2)
    assert type(slot.state) is Closing


def test_what_a_resting_order_opens_before_its_cancelling_arrives_is_closed():
    run = trading(Signal("long", 120, 90, price_open=95), model="brokered")
    slot = go_to(run, 0)
    run.order([KEY], Flatten(), START_MS + MINUTE_MS)
    go_to(run, 1)
    assert type(slot.state) is Scheduled
    assert slot.state.request == "cancel"
    slot.settle_orders(Open(opened(slot.state.plan, 95.0, START_MS, RULES)), ())
    go_to(run, 2)
    assert type(slot.state) is Closing
