"""Listeners of orders hear of every step of every order at the venue, in order, once it is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from btk.core.rules import Rules
from btk.library.event_bus import EventBus
from btk.library.listener import Wish
from btk.library.telling import RunName, Teller
from btk.library.trading_session import Session
from btk.library.trading_telling import tell_session
from tests.venue.live_bot import Bot
from tests.venue.test_live_orders import START_MS, OneSignal
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, run_virtual


class ToldBot(Bot):
    """Everything that happens to its orders is written down."""

    def __init__(self, *args: Any) -> None:
        self._bus = EventBus()
        self.heard: dict[str, list[Any]] = {topic: [] for topic in ("order", "order_fill", "order_reject")}
        for topic, heard in self.heard.items():
            self._bus.subscribe(topic, Wish(heard.append))
        super().__init__(*args)

    @property
    def session(self) -> Session:
        return self._session

    @session.setter
    def session(self, session: Session) -> None:
        self._session = session
        tell_session(session, Teller(RunName("live", "r", "binance"), Rules(), self._bus))

    def settle(self) -> None:
        self._bus.settle()


class Probe(OneSignal):
    side, how = "long", "market"


def test_every_step_of_every_order_is_told_once_and_fills_apart(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> ToldBot:
        bot = ToldBot(stocked_venue(clock), clock, [Probe], "spot", tmp_path)
        bot.follow([(0, 50_000), (400, 51_100)], minutes=30)
        await bot.run(900)
        return bot

    bot = run_virtual(START_MS, main)
    bot.settle()
    orders, fills = bot.heard["order"], bot.heard["order_fill"]
    entry = [told for told in orders if told.leg == "entry"]
    assert entry[0].action == "sent"
    assert entry[-1].action == "filled"
    assert len({(told.client_order_id, told.action, told.filled_quantity) for told in orders}) == len(orders)
    assert {told.leg for told in fills} >= {"entry"}
    assert all(told.filled_quantity > 0 and told.filled_price > 0 for told in fills)
    assert all(told in orders for told in fills)
    assert bot.heard["order_reject"] == []
    assert {told.mode for told in orders} == {"live"}
    opened = next(told for told in orders if told.leg != "entry")
    assert opened.signal is not None
    assert opened.signal.id == opened.signal_id


def test_an_order_that_the_venue_refuses_is_told_apart(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> ToldBot:
        venue = stocked_venue(clock)
        venue.plan(FAULTS["-2010 balance"])
        bot = ToldBot(venue, clock, [Probe], "spot", tmp_path)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(300)
        return bot

    bot = run_virtual(START_MS, main)
    bot.settle()
    (refused,) = bot.heard["order_reject"]
    assert (refused.leg, refused.action) == ("entry", "refused")
    assert refused in bot.heard["order"]
    assert bot.heard["order_fill"] == []
