"""An entry that is filled in many small parts: protected as it grows, without a storm of orders or the kill switch."""

from __future__ import annotations

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import msgspec

from btk import Market, Signal, Strategy
from btk.core.renewal import MINOR_SHARE, RENEW_MS
from btk.model.events import AlarmEvent, OpenedEvent
from tests.venue.broker_seat import LATENCY_MS, Kind
from tests.venue.live_bot import Bot
from tests.venue.story import START_MS, Stage
from tests.venue.test_adversity import every_leg
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_loop import LoopClock, run_virtual

MATERIAL = Decimal(str(MINOR_SHARE))
PART = Decimal("0.001")
SECONDS = 60
FIRST_AT = 80


class Trickled(Strategy):
    """Waits one percent away on bitcoin, and enters ether at market at the end of its second minute."""

    name = "trickled"
    interval = "1m"
    side = "long"

    def __init__(self) -> None:
        self._asked = 0

    def get_signal(self, market: Market) -> Signal | None:
        self._asked += 1
        if market.symbol.startswith("ETH"):
            return Signal.bracket(self.side, market.price, 2, 1) if self._asked == 3 else None
        price = market.price * (0.99 if self.side == "long" else 1.01)
        return Signal.bracket(self.side, price, 2, 1, price_open=price) if self._asked == 1 else None


def fill_a_part(stage: Stage) -> None:
    entries = (each for each in stage.market.book.open_orders("BTCUSDT") if each.wish.kind == "LIMIT")
    for entry in entries:
        stage.market.fill(entry, PART)


def trickled(kind: Kind, side: str, until: float = 300) -> Stage:
    async def main(clock: LoopClock) -> Stage:
        with tempfile.TemporaryDirectory() as folder:
            strategy = type("Probe", (Trickled,), {"side": side})
            bot = Bot(stocked_venue(clock), clock, [strategy], kind, Path(folder))
            bot.rules = msgspec.structs.replace(bot.rules, position_cost=4000.0)
            bot.follow([(0, 50_000)], minutes=20)
            bot.follow([(0, 2_000)], minutes=20, base="ETH")
            stage = Stage(bot, bot.venue, kind)
            for second in range(SECONDS):
                asyncio.get_running_loop().call_later(FIRST_AT + second, fill_a_part, stage)
            await bot.run(until)
            return stage

    return run_virtual(START_MS, main)


def longest_uncovered_ms(stage: Stage, share: Decimal) -> int:
    """How long at a time more than so much of the position had no stop."""
    longest, since_ms = 0, None
    for each in (each for each in stage.market.timeline if each.symbol == "BTCUSDT"):
        if since_ms is not None:
            longest = max(longest, each.at_ms - since_ms)
        is_material = abs(each.held) - each.stopped > abs(each.held) * share
        since_ms = (since_ms or each.at_ms) if is_material else None
    return longest


def stops_sent(stage: Stage) -> int:
    return sum(
        each.sent["symbol"] == "BTCUSDT"
        and ("belowType" in each.sent or each.sent.get("type") == "STOP_MARKET")
        for each in stage.venue.heard
        if each.request.is_order
    )


@every_leg
def test_an_entry_that_trickles_in_throws_no_kill_switch_and_never_lacks_a_stop(
    kind: Kind, side: str
) -> None:
    stage = trickled(kind, side)
    assert [event.message for event in stage.bot.events if isinstance(event, AlarmEvent)] == []
    opened = [event.symbol[:3] for event in stage.bot.events if isinstance(event, OpenedEvent)]
    assert sorted(opened) == ["BTC", "ETH"]
    seen = audit(stage.venue, LATENCY_MS)
    assert seen.violations == []
    assert longest_uncovered_ms(stage, MATERIAL) <= 1_200
    assert seen.longest_naked_ms <= RENEW_MS + 1_200
    assert stops_sent(stage) <= 35
    last = stage.market.timeline[-1]
    assert last.symbol == "ETHUSDT" or abs(last.held) == last.stopped
