"""A live position and its state: a disk that refuses, another process, hooks between ticks, and what is kept for long."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from btk import Market, Position, Signal
from btk.core.documents import to_document
from btk.core.states import Idle, Open
from btk.model.commands import AverageBuy, ClosePosition
from btk.model.errors import Overtaken
from btk.model.events import RejectedEvent
from btk.model.trade import Trade
from tests.venue.broker_seat import Kind
from tests.venue.live_bot import Bot
from tests.venue.story import START_MS, Act, Stage, Told, told
from tests.venue.test_adversity import command, every_leg, is_over, moves, probe, state_of
from tests.venue.test_live_orders import OneSignal
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import Fault, Silent
from tests.venue.trading_loop import LoopClock, run_virtual

Damage = Literal["", "full", "broken", "gone"]
every_damage = pytest.mark.parametrize("damage", ["full", "broken", "gone"])
SILENCE = Fault("silence", Silent())


def disk(fault: Damage) -> Act:
    def act(stage: Stage) -> None:
        for each in stage.bot.disks.values():
            each.fault = fault

    return act


def changes(seen: Told, since_ms: int = 0) -> list[str]:
    """The legs that were ordered or cancelled since."""
    legs = {"01": "entry", "02": "add", "03": "stop", "04": "target", "05": "pair", "07": "close"}
    heard = [each for each in seen.stage.venue.heard if each.request.is_order or each.request.is_cancel]
    return [legs[each.client_id[24:26]] for each in heard if each.at_ms - START_MS >= since_ms]


@every_damage
@every_leg
def test_no_entry_leaves_while_its_intent_cannot_be_saved(kind: Kind, side: str, damage: Damage) -> None:
    seen = told(kind, probe(side), acts=[(0.05, disk(damage)), (200, disk(""))], until=400)
    assert changes(seen) == []
    assert any("the state cannot be saved" in words for words in seen.alarms)
    assert isinstance(state_of(seen), Idle)


@every_damage
@every_leg
def test_a_position_is_closed_at_once_also_while_nothing_can_be_saved(
    kind: Kind, side: str, damage: Damage
) -> None:
    acts = [(100, disk(damage)), (110, command(ClosePosition())), (300, disk(""))]
    seen = told(kind, probe(side), acts=acts, until=500)
    assert "close" in changes(seen, 100_000)
    assert seen.closed == ["user"]
    (_, closed) = seen.audit.done
    assert closed.at_ms - START_MS < 200_000
    is_over(seen)


def test_a_process_whose_state_was_taken_over_ends_without_another_order() -> None:
    def take_over(stage: Stage) -> None:
        for each in stage.bot.disks.values():
            for entity_id in each.ids():
                stored = each.read(entity_id)
                assert stored is not None
                each.write(entity_id, {**stored.value, "by": "another"}, stored.generation)

    acts = [(30, take_over), (70, command(ClosePosition()))]
    seen = told("spot", probe("long"), acts=acts, until=300)
    assert isinstance(seen.error, Overtaken)
    assert changes(seen, 30_000) == []


class Listening(OneSignal):
    """Notes what its hooks hear."""

    heard: list[str]

    def on_opened(self, market: Market, position: Position) -> None:
        self.heard.append("opened")

    def on_closed(self, market: Market, trade: Trade) -> None:
        self.heard.append(f"closed {trade.close_reason}")

    def on_cancelled(self, market: Market, signal: Signal, reason: str) -> None:
        self.heard.append(f"cancelled {reason}")


@every_leg
def test_what_happens_between_two_ticks_is_heard_by_the_hooks_at_the_next_one(kind: Kind, side: str) -> None:
    heard: list[str] = []
    listener = type("Listener", (Listening,), {"side": side, "heard": heard})
    told(kind, listener, moves(side, (130, 1_100)), until=400)
    assert heard == ["opened", "closed take_profit"]


class Trailing(OneSignal):
    """Moves its stop by a dollar every minute."""

    def on_active(self, market: Market, position: Position) -> None:
        position.trail_stop(price=position.price_stop_loss + (1 if self.side == "long" else -1))


@every_leg
def test_a_stop_that_moves_every_minute_makes_the_state_no_longer_and_leaves_no_gap(
    kind: Kind, side: str
) -> None:
    sizes: list[int] = []

    def weigh(stage: Stage) -> None:
        (slot,) = stage.bot.session.trading.slots.values()
        sizes.append(len(msgspec.json.encode(to_document(slot.intents))))

    trailing = type("Trail", (Trailing,), {"side": side})
    seen = told(kind, trailing, acts=[(60.0 * minute, weigh) for minute in (20, 59)], until=3_600)
    assert sizes[1] < sizes[0] * 1.05
    assert seen.audit.longest_naked_ms <= 200
    assert seen.audit.violations == []


class Named(OneSignal):
    """Gives its only signal the same name again and again."""

    def get_signal(self, market: Market) -> Signal | None:
        return Signal.bracket(self.side, market.price, 2, 1, id="mine")  # type: ignore[arg-type]


@every_leg
def test_a_name_that_orders_were_sent_under_is_used_once_even_if_nothing_came_of_it(
    kind: Kind, side: str
) -> None:
    lost = Fault("never arrives", Silent())
    named = type("Name", (Named,), {"side": side})
    seen = told(kind, named, acts=[(0.05, lambda stage: stage.venue.plan(lost))], until=400)
    assert seen.cancelled == ["rejected"]
    assert len(changes(seen)) == 1


@every_leg
def test_a_run_leaves_within_15_seconds_though_the_exchange_says_nothing(
    kind: Kind, side: str, tmp_path: Path
) -> None:
    async def main(clock: LoopClock) -> float:
        venue = stocked_venue(clock)
        bot = Bot(venue, clock, [probe(side)], kind, tmp_path)
        bot.follow([(0, 50_000)], 40)
        loop, left = asyncio.get_running_loop(), list[float]()

        def leave() -> None:
            left.append(loop.time())
            bot.control.leave(143)

        def fall_silent() -> None:
            venue.plan(SILENCE, on=lambda request: True, times=10**6)

        loop.call_later(100, fall_silent)
        loop.call_later(119.99, leave)
        await bot.run(1_000)
        slots: Any = bot.session.trading.slots.values()
        assert all(isinstance(slot.state, Open) for slot in slots)
        return loop.time() - left[0]

    assert run_virtual(START_MS, main) < 15


@every_leg
def test_the_money_set_aside_is_what_was_really_paid(kind: Kind, side: str) -> None:
    def thin(stage: Stage) -> None:
        stage.market.thin("BTCUSDT", "0.007")

    acts: list[tuple[float, Act]] = [
        (0.01, thin),
        (30, lambda stage: stage.market.thin("BTCUSDT", None)),
        (130, lambda stage: stage.market.halt("BTCUSDT")),
        (130, command(AverageBuy(500))),
    ]
    seen = told(kind, probe(side), acts=acts, dca_everywhere=True)
    (record,) = seen.stage.bot.session.trading.records(())
    assert record.committed == pytest.approx(350)
    assert "exchange" in [event.reason for event in seen.of(RejectedEvent)]
