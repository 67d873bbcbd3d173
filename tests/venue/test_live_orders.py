"""A position from its signal to its close, by the real ccxt client at the venue that trades: not doubled, never naked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from btk import Market, Signal, Strategy
from btk.model.events import AlarmEvent, ClosedEvent, OpenedEvent
from btk.model.settings import Broker
from tests.venue.broker_seat import Kind
from tests.venue.live_bot import Bot
from tests.venue.trading_audit import Audit, audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import BAN_SECONDS, FAULTS, is_question
from tests.venue.trading_loop import LoopClock, run_virtual

START_MS = 1_699_999_985_000
CASES: list[tuple[Kind, str, str]] = [
    ("spot", "long", "market"),
    ("spot", "long", "limit"),
    ("swap", "long", "market"),
    ("swap", "long", "limit"),
    ("swap", "short", "market"),
    ("swap", "short", "limit"),
]


class OneSignal(Strategy):
    """One position, at market or at a limit one percent away: target 2 %, stop 1 %."""

    name = "probe"
    interval = "1m"
    side = "long"
    how = "market"

    def __init__(self) -> None:
        self._asked = False

    def get_signal(self, market: Market) -> Signal | None:
        if self._asked:
            return None
        self._asked = True
        away = 1 - 0.01 if self.side == "long" else 1 + 0.01
        base = market.price * away if self.how == "limit" else market.price
        rest: dict[str, Any] = {"price_open": base} if self.how == "limit" else {}
        return Signal.bracket(self.side, base, 2, 1, **rest)


def traded(
    kind: Kind, side: str, how: str, moves: list[tuple[float, int]], folder: Path, *, late: float = 0.0
) -> tuple[Bot, Audit]:
    """What a bot does while the price moves (in its direction) by so much from 50 000 at these seconds.

    Candles come `late` seconds after they were asked for.
    """

    class Probe(OneSignal):
        pass

    Probe.side, Probe.how = side, how
    sign = 1 if side == "long" else -1

    async def main(clock: LoopClock) -> tuple[Bot, Audit]:
        venue = stocked_venue(clock)
        bot = Bot(venue, clock, [Probe], kind, folder)
        bot.candles_late_seconds = late
        bot.follow([(0, 50_000), *((at, 50_000 + sign * by) for at, by in moves)], minutes=30)
        await bot.run(900)
        return bot, audit(venue)

    return run_virtual(START_MS, main)


@pytest.mark.parametrize(("kind", "side", "how"), CASES)
def test_a_position_that_reaches_its_target_is_closed_there(
    kind: Kind, side: str, how: str, tmp_path: Path
) -> None:
    bot, seen = traded(
        kind, side, how, [(200, -510), (400, 1_300)] if how == "limit" else [(400, 1_100)], tmp_path
    )
    closed = [event for event in bot.events if isinstance(event, ClosedEvent)]
    assert [event.close_reason for event in closed] == ["take_profit"]
    assert seen.violations == []
    assert len(seen.done) == 2


@pytest.mark.parametrize(("kind", "side", "how"), CASES)
def test_a_position_that_falls_through_its_stop_is_closed_at_the_price_it_got(
    kind: Kind, side: str, how: str, tmp_path: Path
) -> None:
    bot, seen = traded(kind, side, how, [(200, -510), (400, -1_500)], tmp_path)
    (closed,) = [event for event in bot.events if isinstance(event, ClosedEvent)]
    trade = closed.trade
    assert closed.close_reason == "stop_loss"
    assert trade.pnl_cost < 0 < trade.fee_cost
    gross = trade.pnl_cost + trade.fee_cost + trade.slippage_cost
    assert gross == pytest.approx(-0.01 * trade.cost, rel=0.06)
    assert seen.violations == []


@pytest.mark.parametrize(("kind", "side", "how"), CASES)
def test_a_filled_entry_is_protected_within_a_second_and_two_round_trips(
    kind: Kind, side: str, how: str, tmp_path: Path
) -> None:
    bot, seen = traded(kind, side, how, [(200, -510)], tmp_path)
    assert any(isinstance(event, OpenedEvent) for event in bot.events)
    assert seen.longest_naked_ms <= 1_000 + 2 * 4 * 40


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_an_entry_that_fills_while_candles_are_late_is_protected_all_the_same(
    kind: Kind, tmp_path: Path
) -> None:
    at_second_after_a_minute = 198.0
    bot, seen = traded(kind, "long", "limit", [(at_second_after_a_minute, -510)], tmp_path, late=15.0)
    assert any(isinstance(event, OpenedEvent) for event in bot.events)
    assert seen.longest_naked_ms <= 1_000 + 2 * 4 * 40


def test_orders_that_cannot_be_looked_at_for_long_are_told_of_until_they_can(tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> Bot:
        venue = stocked_venue(clock)
        bot = Bot(venue, clock, [OneSignal], "swap", tmp_path)
        bot.broker_rules = Broker(order_check_attempts=2)
        bot.follow([(0, 50_000)], minutes=30)
        clock.call_at(
            clock.true_ms() + 60_000, lambda: venue.plan(FAULTS["503 failed"], on=is_question, times=40)
        )
        await bot.run(1_200)
        return bot

    bot = run_virtual(START_MS, main)
    told = [
        event for event in bot.events if isinstance(event, AlarmEvent) and event.subject.startswith("checks")
    ]
    assert [event.over for event in told] == [False, True]
    assert "asked about 3 times in vain" in told[0].message


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_a_ban_is_waited_for_and_not_tried_against(kind: Kind, tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> tuple[Audit, list[int]]:
        venue = stocked_venue(clock)
        venue.plan(FAULTS["418"], 2)
        bot = Bot(venue, clock, [OneSignal], kind, tmp_path)
        bot.follow([(0, 50_000)], minutes=30)
        saved: list[int] = []
        clock.call_at(clock.true_ms() + 140_000, lambda: saved.append(bot.disks["data/run/binance"].writes))
        await bot.run(600)
        return audit(venue), saved

    seen, (saved,) = run_virtual(START_MS, main)
    assert seen.violations == []
    assert saved < 20, "each try is written down before it is made: 44 when they are made in vain"
    assert seen.longest_naked_ms <= BAN_SECONDS * 1_000 + 1_000
