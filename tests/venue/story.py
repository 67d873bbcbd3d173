"""A story: a strategy, a course of the price, what the world does meanwhile; told by both books, the venue's and ours."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from btk import Strategy
from btk.model.events import AlarmEvent, CancelledEvent, ClosedEvent, OpenedEvent
from tests.venue.broker_seat import LATENCY_MS, Kind
from tests.venue.live_bot import Bot, Script
from tests.venue.trading_audit import Audit, audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_venue import TradingVenue

START_MS = 1_699_999_985_000
START_COST = 100_000.0
Act = Callable[["Stage"], object]


class Stage(NamedTuple):
    """Where a story plays: its acts change the venue, or command the bot."""

    bot: Bot
    venue: TradingVenue
    kind: Kind

    @property
    def market(self) -> Any:
        """The market it plays on."""
        return self.venue.spot if self.kind == "spot" else self.venue.contracts

    @property
    def held(self) -> float:
        """What the account holds of bitcoin, negative for short."""
        if self.kind == "spot":
            return float(self.venue.spot.wallet.total("BTC"))
        return float(self.venue.contracts.position("BTCUSDT").amount)

    @property
    def earned(self) -> float:
        """What the account has earned, in its quote currency; what is held counts nothing on spot."""
        cash = self.venue.spot.wallet.total("USDT") if self.kind == "spot" else self.venue.contracts.cash
        return float(cash) - START_COST


class Told(NamedTuple):
    """How it ended."""

    stage: Stage
    audit: Audit
    error: BaseException | None

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of a kind."""
        return [event for event in self.stage.bot.events if isinstance(event, kind)]

    @property
    def alarms(self) -> list[str]:
        """What rang, each in its words."""
        return [event.message for event in self.of(AlarmEvent) if not (event.over and event.message == "")]

    @property
    def opened(self) -> list[OpenedEvent]:
        return self.of(OpenedEvent)

    @property
    def closed(self) -> list[str]:
        """Why positions were closed."""
        return [event.close_reason for event in self.of(ClosedEvent)]

    @property
    def cancelled(self) -> list[str]:
        return [event.reason for event in self.of(CancelledEvent)]

    @property
    def our_profit(self) -> float:
        return sum(event.trade.pnl_cost for event in self.of(ClosedEvent))


def told(
    kind: Kind,
    strategy: type[Strategy],
    script: Script = ((0, 50_000),),
    acts: Sequence[tuple[float, Act]] = (),
    until: float = 900,
    **rules: Any,
) -> Told:
    """The story until so many seconds have passed; acts are done at their seconds."""

    async def main(clock: LoopClock) -> Told:
        with tempfile.TemporaryDirectory() as folder:
            venue = stocked_venue(clock)
            bot = Bot(venue, clock, [strategy], kind, Path(folder))
            bot.rules = msgspec.structs.replace(bot.rules, **rules)
            stage, loop = Stage(bot, venue, kind), asyncio.get_running_loop()
            bot.follow(script, round(until / 60) + 10)
            for at, act in acts:
                loop.call_later(at, act, stage)
            error: BaseException | None = None
            try:
                await bot.run(until)
            except Exception as raised:  # noqa: BLE001 - the test says which one it expects
                error = raised
            return Told(stage, audit(venue, LATENCY_MS), error)

    return run_virtual(START_MS, main)
