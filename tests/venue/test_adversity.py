"""What the world does to a live position and its orders: hands, halts, silence, and orders that come too late."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from btk import Market, Position, Strategy
from btk.core.states import Idle, Open
from btk.model.commands import ActivateScheduled, CancelScheduled, ClosePosition, Command
from btk.model.events import ClosedEvent, PartialClosedEvent
from tests.venue.broker_seat import LATENCY_MS, Kind
from tests.venue.story import Act, Stage, Told, told
from tests.venue.test_live_orders import OneSignal
from tests.venue.trading_faults import ENGINE_MS, HTML, VERY_LATE, Fault, Late, Says
from tests.venue.trading_nouns import Side, Wish
from tests.venue.trading_requests import Request

LEGS: list[tuple[Kind, str]] = [("spot", "long"), ("swap", "long"), ("swap", "short")]
every_leg = pytest.mark.parametrize(("kind", "side"), LEGS)


def probe(side: str, how: str = "market") -> type[Strategy]:
    return type("Probe", (OneSignal,), {"side": side, "how": how})


def moves(side: str, *by: tuple[float, int]) -> list[tuple[float, float]]:
    """The price from 50 000, so much further in the direction of the position at these seconds."""
    sign = 1 if side == "long" else -1
    return [(0.0, 50_000.0), *((at, 50_000.0 + sign * step) for at, step in by)]


def command(order: Command) -> Act:
    return lambda stage: stage.bot.session.trading.order(stage.bot.keys, order, stage.bot.session.tick_ms)


def fill_a_part(stage: Stage) -> None:
    (entry,) = stage.market.book.open_orders("BTCUSDT")
    stage.market.fill(entry, "0.008")


def cancel_the_stop(stage: Stage) -> None:
    if stage.kind == "spot":
        order = stage.market.book.open_orders("BTCUSDT")[0]
    else:
        waiting = stage.market.book.open_orders("BTCUSDT", conditional=True)
        order = next(each for each in waiting if each.wish.kind == "STOP_MARKET")
    stage.market.cancel(order, by="hand")


def stop(stage: Stage) -> None:
    stage.bot.control.stop_for_good()


def state_of(seen: Told) -> Any:
    (slot,) = seen.stage.bot.session.trading.slots.values()
    return slot.state


def is_over(seen: Told) -> None:
    """Nothing is held, nothing waits, and the numbers of both books are the same."""
    assert isinstance(state_of(seen), Idle)
    assert abs(seen.stage.held) < 0.0001
    assert seen.our_profit == pytest.approx(seen.stage.earned, abs=1e-6)
    assert seen.audit.violations == []
    assert seen.audit.orders_without_position == []


@every_leg
@pytest.mark.parametrize("how", ["market", "limit"])
def test_an_entry_that_turns_up_after_it_was_given_up_is_closed_told_and_counted(
    kind: Kind, side: str, how: str
) -> None:
    def lose(stage: Stage) -> None:
        stage.venue.plan(VERY_LATE)

    seen = told(kind, probe(side, how), moves(side, (30, -600)), [(0.05, lose)])
    assert seen.cancelled == ["rejected"]
    assert seen.closed == ["order_lost"]
    assert any("turned up" in words for words in seen.alarms)
    assert seen.audit.longest_naked_ms < 15_000
    is_over(seen)


@every_leg
def test_an_entry_that_is_done_as_late_as_it_can_be_is_waited_for(kind: Kind, side: str) -> None:
    just_in_time = Late(0, ENGINE_MS - 1, after_window=True)
    late = Fault("502 at once, done late", Says(502, HTML), executes=True, late=just_in_time)
    seen = told(kind, probe(side), acts=[(0.05, lambda stage: stage.venue.plan(late))], until=200)
    assert (len(seen.opened), seen.cancelled, seen.closed) == (1, [], [])


@every_leg
def test_a_resting_entry_that_turns_up_after_it_was_given_up_is_cancelled(kind: Kind, side: str) -> None:
    seen = told(
        kind, probe(side, "limit"), acts=[(0.05, lambda stage: stage.venue.plan(VERY_LATE))], until=600
    )
    assert seen.stage.market.book.open_orders("BTCUSDT") == []
    assert seen.opened == []
    is_over(seen)


@every_leg
def test_of_a_market_entry_that_finds_too_little_what_it_found_is_held_and_protected(
    kind: Kind, side: str
) -> None:
    seen = told(kind, probe(side), acts=[(0.01, lambda stage: stage.market.thin("BTCUSDT", "0.007"))])
    assert [event.cost for event in seen.opened] == [pytest.approx(350)]
    assert abs(seen.stage.held) == pytest.approx(0.007, rel=0.01)
    assert seen.audit.longest_naked_ms <= 1_200


@every_leg
def test_the_rest_of_an_entry_is_not_bought_any_more_once_its_part_is_sold(kind: Kind, side: str) -> None:
    course = moves(side, (200, 1_000), (300, -600))
    seen = told(kind, probe(side, "limit"), course, [(100, fill_a_part)])
    assert seen.closed == ["take_profit"]
    is_over(seen)


@every_leg
@pytest.mark.parametrize("end", ["the waiting is over", "it is stopped"])
def test_a_partly_filled_entry_keeps_its_part_when_no_more_is_wanted(kind: Kind, side: str, end: str) -> None:
    acts: list[tuple[float, Act]] = [(80, fill_a_part)]
    if end == "it is stopped":
        acts.append((120, stop))
    seen = told(kind, probe(side, "limit"), acts=acts, await_ms=240_000)
    assert isinstance(state_of(seen), Open)
    assert abs(seen.stage.held) == pytest.approx(0.008, rel=0.01)
    assert all(order.wish.kind != "LIMIT" for order in seen.stage.market.book.open_orders("BTCUSDT"))


def test_a_part_of_an_entry_that_is_too_little_to_be_sold_is_said_to_stay_and_counted_as_spent() -> None:
    def fill_a_crumb(stage: Stage) -> None:
        (entry,) = stage.market.book.open_orders("BTCUSDT")
        stage.market.fill(entry, "0.00006")

    seen = told("spot", probe("long", "limit"), acts=[(80, fill_a_crumb)], await_ms=240_000)
    (closed,) = seen.of(ClosedEvent)
    assert closed.trade.note == "5.994e-05 BTC are too little to be sold: they stay in the account"
    assert seen.stage.held == pytest.approx(0.00005994)
    is_over(seen)


@every_leg
def test_a_close_while_the_entry_still_rests_closes_what_was_bought_and_cancels_the_rest(
    kind: Kind, side: str
) -> None:
    acts: list[tuple[float, Act]] = [(80, fill_a_part), (120, command(ClosePosition("enough")))]
    seen = told(kind, probe(side, "limit"), acts=acts)
    assert seen.closed == ["user"]
    is_over(seen)


@every_leg
def test_a_scheduled_signal_that_is_cancelled_or_stopped_leaves_nothing_at_the_exchange(
    kind: Kind, side: str
) -> None:
    for act, reason in ((command(CancelScheduled()), "user"), (stop, "stopped")):
        seen = told(kind, probe(side, "limit"), acts=[(90, act)], until=400)
        assert seen.cancelled == [reason]
        assert seen.stage.market.book.open_orders("BTCUSDT") == []
        is_over(seen)


@every_leg
def test_a_scheduled_signal_that_is_activated_is_opened_once_and_at_the_market(kind: Kind, side: str) -> None:
    seen = told(kind, probe(side, "limit"), acts=[(90, command(ActivateScheduled()))], until=400)
    assert [event.price_open for event in seen.opened] == [50_000.0]
    assert len(seen.audit.done) == 1
    assert seen.audit.longest_naked_ms <= 1_200


@every_leg
def test_a_position_closed_by_another_hand_is_closed_here_too_at_the_price_it_got(
    kind: Kind, side: str
) -> None:
    course = moves(side, (90, 300))
    seen = told(kind, probe(side), course, [(100, lambda stage: stage.market.close_by_hand("BTCUSDT"))])
    assert seen.closed == ["external"]
    is_over(seen)


@every_leg
def test_a_position_that_one_look_does_not_show_is_not_gone(kind: Kind, side: str) -> None:
    nothing = '{"uid": 4711, "canTrade": true, "balances": []}' if kind == "spot" else "[]"

    def hide(stage: Stage) -> None:
        # A look that differs is taken twice.
        stage.venue.plan(Fault("hidden", Says(200, nothing)), on=shows_holdings, times=2)

    def shows_holdings(request: Request) -> bool:
        return request.path.endswith(("/account", "/positionRisk"))

    seen = told(kind, probe(side), acts=[(100, hide)], until=500)
    assert sum(each.fault == "hidden" for each in seen.stage.venue.heard) == 2
    assert seen.closed == []
    assert isinstance(state_of(seen), Open)
    assert seen.audit.longest_naked_ms <= 1_200


def test_a_liquidation_is_a_close_by_another_hand() -> None:
    seen = told("swap", probe("long"), acts=[(100, lambda stage: stage.market.liquidate("BTCUSDT"))])
    assert seen.closed == ["external"]
    is_over(seen)


@every_leg
def test_a_stop_cancelled_by_another_hand_is_placed_again_and_told_of(kind: Kind, side: str) -> None:
    seen = told(kind, probe(side), moves(side, (400, -900)), [(100, cancel_the_stop)])
    assert any("cancelled by another hand; it is placed again" in words for words in seen.alarms)
    assert seen.audit.longest_naked_ms < 16_000
    assert seen.closed == ["stop_loss"]
    is_over(seen)


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("end", [-900, 1_100, 0])
def test_what_others_have_closed_of_a_contract_counts_at_the_price_they_got(side: str, end: int) -> None:
    def close_a_part(stage: Stage) -> None:
        against: Side = "SELL" if side == "long" else "BUY"
        stage.market.place(Wish("BTCUSDT", against, "MARKET", "web_1", Decimal("0.008"), owner="hand"))

    acts: list[tuple[float, Act]] = [(100, close_a_part)]
    if not end:
        acts.append((300, command(ClosePosition("enough"))))
    seen = told("swap", probe(side), moves(side, (90, 300), (300, end)), acts, until=1200)
    assert seen.closed == ["external"]
    is_over(seen)


def sell_a_part(stage: Stage) -> None:
    cancel_the_stop(stage)
    hand = Wish("BTCUSDT", "SELL", "MARKET", "web_1", Decimal("0.006"), owner="hand")
    stage.venue.spot.place(hand)


@pytest.mark.parametrize("closes", [False, True])
def test_of_a_spot_position_that_others_have_sold_a_part_of_the_rest_is_protected_and_closed(
    closes: bool,
) -> None:
    acts: list[tuple[float, Act]] = [(100, sell_a_part)]
    if closes:
        acts.append((105, command(ClosePosition("enough"))))
    seen = told("spot", probe("long"), moves("long", (90, 300), (600, -900)), acts, until=1200)
    (told_of,) = [words for words in seen.alarms if "less than remembered" in words]
    assert told_of.endswith("0.006 BTC less than remembered, as if closed at 50249.7")
    assert any("0.01998 BTC have no stop at the exchange" in words for words in seen.alarms)
    assert seen.closed == ["user" if closes else "stop_loss"]
    assert len(seen.of(PartialClosedEvent)) == (0 if closes else 1)
    assert seen.audit.longest_naked_ms < 180_000
    is_over(seen)


@every_leg
def test_a_close_waits_for_the_end_of_a_halt_and_rings_meanwhile(kind: Kind, side: str) -> None:
    acts: list[tuple[float, Act]] = [
        (100, lambda stage: stage.market.halt("BTCUSDT")),
        (110, command(ClosePosition())),
        (400, lambda stage: stage.market.halt("BTCUSDT", "TRADING")),
    ]
    seen = told(kind, probe(side), acts=acts)
    assert any("the close was refused" in words for words in seen.alarms)
    assert seen.closed == ["user"]
    is_over(seen)


@every_leg
def test_a_key_that_is_revoked_for_a_while_loses_no_position(kind: Kind, side: str) -> None:
    def revoke(is_revoked: bool) -> Act:
        return lambda stage: setattr(stage.venue.key, "is_revoked", is_revoked)

    acts: list[tuple[float, Act]] = [
        (100, revoke(True)),
        (110, command(ClosePosition())),
        (300, revoke(False)),
    ]
    seen = told(kind, probe(side), acts=acts)
    assert any("-2015" in words for words in seen.alarms)
    assert seen.closed == ["user"]
    is_over(seen)


@every_leg
def test_an_entry_that_the_account_cannot_pay_for_is_given_up_with_its_reason(kind: Kind, side: str) -> None:
    def impoverish(stage: Stage) -> None:
        stage.venue.spot.wallet.deposit("USDT", -99_500)
        stage.venue.contracts.cash = Decimal(500)

    seen = told(kind, probe(side), acts=[(0.01, impoverish)], until=300)
    assert seen.cancelled == ["rejected"]
    assert isinstance(state_of(seen), Idle)


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_stop_leaves_before_an_addition_that_is_wanted_at_the_same_time(side: str) -> None:
    class Doubling(OneSignal):
        def on_active(self, market: Market, position: Position) -> None:
            if len(position.entries) == 1:
                sign = 1 if side == "long" else -1
                position.trail_stop(price=50_000 - sign * 400)
                position.average_buy(500)

    seen = told("swap", type("Probe", (Doubling,), {"side": side}), until=200, dca_everywhere=True)
    sent = [each.sent["type"] for each in seen.stage.venue.heard if each.request.is_order]
    assert sent[:5] == ["MARKET", "STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP_MARKET", "MARKET"]


@every_leg
@pytest.mark.parametrize("skew_ms", [-8_000, 20_000])
def test_an_entry_that_a_wrong_clock_refused_is_sent_again_with_the_right_time(
    kind: Kind, side: str, skew_ms: int
) -> None:
    def step_before_the_entry(stage: Stage) -> None:
        stage.venue.meanwhile(lambda: setattr(stage.venue.clock, "skew_ms", skew_ms))

    seen = told(kind, probe(side), acts=[(0.01, step_before_the_entry)], until=200)
    assert [each.code for each in seen.stage.venue.heard if each.code] == [-1021]
    assert len(seen.opened) == 1


@every_leg
@pytest.mark.parametrize("skew_ms", [-900, 3_000])
def test_the_time_that_orders_carry_is_measured_again_before_anybody_calls_it_wrong(
    kind: Kind, side: str, skew_ms: int
) -> None:
    def step(stage: Stage) -> None:
        stage.venue.clock.skew_ms = skew_ms

    seen = told(kind, probe(side), acts=[(100, step)], until=600)
    signed = [each for each in seen.stage.venue.heard if "timestamp" in each.sent]
    ages_ms = [each.at_ms + skew_ms - int(each.sent["timestamp"]) for each in signed[-10:]]
    assert all(0 <= age_ms <= 2 * LATENCY_MS for age_ms in ages_ms)
    assert not any(each.code == -1021 for each in signed)


@every_leg
@pytest.mark.parametrize("skew_ms", [-8_000, 20_000])
def test_a_clock_that_steps_while_a_position_is_open_keeps_nobody_from_closing_it(
    kind: Kind, side: str, skew_ms: int
) -> None:
    def step(stage: Stage) -> None:
        stage.venue.clock.skew_ms = skew_ms

    seen = told(kind, probe(side), acts=[(100, step), (110, command(ClosePosition()))], until=300)
    assert seen.closed == ["user"]
    is_over(seen)
