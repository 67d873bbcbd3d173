"""The kill switch: too many orders, or too much lost in a day, and nothing new is opened until a person says so."""

from __future__ import annotations

from typing import ClassVar

from btk import Market, Signal, Strategy
from btk.core.kill_switch import SwitchLimits
from btk.core.rules import Rules
from btk.core.states import Idle, Open, Scheduled
from btk.engines.backtest import Job, Seat
from btk.engines.drivers import StopSwitch, drive
from btk.engines.kill_switch import KillSwitch
from btk.engines.slot import Slot
from btk.engines.trading import Trading
from btk.model.bars import Bars
from btk.model.commands import Resume
from btk.model.events import CancelledEvent
from btk.model.names import SlotKey
from btk.model.settings import Frame
from tests.engines.minutes import after_ten
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

KEY = SlotKey("BTC", "probe", "test")


class Probe(Strategy):
    """Long for 1000 whenever it is asked; `at` is the entry, None: at market."""

    name = "probe"
    interval = "1m"
    at: ClassVar[float | None] = None

    def get_signal(self, market: Market) -> Signal | None:
        base = self.at or market.price
        return Signal("long", base * 1.5, base * 0.81, price_open=self.at, cost=1000.0)


class Waiting(Probe):
    """Waits for a price that does not come."""

    at = 500.0


def falling() -> Bars:
    """1000 for ten minutes, then one percent less every minute."""
    closes = [1000.0] * 10 + [1000.0 - 10 * step for step in range(1, 30)]
    return minutes_of(after_ten(-5), [(each, each, each, each, 1.0) for each in closes])


class Run:
    """A run of one slot that is taken through its minutes, with its switch."""

    def __init__(self, limits: SwitchLimits, strategy: type[Strategy] = Probe) -> None:
        job = Job(
            seats=[Seat(KEY, strategy(), ())],
            source=RecordedCandles({"BTC": falling()}),
            frame=Frame(from_ms=after_ten(0), to_ms=after_ten(30)),
            model="candle",
            rules=Rules(slippage_pct=0.0, fee_pct=0.0),
            wallet_start=10_000.0,
            watches_equity=True,
        )
        self.trading = Trading(job, after_ten(0), held_ms=after_ten(30))
        self.switch = KillSwitch(self.trading, limits)

    @property
    def slot(self) -> Slot:
        return self.trading.slots[KEY]

    def go_to(self, minute: int) -> None:
        while self.trading.reached.drawn_ms < after_ten(minute):
            tick_ms = self.trading.reached.drawn_ms + 60_000
            for part in self.trading.parts({"BTC": tick_ms}, tick_ms):
                drive(self.trading.step(part, {"BTC": tick_ms}), StopSwitch())
            self.switch.look()


def test_a_day_that_costs_too_much_throws_the_switch_and_leaves_the_position_open() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=60, max_daily_loss=50.0))
    run.go_to(9)
    assert run.switch.words == ""
    run.go_to(12)
    assert run.switch.words == (
        "kill switch: 50.00 lost today, broker.max_daily_loss is 50; nothing new is opened until btk resume"
    )
    assert isinstance(run.slot.state, Open)
    assert not run.slot.asks


def test_no_limit_is_no_switch() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=60))
    run.go_to(20)
    assert run.switch.words == ""


def test_who_resumes_begins_the_days_loss_anew() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=60, max_daily_loss=50.0))
    run.go_to(12)
    run.trading.order([KEY], Resume(), after_ten(12))
    run.go_to(16)
    assert run.switch.words == ""
    run.go_to(19)
    assert run.switch.words.startswith("kill switch: 50.00 lost today")


def test_what_was_thrown_is_known_after_a_restart() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=60, max_daily_loss=50.0))
    run.go_to(12)
    (record,) = run.trading.records(())
    assert record.needs_attention == run.switch.words
    assert KillSwitch(run.trading, SwitchLimits(max_orders_per_minute=60)).words == run.switch.words


def test_one_order_too_many_within_a_minute_throws_it_and_a_quiet_minute_does_not_lift_it() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=3))
    for at_ms in (0, 10_000, 20_000):
        assert run.switch.stops(KEY, at_ms) == ""
        run.switch.sent(at_ms)
    assert "3 orders within a minute" in run.switch.stops(KEY, 30_000)
    assert "3 orders within a minute" in run.switch.stops(KEY, 300_000)
    run.slot.needs_attention = ""
    assert run.switch.stops(KEY, 300_000) == ""


def test_orders_of_more_than_a_minute_do_not_throw_it() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=3))
    for at_ms in range(0, 300_000, 25_000):
        assert run.switch.stops(KEY, at_ms) == ""
        run.switch.sent(at_ms)


def test_entries_that_wait_are_cancelled_when_it_is_thrown() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=1), Waiting)
    run.go_to(2)
    assert isinstance(run.slot.state, Scheduled)
    run.switch.sent(0)
    run.switch.stops(KEY, 1)
    run.go_to(3)
    assert isinstance(run.slot.state, Idle)
    (cancelled,) = [event for _, event in run.trading.take_told() if isinstance(event, CancelledEvent)]
    assert cancelled.note.startswith("kill switch: 1 orders within a minute")


def test_an_order_that_has_not_left_after_all_does_not_count() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=2))
    for _ in range(20):
        run.switch.sent(after_ten(1))
        run.switch.unsent()
    run.switch.sent(after_ten(1))
    assert run.switch.stops(KEY, after_ten(1)) == ""
    run.switch.sent(after_ten(1))
    assert "2 orders within a minute" in run.switch.stops(KEY, after_ten(1))


def test_a_slot_that_needs_attention_already_is_stopped_too() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=60, max_daily_loss=50.0))
    run.go_to(9)
    run.slot.needs_attention = "the target cannot be placed"
    run.go_to(12)
    words = run.switch.stops(KEY, after_ten(12))
    assert words.startswith("kill switch: 50.00 lost today")
    assert words.endswith("; the target cannot be placed")


def test_too_many_orders_stop_a_slot_that_needs_attention_already() -> None:
    run = Run(SwitchLimits(max_orders_per_minute=1))
    run.slot.needs_attention = "the target cannot be placed"
    run.switch.sent(0)
    assert "1 orders within a minute" in run.switch.stops(KEY, 1)
