"""What a position wants at the exchange, and the order in which it gets it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from btk.core.order_intents import Unfit, addition_intent, entry_intent, reduction_intent
from btk.core.protection import (
    Alarm,
    CloseNow,
    Drop,
    Gone,
    Place,
    Situation,
    may_send,
    next_actions,
    placed,
    uncovered,
)
from btk.core.renewal import naked_ms
from btk.model.accounts import MarketLimits
from btk.model.intents import Intent
from tests.core.order_samples import KEY, NOW_MS, SPOT, SWAP, fill, intent
from tests.core.record_samples import plan

BOUGHT = intent(status="done", ending="filled", filled_quantity=1.0, filled_cost=100.0, fills=(fill(),))


def at(limits: MarketLimits = SWAP, *intents: Intent, **changes: Any) -> Situation:
    """A long position of 1 from 100, its stop at 95 and its target at 110."""
    plain = Situation(
        key=KEY,
        signal_id="s1",
        side=1,
        stop=95.0,
        take=110.0,
        closing=False,
        price=100.0,
        intents=intents or (BOUGHT,),
        limits=limits,
        now_ms=NOW_MS,
    )
    return msgspec.structs.replace(plain, **changes)


def wanted(now: Situation) -> list[Intent]:
    return [one.intent for one in placed(next_actions(now))]


def standing(now: Situation) -> tuple[Intent, ...]:
    """What the situation wants, standing at the exchange."""
    return tuple(
        msgspec.structs.replace(one, status="accepted", accepted_at_ms=NOW_MS, order_id=one.leg)
        for one in wanted(now)
    )


def with_standing(limits: MarketLimits = SWAP, **changes: Any) -> Situation:
    return at(limits, BOUGHT, *standing(at(limits)), **changes)


def test_a_contract_wants_a_stop_and_a_target_that_only_reduce_the_stop_first() -> None:
    stop, target = wanted(at())
    assert (stop.leg, stop.order, stop.price_trigger) == ("stop", "stop", 95.0)
    assert (target.leg, target.order, target.price_trigger) == ("target", "target", 110.0)
    assert {(one.side, one.quantity, one.reduce_only) for one in (stop, target)} == {("sell", 1.0, True)}


def test_a_short_position_is_protected_by_buying() -> None:
    stop, _ = wanted(at(side=-1, stop=105.0, take=90.0))
    assert (stop.side, stop.price_trigger) == ("buy", 105.0)


def test_spot_wants_one_pair_for_what_is_left_after_the_fee() -> None:
    paid = msgspec.structs.replace(BOUGHT, fills=(fill(fee_base=0.001),))
    [pair] = wanted(at(SPOT, paid))
    assert (pair.leg, pair.price, pair.price_trigger, pair.quantity) == ("pair", 110.0, 95.0, 0.999)
    assert not pair.reduce_only


def test_a_spot_fee_that_is_not_told_yet_is_waited_for() -> None:
    untold = msgspec.structs.replace(BOUGHT, status="ended", fills=(), next_at_ms=NOW_MS)
    assert next_actions(at(SPOT, untold)) == ()
    assert wanted(at(SWAP, untold))


def test_a_spot_fee_that_is_not_told_for_long_is_guessed_so_that_the_position_has_a_stop() -> None:
    untold = msgspec.structs.replace(BOUGHT, status="ended", fills=(), next_at_ms=NOW_MS - 10_000)
    [pair] = wanted(at(SPOT, untold))
    assert pair.quantity == 0.995


def test_what_is_filled_of_an_entry_is_protected_at_once() -> None:
    part = msgspec.structs.replace(
        BOUGHT, status="partial", filled_quantity=0.3, fills=(fill(quantity=0.3),), order="limit"
    )
    assert {one.quantity for one in wanted(at(SWAP, part))} == {0.3}


@pytest.mark.parametrize("limits", [SPOT, SWAP])
def test_what_stands_as_it_should_is_left_alone(limits: MarketLimits) -> None:
    now = with_standing(limits)
    assert next_actions(now) == ()
    assert not uncovered(now)
    assert uncovered(at(limits)) == 1.0


def test_a_stop_that_moves_stands_anew_before_the_old_one_is_dropped() -> None:
    old = with_standing()
    moved = msgspec.structs.replace(old, stop=97.0)
    [new] = wanted(moved)
    assert (new.leg, new.part, new.price_trigger) == ("stop", 1, 97.0)
    assert next_actions(msgspec.structs.replace(moved, intents=(*old.intents, new))) == ()
    stands = msgspec.structs.replace(new, status="accepted", accepted_at_ms=NOW_MS)
    done = msgspec.structs.replace(moved, intents=(*old.intents, stands))
    assert next_actions(done) == (Drop(old.of_leg("stop")[0].client_order_id),)


def test_a_pair_that_moves_is_dropped_first_and_its_gap_is_measured() -> None:
    old = with_standing(SPOT)
    [pair] = old.of_leg("pair")
    moved = msgspec.structs.replace(old, stop=97.0)
    assert next_actions(moved) == (Drop(pair.client_order_id),)
    dropping = msgspec.structs.replace(pair, cancel="wanted")
    assert next_actions(msgspec.structs.replace(moved, intents=(BOUGHT, dropping))) == ()
    gone = msgspec.structs.replace(pair, status="done", ending="cancelled", settled_at_ms=NOW_MS)
    [new] = wanted(msgspec.structs.replace(moved, intents=(BOUGHT, gone)))
    assert new.replaces == pair.client_order_id
    assert naked_ms((gone,), msgspec.structs.replace(new, accepted_at_ms=NOW_MS + 90)) == 90


def test_of_two_stops_that_are_right_the_newer_is_kept() -> None:
    now = with_standing()
    [stop] = now.of_leg("stop")
    newer = msgspec.structs.replace(stop, client_order_id="x", part=1)
    twice = msgspec.structs.replace(now, intents=(*now.intents, newer))
    assert next_actions(twice) == (Drop(stop.client_order_id),)


def test_a_stop_nobody_heard_of_is_placed_again_at_once_where_a_second_does_no_harm() -> None:
    unknown = [msgspec.structs.replace(one, status="unknown") for one in standing(at())]
    assert next_actions(at(SWAP, BOUGHT, *unknown)) == ()
    doubtful = [msgspec.structs.replace(one, misses=1) for one in unknown]
    assert [(one.leg, one.part) for one in wanted(at(SWAP, BOUGHT, *doubtful))] == [
        ("stop", 1),
        ("target", 1),
    ]


@pytest.mark.parametrize(
    ("limits", "leg", "price", "reason"),
    [
        (SWAP, "stop", 94.0, "stop_loss"),
        (SWAP, "target", 111.0, "take_profit"),
        (SPOT, "pair", 111.0, "take_profit"),
    ],
)
def test_a_level_the_price_is_beyond_already_closes_at_market(
    limits: MarketLimits, leg: str, price: float, reason: str
) -> None:
    orders = [
        msgspec.structs.replace(one, status="refused", cause="would_trigger", settled_at_ms=NOW_MS)
        if one.leg == leg
        else one
        for one in standing(at(limits))
    ]
    [action] = next_actions(at(limits, BOUGHT, *orders, price=price))
    assert isinstance(action, CloseNow)
    assert action.reason == reason


def refused(leg: str, times: int, cause: str = "filter") -> Situation:
    stands = [one for one in standing(at()) if one.leg != leg]
    [failed] = [one for one in standing(at()) if one.leg == leg]
    parts = [
        msgspec.structs.replace(
            failed, status="refused", cause=cause, part=part, detail="no", settled_at_ms=NOW_MS - 1
        )
        for part in range(times)
    ]
    return at(SWAP, BOUGHT, *stands, *parts, now_ms=NOW_MS + 60_000)


def test_a_stop_that_is_refused_twice_is_no_stop_and_the_position_is_closed() -> None:
    assert [one.part for one in wanted(refused("stop", 1))] == [1]
    assert next_actions(refused("stop", 2)) == (CloseNow("stop_loss", "no stop can be placed: no"),)


def test_a_stop_that_may_not_be_moved_is_alarmed_and_tried_again_while_the_old_one_stands() -> None:
    now = refused("stop", 2)
    [old] = [one for one in standing(at()) if one.leg == "stop"]
    moved = [msgspec.structs.replace(one, part=one.part + 1) for one in now.of_leg("stop")]
    alarm, place = next_actions(
        msgspec.structs.replace(now, stop=97.0, intents=(BOUGHT, old, *moved, *now.of_leg("target")))
    )
    assert isinstance(alarm, Alarm)
    assert isinstance(place, Place)
    assert place.intent.price_trigger == 97.0


def test_a_target_that_is_refused_is_alarmed_and_tried_again_while_the_stop_stands() -> None:
    alarm, place = next_actions(refused("target", 2))
    assert isinstance(alarm, Alarm)
    assert isinstance(place, Place)


def test_a_market_that_is_halted_keeps_its_position_and_tries_again() -> None:
    alarm, place = next_actions(refused("stop", 2, "halted"))
    assert isinstance(alarm, Alarm)
    assert isinstance(place, Place)


def test_closing_a_contract_leaves_its_stop_until_it_is_closed() -> None:
    now = with_standing(closing=True)
    [close] = wanted(now)
    assert (close.leg, close.order, close.quantity, close.reduce_only) == ("close", "market", 1.0, True)
    assert may_send(close, now)
    sold = msgspec.structs.replace(close, status="done", filled_quantity=1.0, fills=(fill("t2"),))
    after = msgspec.structs.replace(now, intents=(*now.intents, sold))
    assert {type(action) for action in next_actions(after)} == {Drop}
    flat = [
        msgspec.structs.replace(one, status="done") if one.kind == "protect" else one for one in after.intents
    ]
    assert next_actions(msgspec.structs.replace(after, intents=tuple(flat))) == (Gone(0.0),)


def test_closing_on_spot_waits_until_the_pair_has_let_go_and_restores_it_when_the_close_fails() -> None:
    now = with_standing(SPOT, closing=True)
    drop, place = next_actions(now)
    assert isinstance(drop, Drop)
    assert isinstance(place, Place)
    assert not may_send(place.intent, now)
    [pair] = now.of_leg("pair")
    gone = msgspec.structs.replace(pair, status="done", ending="cancelled")
    assert may_send(place.intent, msgspec.structs.replace(now, intents=(BOUGHT, gone, place.intent)))
    failed = msgspec.structs.replace(place.intent, status="refused", cause="halted", settled_at_ms=NOW_MS)
    again = msgspec.structs.replace(now, intents=(BOUGHT, gone, failed))
    assert [one.leg for one in wanted(again)] == ["pair"]


def test_a_part_is_sold_on_spot_while_the_rest_stays_protected() -> None:
    now = with_standing(SPOT)
    part = reduction_intent(now, 30.0)
    assert isinstance(part, Intent)
    assert part.quantity == 0.3
    selling = msgspec.structs.replace(now, intents=(*now.intents, part))
    assert next_actions(selling) == (Drop(now.of_leg("pair")[0].client_order_id),)
    gone = msgspec.structs.replace(now.of_leg("pair")[0], status="done", ending="cancelled")
    assert [one.quantity for one in wanted(at(SPOT, BOUGHT, gone, part))] == [0.7]


def test_what_is_left_of_a_close_is_closed_by_a_new_part() -> None:
    now = at(closing=True)
    [close] = [one for one in wanted(now) if one.leg == "close"]
    part = msgspec.structs.replace(
        close, status="done", ending="expired", filled_quantity=0.4, fills=(fill("t2", 0.4),)
    )
    [rest] = [one for one in wanted(at(SWAP, BOUGHT, part, closing=True)) if one.leg == "close"]
    assert (rest.part, rest.quantity) == (1, 0.6)


def test_dust_is_the_end() -> None:
    sold = intent(leg="close", side="sell", status="done", filled_quantity=0.98, fills=(fill("t2", 0.98),))
    assert next_actions(at(SPOT, BOUGHT, sold)) == (Gone(pytest.approx(0.02)),)


def test_an_entry_is_sized_by_its_cost_and_refused_when_it_is_too_small() -> None:
    entry = entry_intent(KEY, plan(), SPOT, 33.0, NOW_MS)
    assert isinstance(entry, Intent)
    assert (entry.order, entry.quantity, entry.price) == ("market", 1.515, None)
    resting = entry_intent(
        KEY, msgspec.structs.replace(plan(), resting=True, price_open=99.999), SPOT, 33.0, NOW_MS
    )
    assert isinstance(resting, Intent)
    assert (resting.order, resting.price, resting.quantity) == ("limit", 99.99, 0.5)
    assert isinstance(entry_intent(KEY, msgspec.structs.replace(plan(), cost=5.0), SPOT, 33.0, NOW_MS), Unfit)


def test_no_more_is_held_than_one_stop_can_close() -> None:
    limits = msgspec.structs.replace(SWAP, market_max_quantity=1.5)
    assert isinstance(
        entry_intent(KEY, msgspec.structs.replace(plan(), cost=49.0), limits, 33.0, NOW_MS), Intent
    )
    large = entry_intent(KEY, msgspec.structs.replace(plan(), cost=50.0), limits, 33.0, NOW_MS)
    assert isinstance(large, Unfit)
    assert "more than the 1.5 that one order" in large.words
    assert isinstance(addition_intent(at(limits), 50.0), Intent)
    more = addition_intent(at(limits), 51.0)
    assert isinstance(more, Unfit)
    assert more.words.startswith("1.51 BTC is more than the 1.5")


def test_an_addition_and_a_part_have_ids_of_their_own_every_time() -> None:
    first = addition_intent(at(), 50.0)
    assert isinstance(first, Intent)
    second = addition_intent(at(SWAP, BOUGHT, first), 50.0)
    assert isinstance(second, Intent)
    assert (first.quantity, first.part, second.part) == (0.5, 0, 1)
    assert first.client_order_id != second.client_order_id
    assert isinstance(reduction_intent(at(SPOT), 1.0), Unfit)
