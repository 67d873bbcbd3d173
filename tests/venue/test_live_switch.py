"""The kill switch of a live run: told as an alarm, in the state, and lifted by `btk resume` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec

from btk import Market, Position, Signal, Strategy
from btk.core.states import Open
from btk.model.commands import Resume
from btk.model.events import (
    AlarmEvent,
    AveragedEvent,
    CancelledEvent,
    ClosedEvent,
    OpenedEvent,
    RejectedEvent,
)
from btk.model.settings import Broker
from tests.venue.live_bot import Bot
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_loop import LoopClock, run_virtual

START_MS = 1_699_999_985_000


class Eager(Strategy):
    """Long again in every minute in which nothing is open: stop 1 %, target 20 %."""

    name = "eager"
    interval = "1m"
    asked: ClassVar[list[int]] = []

    def get_signal(self, market: Market) -> Signal | None:
        self.asked.append(market.now_ms)
        return Signal.bracket("long", market.price, 20, 1)


class Twin(Eager):
    """The same once more."""

    name = "twin"


class Doubling(Eager):
    """Buys again in every minute of its position."""

    name = "doubling"

    def on_active(self, market: Market, position: Position) -> None:
        position.average_buy(500)


class Patient(Strategy):
    """Waits below the price."""

    name = "patient"
    interval = "1m"

    def get_signal(self, market: Market) -> Signal | None:
        return Signal.bracket("long", market.price * 0.97, 2, 1, price_open=market.price * 0.97)


def switch_alarms(bot: Bot) -> list[AlarmEvent]:
    return [event for event in bot.events if isinstance(event, AlarmEvent) and event.subject == "kill switch"]


def kinds(bot: Bot, kind: type[Any]) -> list[Any]:
    return [event for event in bot.events if isinstance(event, kind)]


def test_a_day_that_costs_too_much_opens_nothing_more_until_somebody_resumes(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Eager], "swap", tmp_path)
        bot.broker_rules = Broker(kind="ccxt", max_daily_loss=9.0)
        bot.follow([(0, 50_000), (130, 49_400)], minutes=30)
        await bot.run(400)
        return bot

    Eager.asked.clear()
    bot = run_virtual(START_MS, main)
    (alarm,) = switch_alarms(bot)
    assert "broker.max_daily_loss is 9" in alarm.message
    assert len(kinds(bot, OpenedEvent)) == len(kinds(bot, ClosedEvent)) == 1
    assert bot.session.trading.slots[bot.keys[0]].needs_attention == alarm.message
    assert audit(bot.venue).violations == []


def test_who_resumes_may_open_again_and_a_restart_does_not_lift_it(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Eager], "swap", tmp_path)
        bot.broker_rules = Broker(kind="ccxt", max_daily_loss=9.0)
        bot.follow([(0, 50_000), (130, 49_400)], minutes=30)
        await bot.run(300)
        asked = len(Eager.asked)
        await bot.run(500)
        assert len(Eager.asked) == asked
        trading = bot.session.trading
        trading.order(bot.keys, Resume(), bot.session.tick_ms)
        await bot.run(800)
        return bot

    Eager.asked.clear()
    bot = run_virtual(START_MS, main)
    assert len(kinds(bot, OpenedEvent)) == 1


def test_a_switch_that_is_thrown_stops_entries_that_would_wait_and_additions_too(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Doubling, Patient], "spot", tmp_path)
        bot.broker_rules = Broker(kind="ccxt", max_orders_per_minute=1)
        bot.rules = msgspec.structs.replace(bot.rules, dca_everywhere=True)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(400)
        return bot

    bot = run_virtual(START_MS, main)
    (alarm,) = switch_alarms(bot)
    (refused, *_) = [each.detail for each in kinds(bot, RejectedEvent) if each.reason == "exchange"]
    assert refused == f"average buy: {alarm.message}"
    assert kinds(bot, AveragedEvent) == []
    assert [(each.strategy, each.note) for each in kinds(bot, CancelledEvent)] == [("patient", alarm.message)]
    sent = [each.sent for each in bot.venue.heard if each.request.is_order]
    assert [each["type"] for each in sent if each["side"] == "BUY"] == ["MARKET"]


def test_stops_and_targets_are_orders_too(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Doubling], "swap", tmp_path)
        bot.broker_rules = Broker(kind="ccxt", max_orders_per_minute=3)
        bot.rules = msgspec.structs.replace(bot.rules, dca_everywhere=True)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(200)
        return bot

    bot = run_virtual(START_MS, main)
    (alarm,) = switch_alarms(bot)
    assert "3 orders within a minute" in alarm.message
    assert kinds(bot, AveragedEvent) == []


def test_more_orders_than_a_minute_may_have_open_nothing_more_but_protect_what_is_open(
    tmp_path: Path,
) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Eager, Twin], "spot", tmp_path)
        bot.broker_rules = Broker(kind="ccxt", max_orders_per_minute=1)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(400)
        return bot

    bot = run_virtual(START_MS, main)
    (alarm,) = switch_alarms(bot)
    assert "1 orders within a minute, broker.max_orders_per_minute is 1" in alarm.message
    (cancelled,) = kinds(bot, CancelledEvent)
    assert (cancelled.strategy, cancelled.reason, cancelled.note) == ("twin", "rejected", alarm.message)
    assert isinstance(bot.session.trading.slots[bot.keys[0]].state, Open)
    assert len(bot.venue.spot.book.open_orders("BTCUSDT")) == 2
