"""An account that is not as it was left: what is ours is adopted or closed, what is not is never touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from btk import Market, Signal, Strategy
from btk.core.states import Idle, Open
from btk.library.settling import OnMismatch, Wish
from btk.library.trading_start import Unmatched
from btk.model.events import AlarmEvent, ClosedEvent, PartialClosedEvent
from tests.venue import trading_nouns as nouns
from tests.venue.broker_seat import Kind
from tests.venue.live_bot import Bot
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_venue import TradingVenue

START_MS = 1_699_999_985_000
KINDS: list[Kind] = ["spot", "swap"]


class Probe(Strategy):
    """One long at market: target 2 %, stop 1 %. A process that begins anew asks for nothing more."""

    name = "probe"
    interval = "1m"
    asked: ClassVar[list[int]] = []

    def get_signal(self, market: Market) -> Signal | None:
        if self.asked:
            return None
        self.asked.append(market.now_ms)
        return Signal.bracket("long", market.price, 2, 1)


class Other(Strategy):
    """Never has an idea."""

    name = "other"
    interval = "1m"

    def get_signal(self, market: Market) -> Signal | None:
        return None


def by_hand(venue: TradingVenue, kind: Kind, side: nouns.Side, quantity: str) -> None:
    """Somebody trades at the same account, without our ids."""
    market = venue.spot if kind == "spot" else venue.contracts
    market.place(nouns.Wish("BTCUSDT", side, "MARKET", "web_1", Decimal(quantity)))


def play(
    kind: Kind,
    folder: Path,
    meanwhile: Callable[[Bot], None],
    how: OnMismatch,
    then: Callable[[Bot], Awaitable[Any]],
    **more: Any,
) -> Any:
    """A position is opened, the bot leaves, something happens, and it is started again `how`."""
    Probe.asked = []

    async def main(clock: LoopClock) -> Any:
        bot = Bot(stocked_venue(clock), clock, more.get("strategies", [Probe]), kind, folder)
        bot.follow([(0, 50_000)], minutes=30)
        await bot.run(150)
        assert isinstance(bot.session.trading.slots[bot.keys[-1]].state, Open)
        meanwhile(bot)
        bot.on_mismatch = Wish(how)
        return await then(bot)

    return run_virtual(START_MS, main)


async def refused(bot: Bot) -> str:
    with pytest.raises(Unmatched) as refusal:
        await bot.run(300)
    return str(refusal.value)


async def goes_on(bot: Bot) -> Bot:
    await bot.run(300)
    return bot


def told(bot: Bot) -> list[str]:
    return [
        event.message
        for event in bot.events
        if isinstance(event, AlarmEvent) and event.subject == "reconciliation"
    ]


def stops(bot: Bot) -> list[tuple[str, Decimal]]:
    market = bot.venue.spot if bot.kind == "spot" else bot.venue.contracts
    conditional = bot.kind == "swap"
    open_orders = market.book.open_orders("BTCUSDT", conditional=conditional)
    return [(order.wish.kind, order.remaining) for order in open_orders if order.wish.trigger]


def held(bot: Bot) -> Decimal:
    if bot.kind == "spot":
        return bot.venue.spot.wallet.total("BTC")
    return bot.venue.contracts.position("BTCUSDT").amount


def test_a_position_that_became_smaller_by_hand_stops_the_start_unless_told_otherwise(tmp_path: Path) -> None:
    words = play("swap", tmp_path, lambda bot: by_hand(bot.venue, "swap", "SELL", "0.008"), "halt", refused)
    assert "smaller of BTCUSDT.USDT_probe_binance: ours 0.02, theirs 0.012" in words


def test_adopting_a_smaller_position_tells_a_partial_close_and_protects_what_is_left(tmp_path: Path) -> None:
    bot = play("swap", tmp_path, lambda bot: by_hand(bot.venue, "swap", "SELL", "0.008"), "adopt", goes_on)
    (part,) = [event for event in bot.events if isinstance(event, PartialClosedEvent)]
    assert part.pct == pytest.approx(40)
    assert told(bot) == [
        "adopted BTCUSDT.USDT_probe_binance: 0.008 BTC less than remembered, as if closed at 50000"
    ]
    assert {quantity for _, quantity in stops(bot)} == {Decimal("0.012")}
    assert audit(bot.venue).foreign_touched == []


def test_adopting_a_larger_position_makes_the_rest_ours_and_protects_all_of_it(tmp_path: Path) -> None:
    bot = play("swap", tmp_path, lambda bot: by_hand(bot.venue, "swap", "BUY", "0.01"), "adopt", goes_on)
    slot = bot.session.trading.slots[bot.keys[0]]
    assert len(slot.state.holding.entries) == 2
    assert {quantity for _, quantity in stops(bot)} == {Decimal("0.030")}
    committed = {record.key: record.committed for record in bot.session.trading.records(())}
    assert committed[bot.keys[0]] == pytest.approx(1500, rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_a_position_whose_record_is_lost_is_rebuilt_from_the_stop_that_shows_it_to_be_ours(
    kind: Kind, tmp_path: Path
) -> None:
    bot = play(kind, tmp_path, lambda bot: bot.disks.clear(), "adopt", goes_on)
    slot = bot.session.trading.slots[bot.keys[0]]
    assert isinstance(slot.state, Open)
    holding = slot.state.holding
    assert (holding.stop, holding.take) == (49_500.0, 51_000.0)
    assert holding.price_open == pytest.approx(50_000)
    assert len(stops(bot)) == (1 if kind == "spot" else 2)
    (words,) = told(bot)
    assert "which its stop" in words
    assert "shows to be ours" in words


@pytest.mark.parametrize("kind", KINDS)
def test_a_rebuilt_position_is_closed_by_the_stop_that_stood_all_the_time(kind: Kind, tmp_path: Path) -> None:
    async def then_falls(bot: Bot) -> Bot:
        market = bot.venue.spot if kind == "spot" else bot.venue.contracts
        await bot.run(200)
        market.move("BTCUSDT", "49400")
        await bot.run(330)
        return bot

    bot = play(kind, tmp_path, lambda bot: bot.disks.clear(), "adopt", then_falls)
    (closed,) = [event for event in bot.events if isinstance(event, ClosedEvent)]
    assert closed.close_reason == "stop_loss"
    assert isinstance(bot.session.trading.slots[bot.keys[0]].state, Idle)
    assert stops(bot) == []


def test_two_strategies_that_could_own_a_lost_position_are_not_guessed_between(tmp_path: Path) -> None:
    def lose(bot: Bot) -> None:
        bot.disks.clear()

    words = play("spot", tmp_path, lose, "adopt", refused, strategies=[Probe, Other])
    assert "could be that of 2 strategies; name one with --strategy" in words


def test_a_position_that_no_order_of_ours_protects_is_nobodys_and_cannot_be_adopted(tmp_path: Path) -> None:
    def lose_all(bot: Bot) -> None:
        bot.disks.clear()
        for order in bot.venue.contracts.book.open_orders("BTCUSDT", conditional=True):
            bot.venue.contracts.cancel(order, "world")

    words = play("swap", tmp_path, lose_all, "adopt", refused)
    assert "a position of 0.02 BTC that no order of ours protects, so it cannot be adopted" in words


@pytest.mark.parametrize("kind", KINDS)
def test_flattening_a_lost_position_closes_it_and_leaves_no_order(kind: Kind, tmp_path: Path) -> None:
    bot = play(kind, tmp_path, lambda bot: bot.disks.clear(), "flatten", goes_on)
    assert stops(bot) == []
    assert held(bot) < Decimal("0.0001")
    assert any("closed the position of" in words for words in told(bot))
    assert audit(bot.venue).foreign_touched == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["adopt", "flatten"])
def test_orders_of_others_stay_whatever_is_done_about_a_lost_position(
    kind: Kind, how: OnMismatch, tmp_path: Path
) -> None:
    def lose(bot: Bot) -> None:
        bot.disks.clear()
        market = bot.venue.spot if kind == "spot" else bot.venue.contracts
        market.place(
            nouns.Wish("BTCUSDT", "BUY", "LIMIT", "web_1", Decimal("0.01"), Decimal(48_000), owner="hand")
        )

    bot = play(kind, tmp_path, lose, how, goes_on)
    market = bot.venue.spot if kind == "spot" else bot.venue.contracts
    assert [
        each.wish.client_id for each in market.book.open_orders("BTCUSDT") if each.wish.side == "BUY"
    ] == ["web_1"]
    assert audit(bot.venue).foreign_touched == []
    assert not any("web_1" in words for words in told(bot))


def test_flattening_closes_our_lot_and_never_what_somebody_else_has_added(tmp_path: Path) -> None:
    seen: list[Bot] = []

    async def refused_after(bot: Bot) -> str:
        seen.append(bot)
        return await refused(bot)

    words = play(
        "swap", tmp_path, lambda bot: by_hand(bot.venue, "swap", "BUY", "0.01"), "flatten", refused_after
    )
    assert held(seen[0]) == Decimal("0.010")
    assert "ours 0, theirs 0.01" in words


def test_flattening_a_spot_position_that_became_smaller_sells_what_is_left_of_it(tmp_path: Path) -> None:
    def sell_half(bot: Bot) -> None:
        for order in bot.venue.spot.book.open_orders("BTCUSDT"):
            if order.is_open:
                bot.venue.spot.cancel(order, "world")
        by_hand(bot.venue, "spot", "SELL", "0.01")

    bot = play("spot", tmp_path, sell_half, "flatten", goes_on)
    assert held(bot) < Decimal("0.0001")
    assert isinstance(bot.session.trading.slots[bot.keys[0]].state, Idle)
