"""What is provably ours becomes part of the record, one thing at a time; what is not is said and left alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from btk.core.adoption import Adopted, Held, Scene, Unadoptable, adopt, excess, lacks_balance, strangers
from btk.core.holding import opened
from btk.core.lot import lot_of
from btk.core.order_ids import order_id
from btk.core.reconcile import Theirs
from btk.core.rules import Rules
from btk.core.states import IDLE, Add, Closing, Open, Opening, Reduce, State
from btk.model.accounts import Balance, VenuePosition
from btk.model.intents import Intent
from btk.model.orders import RefusalCause, VenueOrder
from tests.core.order_samples import KEY, NOW_MS, SPOT, SWAP, fill, intent, shown
from tests.core.position_samples import a_plan

RULES = Rules()
SCENE = Scene(SWAP, 100.0, NOW_MS, NOW_MS - NOW_MS % 60_000, 86_400_000.0)


def holder(side: int = 1) -> Held:
    """One coin, held since 100."""
    plan = msgspec.structs.replace(a_plan(100.0, side=side), id="s1")
    entry = intent(
        side="buy" if side > 0 else "sell",
        status="done",
        filled_quantity=1.0,
        filled_cost=100.0,
        fills=(fill(),),
    )
    return Held(KEY, Open(opened(plan, 100.0, NOW_MS, RULES)), (entry,))


def position(quantity: float, price_open: float | None = 100.0) -> Theirs:
    return Theirs(position=VenuePosition(symbol=SWAP.symbol, quantity=quantity, price_open=price_open))


def a_stop(signal_id: str = "s7", **changes: Any) -> VenueOrder:
    named = intent(
        client_order_id=order_id(KEY, signal_id, "stop"), side="sell", order="stop", price_trigger=95.0
    )
    return shown(named, **changes)


def adopted(slot: Held, theirs: Theirs, scene: Scene = SCENE) -> Adopted:
    answer = adopt([slot], theirs, scene)
    assert isinstance(answer, Adopted), answer
    return answer


def not_adopted(slots: list[Held], theirs: Theirs, scene: Scene = SCENE) -> str:
    answer = adopt(slots, theirs, scene)
    assert isinstance(answer, Unadoptable), answer
    return answer.words


def orders_of(state: State) -> tuple[object, ...]:
    assert isinstance(state, Open)
    return state.orders


def test_what_agrees_leaves_nothing_to_adopt() -> None:
    assert adopt([holder()], position(1.0), SCENE) is None
    assert adopt([Held(KEY, IDLE, ())], position(0.0), SCENE) is None


@pytest.mark.parametrize(("side", "held"), [(1, 0.4), (-1, -0.4)])
def test_less_than_remembered_becomes_a_partial_close_at_the_price_of_now(side: int, held: float) -> None:
    answer = adopted(holder(side), position(held), SCENE._replace(price=110.0))
    (order,) = orders_of(answer.slot.state)
    assert order == Reduce("profit" if side > 0 else "loss", pytest.approx(60.0))
    assert answer.cost == 0
    assert answer.slot.quantity == pytest.approx(held)
    assert answer.slot.intents[-1].side == ("sell" if side > 0 else "buy")


@pytest.mark.parametrize(("side", "held"), [(1, 1.5), (-1, -1.5)])
def test_more_than_remembered_becomes_another_entry_at_what_was_paid(side: int, held: float) -> None:
    answer = adopted(holder(side), position(held, price_open=104.0))
    assert orders_of(answer.slot.state) == (Add(pytest.approx(56.0)),)
    assert answer.cost == pytest.approx(56.0)
    assert answer.slot.quantity == pytest.approx(held)


def test_the_opposite_of_what_is_remembered_is_not_adopted() -> None:
    assert not_adopted([holder()], position(-0.5)) == f"{KEY}: the account holds the opposite of it"


def test_a_difference_while_an_order_of_the_position_is_under_way_is_waited_for() -> None:
    closing = intent(
        client_order_id=order_id(KEY, "s1", "close"), leg="close", kind="close", status="unknown"
    )
    slot = holder()._replace(intents=(*holder().intents, closing))
    assert "under way" in not_adopted([slot], position(0.4))


def test_an_order_of_a_signal_that_is_held_finds_its_place_in_the_record() -> None:
    answer = adopted(holder(), Theirs(open_orders=(a_stop("s1"),), position=position(1.0).position))
    stop = answer.slot.intents[-1]
    assert (stop.leg, stop.part, stop.status, stop.price_trigger) == ("stop", 0, "accepted", 95.0)


def test_an_order_of_a_signal_that_nobody_remembers_is_not_guessed_at() -> None:
    words = not_adopted([holder()], Theirs(open_orders=(a_stop(),), position=position(1.0).position))
    assert words == "order v0 is of a signal that nobody here remembers"


def test_a_position_without_a_record_is_rebuilt_of_the_stop_that_protects_it() -> None:
    theirs = Theirs(open_orders=(a_stop(),), position=position(1.0, price_open=99.0).position)
    answer = adopted(Held(KEY, IDLE, ()), theirs)
    assert isinstance(answer.slot.state, Opening)
    plan = answer.slot.state.plan
    assert (plan.side, plan.price_open, plan.price_stop_loss, plan.cost) == (1, 99.0, 95.0, 99.0)
    assert plan.price_take_profit == pytest.approx(148.5)
    assert lot_of(answer.slot.intents, plan.id).quantity == 1.0
    assert [one.leg for one in answer.slot.intents] == ["entry", "stop"]


def test_of_a_position_only_what_our_stop_covers_is_ours() -> None:
    theirs = Theirs(open_orders=(a_stop(quantity=1.0),), position=position(3.0).position)
    assert adopted(Held(KEY, IDLE, ()), theirs).slot.quantity == 1.0


def test_on_spot_no_more_is_adopted_than_the_balance_holds_and_its_price_is_said_to_be_unknown() -> None:
    pair = a_stop(kind="pair", price=110.0)
    theirs = Theirs(open_orders=(pair,), balance=Balance(currency="BTC", free=0.0, locked=0.7))
    answer = adopted(Held(KEY, IDLE, ()), theirs, SCENE._replace(limits=SPOT))
    assert answer.slot.quantity == pytest.approx(0.7)
    assert isinstance(answer.slot.state, Opening)
    assert answer.slot.state.plan.price_take_profit == 110.0
    assert "entry price is not known" in answer.slot.state.plan.note


def test_a_position_that_no_order_of_ours_protects_stays_nobodys() -> None:
    assert "no order of ours protects" in not_adopted([Held(KEY, IDLE, ())], position(1.0))


def test_between_two_idle_strategies_only_the_user_can_choose() -> None:
    other = KEY._replace(strategy="other")
    slots = [Held(KEY, IDLE, ()), Held(other, IDLE, ())]
    theirs = Theirs(open_orders=(a_stop(),), position=position(1.0).position)
    assert "name one with --strategy" in not_adopted(slots, theirs)
    answer = adopt(slots, theirs, SCENE._replace(strategies=("other",)))
    assert isinstance(answer, Adopted)
    assert answer.slot.key == other


def test_what_lies_on_spot_beside_our_lot_is_nobodys_business() -> None:
    theirs = Theirs(balance=Balance(currency="BTC", free=9.0))
    assert excess([holder()], theirs, SPOT) == 0.0
    assert adopt([holder()], theirs, SCENE._replace(limits=SPOT)) is None


def test_an_order_of_somebody_else_is_no_stranger_and_is_not_adopted() -> None:
    foreign = a_stop(client_order_id="web_1")
    theirs = Theirs(open_orders=(foreign,), position=position(1.0).position)
    assert strangers([holder()], theirs) == ()
    assert adopt([holder()], theirs, SCENE) is None


def test_what_a_given_up_signal_holds_is_ours_too() -> None:
    late: Intent = intent(
        client_order_id=order_id(KEY, "s0", "entry"),
        signal_id="s0",
        status="done",
        filled_quantity=1.0,
        fills=(fill(),),
    )
    assert Held(KEY, IDLE, (late,)).quantity == 1.0


def test_less_than_is_being_closed_leaves_it_closing_with_so_much_less() -> None:
    open_ = holder()
    assert isinstance(open_.state, Open)
    closing = Closing(open_.state.holding, "user")
    answer = adopted(open_._replace(state=closing), position(0.4))
    assert answer.slot.state == closing
    assert answer.slot.quantity == pytest.approx(0.4)
    assert "being opened or closed" in not_adopted([open_._replace(state=closing)], position(1.4))


@pytest.mark.parametrize(("last", "lacks"), [("balance", True), ("other", False)])
def test_balance_is_lacking_where_the_last_exit_was_refused_for_it(last: RefusalCause, lacks: bool) -> None:
    exits = [
        intent(
            client_order_id=order_id(KEY, "s1", "close", part),
            leg="close",
            kind="close",
            part=part,
            status="refused",
            cause=cause,
            prepared_at_ms=NOW_MS + part,
        )
        for part, cause in enumerate(("balance", last))
    ]
    assert not lacks_balance(holder())
    assert lacks_balance(holder()._replace(intents=(*holder().intents, *exits))) is lacks
