"""The rules of a market while a run goes on: read again every hour, and nothing opened where nothing is traded."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from btk import Market, Position, Signal, Strategy
from btk.core.states import Idle, Open
from btk.model.events import AlarmEvent, CancelledEvent, ClosedEvent, OpenedEvent
from tests.venue.broker_seat import SYMBOLS, Kind, Seat, play
from tests.venue.live_bot import Bot
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_contracts import ContractMarket
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_market import SpotMarket
from tests.venue.trading_nouns import STOP_KINDS
from tests.venue.trading_requests import Heard, Request
from tests.venue.trading_venue import TradingVenue

START_MS = 1_699_999_985_000
KINDS: tuple[Kind, ...] = ("spot", "swap")


class Later(Strategy):
    """Long once an hour and a half, at the market."""

    name = "probe"
    interval = "1m"

    def get_signal(self, market: Market) -> Signal | None:
        minutes = (market.now_ms - START_MS) // 60_000
        return Signal.bracket("long", market.price, 2, 1) if minutes % 90 == 80 else None


def market_of(venue: TradingVenue, kind: Kind) -> SpotMarket | ContractMarket:
    return venue.spot if kind == "spot" else venue.contracts


@pytest.mark.parametrize("kind", KINDS)
def test_rules_that_change_are_known_once_they_are_read_again(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        listing = market_of(seat.venue, kind).book.listing("BTCUSDT")
        first = seat.broker.limits(SYMBOLS[kind])
        listing.filters = dataclasses.replace(listing.filters, step=Decimal("0.01"))
        market_of(seat.venue, kind).halt("BTCUSDT")
        before = seat.broker.limits(SYMBOLS[kind])
        await seat.broker.reload_limits()
        return first, before, seat.broker.limits(SYMBOLS[kind])

    first, before, after = play(kind, scene)
    assert before == first
    assert (first.trading, after.trading) == (True, False)
    assert after.quantity_step == 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_market_that_is_gone_keeps_its_rules_and_is_not_traded(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        first = seat.broker.limits(SYMBOLS[kind])
        del market_of(seat.venue, kind).book.listings["BTCUSDT"]
        await seat.broker.reload_limits()
        return first, seat.broker.limits(SYMBOLS[kind])

    first, after = play(kind, scene)
    assert first.trading
    assert not after.trading
    assert after.quantity_step == first.quantity_step


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_sent_into_a_market_that_halted_until_it_trades_again(kind: Kind, tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> tuple[Bot, list[list[Heard]]]:
        venue = stocked_venue(clock)
        bot = Bot(venue, clock, [Later], kind, tmp_path)
        bot.follow([(0, 50_000)], minutes=200)
        clock.call_at(clock.true_ms() + 600_000, lambda: market_of(venue, kind).halt("BTCUSDT"))
        clock.call_at(clock.true_ms() + 6_000_000, lambda: market_of(venue, kind).halt("BTCUSDT", "TRADING"))
        sent: list[list[Heard]] = []
        clock.call_at(
            clock.true_ms() + 5_990_000,
            lambda: sent.append([heard for heard in venue.heard if heard.request.is_order]),
        )
        await bot.run(180 * 60)
        return bot, sent

    bot, sent = run_virtual(START_MS, main)
    assert sent == [[]]
    told = [each for each in bot.events if isinstance(each, AlarmEvent) and each.subject.startswith("market")]
    (refused,) = [each for each in bot.events if isinstance(each, CancelledEvent)]
    assert [each.over for each in told] == [False, True]
    assert "does not trade it" in told[0].message
    assert "not traded at the moment" in str(refused)
    assert len([each for each in bot.events if isinstance(each, OpenedEvent)]) == 1


def test_of_more_positions_than_the_exchange_takes_stops_the_last_are_not_opened(tmp_path: Path) -> None:
    def get_signal(strategy: Strategy, market: Market) -> Signal | None:
        return Signal.bracket("long", market.price, 2, 1)

    each = {"interval": "1m", "get_signal": get_signal}
    crowd = [type(f"Probe{place}", (Strategy,), {**each, "name": f"probe{place}"}) for place in range(7)]

    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, crowd, "spot", tmp_path)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(100)
        return bot

    bot = run_virtual(START_MS, main)
    refused = [each for each in bot.events if isinstance(each, CancelledEvent)]
    assert {(each.reason, each.note) for each in refused} == {
        ("rejected", "5 others trade BTCUSDT, and the exchange takes no more than 5 stops")
    }
    states = [type(slot.state) for slot in bot.session.trading.slots.values()]
    assert (states.count(Open), states.count(Idle)) == (5, 2)
    assert [each for each in bot.events if isinstance(each, ClosedEvent)] == []


class Trailing(Strategy):
    """One long at market, whose stop is moved once, to a price that has many steps."""

    name = "probe"
    interval = "1m"

    def get_signal(self, market: Market) -> Signal | None:
        return Signal.bracket("long", market.price, 2, 1) if market.now_ms < START_MS + 90_000 else None

    def on_active(self, market: Market, position: Position) -> None:
        if market.now_ms > START_MS + 300_000 and position.price_stop_loss < 49_600:
            position.trail_stop(price=49_603.01)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_refused_by_a_rule_that_has_changed_goes_by_the_new_one_at_once(
    kind: Kind, tmp_path: Path
) -> None:
    async def main(clock: LoopClock) -> Bot:
        bot = Bot(stocked_venue(clock), clock, [Trailing], kind, tmp_path)
        bot.follow([(0, 50_000)], minutes=30)
        listing = market_of(bot.venue, kind).book.listing("BTCUSDT")
        rules = dataclasses.replace(listing.filters, tick=Decimal(5))
        clock.call_at(clock.true_ms() + 200_000, lambda: setattr(listing, "filters", rules))
        await bot.run(600)
        return bot

    bot = run_virtual(START_MS, main)
    assert [type(slot.state) for slot in bot.session.trading.slots.values()] == [Open]
    waiting = market_of(bot.venue, kind).book.open_orders("BTCUSDT", conditional=kind == "swap")
    assert [order.wish.trigger for order in waiting if order.wish.kind in STOP_KINDS] == [Decimal(49_605)]
    assert audit(bot.venue).longest_naked_ms < 1_500


def test_rules_that_cannot_be_read_stay_as_they_were_and_are_told_of_until_they_can_minutes_later(
    tmp_path: Path,
) -> None:
    def is_rules(request: Request) -> bool:
        return request.path.endswith("/exchangeInfo")

    async def main(clock: LoopClock) -> Bot:
        venue = stocked_venue(clock)
        bot = Bot(venue, clock, [Later], "spot", tmp_path)
        bot.follow([(0, 50_000)], minutes=200)
        clock.call_at(
            clock.true_ms() + 600_000, lambda: venue.plan(FAULTS["503 failed"], on=is_rules, times=20)
        )
        await bot.run(100 * 60)
        return bot

    bot = run_virtual(START_MS, main)
    told = [each for each in bot.events if isinstance(each, AlarmEvent) and each.subject == "market rules"]
    assert [each.over for each in told] == [False, True]
    assert told[1].at_ms - told[0].at_ms <= 25 * 60_000
    assert len([each for each in bot.events if isinstance(each, OpenedEvent)]) == 1
