"""What a slot wants at a real exchange now: the orders of its state, protection before anything else.

Pure and repeatable: ask again after every answer and after every restart. What the orders have done is taken into the
state first (`brokered.absorbed`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from btk.core.brokered import Scene, unbooked
from btk.core.holding import Plan
from btk.core.order_ids import next_part, order_id
from btk.core.order_intents import Unfit, addition_intent, entry_intent, reduction_intent
from btk.core.protection import Action, Drop, Place, Situation, next_actions, situation
from btk.core.states import Add, Closing, Open, Opening, Reduce, Scheduled, State
from btk.model.intents import Intent
from btk.model.names import SlotKey


class Attempts(NamedTuple):
    """How often more an entry is tried before it is given up; after how many a close or a check in vain is alarming."""

    entries: int = 5
    closes: int = 5
    checks: int = 5


class Look(NamedTuple):
    """A slot as it is looked at: its state, its orders, the market, the exchange's time, how often it is tried.

    `stopping`: nothing new is to be opened.
    """

    key: SlotKey
    state: State
    intents: tuple[Intent, ...]
    scene: Scene
    now_ms: int
    attempts: Attempts
    stopping: bool = False

    def of_leg(self, signal_id: str, leg: str) -> list[Intent]:
        """The intents of one leg of a signal."""
        return [one for one in self.intents if one.signal_id == signal_id and one.leg == leg]


class GiveUp(NamedTuple):
    """The plan cannot be ordered at this market: nothing was sent."""

    words: str


class Refuse(NamedTuple):
    """The first order that waits for a position cannot be made at this market: nothing was sent."""

    words: str


Wanted = Action | GiveUp | Refuse


def wanted(look: Look) -> tuple[Wanted, ...]:
    """What is to be done at once, in this order; empty while answers are awaited or all is as it should be."""
    match look.state:
        case Scheduled(plan, request):
            return _entry(look, plan, is_given_up=request is not None)
        case Opening(plan):
            return _entry(look, msgspec.structs.replace(plan, resting=False), is_given_up=False)
        case Open(holding, orders):
            now = _situation(look)
            entry = now.of_leg("entry") if _enough_is_bought(look, holding.plan, now) else ()
            ordered = _order(orders[0], now) if orders else ()
            return (*next_actions(now), *_drops(entry), *ordered)
        case Closing():
            now = _situation(look)
            return (*_drops(now.of_leg("entry", "add")), *next_actions(now))
    return ()


def _entry(look: Look, plan: Plan, is_given_up: bool) -> tuple[Wanted, ...]:
    entries = look.of_leg(plan.id, "entry")
    live = [one for one in entries if one.in_flight]
    beyond = "" if plan.resting else _beyond(plan, look.scene.price)
    unsent = [one for one in live if one.status == "prepared"]
    tried_enough = any(one.attempts > 1 + look.attempts.entries for one in unsent)
    if is_given_up or tried_enough or (unsent and beyond):
        return _drops(live) if entries else (GiveUp("nothing was ordered yet"),)
    if live or (entries and plan.resting):
        return ()
    if beyond:
        return (GiveUp(beyond),)
    intent = entry_intent(look.key, plan, look.scene.limits, look.scene.price, look.now_ms)
    if isinstance(intent, Unfit):
        return (GiveUp(intent.words),)
    part = next_part(look.intents, plan.id, "entry")
    name = order_id(look.key, plan.id, "entry", part)
    return (Place(msgspec.structs.replace(intent, part=part, client_order_id=name)),)


def _beyond(plan: Plan, price: float) -> str:
    if (price - plan.price_stop_loss) * plan.side > 0 and (plan.price_take_profit - price) * plan.side > 0:
        return ""
    return f"the price {price:g} is not between the stop and the target any more"


def _order(order: Reduce | Add, now: Situation) -> tuple[Wanted, ...]:
    if unbooked(order, now.signal_id, now.intents) is not None:
        return ()
    intent = (
        reduction_intent(now, order.pct) if isinstance(order, Reduce) else addition_intent(now, order.cost)
    )
    return (Refuse(intent.words),) if isinstance(intent, Unfit) else (Place(intent),)


def _enough_is_bought(look: Look, plan: Plan, now: Situation) -> bool:
    if look.stopping or now.lot.left.quantity:
        # What is being left is not bought again by the rest of its entry.
        return True
    return look.now_ms - plan.created_ms >= look.scene.terms.rules.await_ms


def _situation(look: Look) -> Situation:
    found = situation(look.key, look.state, look.scene.price, look.intents, (look.scene.limits, look.now_ms))
    assert found is not None
    return msgspec.structs.replace(found, close_attempts=look.attempts.closes, withheld=look.scene.withheld)


def _drops(intents: Iterable[Intent]) -> tuple[Drop, ...]:
    return tuple(Drop(one.client_order_id) for one in intents if one.in_flight and not one.cancel)
