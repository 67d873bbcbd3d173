"""Adoption: what an account shows of our orders and positions becomes the record of a slot that does not remember it.

Only what is provably ours is taken: orders whose id is of our form, and positions that such orders protect. What was
traded by other hands in a position of ours is taken as one more trade of it, at the price of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from btk.core.holding import Holding, Plan
from btk.core.lot import lot_of
from btk.core.order_course import LookedUp, follow
from btk.core.order_ids import LEGS, PARTS, is_ours, next_part, order_id
from btk.core.reconcile import Theirs
from btk.core.states import Add, Closing, Idle, Open, Opening, Reduce, State, plan_of
from btk.core.strays import strays
from btk.model.accounts import MarketLimits
from btk.model.intents import ENTRY_LEGS, PROTECTIVE_LEGS, Intent, IntentKind, Leg
from btk.model.names import SlotKey
from btk.model.orders import Fill, Found, VenueOrder

FAR_TARGET = 0.5
"""How far away the target of an adopted position is, as a share of its price, where no order tells it."""
NOTE = "adopted"
_KINDS: dict[Leg, IntentKind] = {"entry": "open", "add": "add", "partial": "reduce", "close": "close"}


class Held(NamedTuple):
    """A slot as it is remembered."""

    key: SlotKey
    state: State
    intents: tuple[Intent, ...]

    @property
    def plan(self) -> Plan | None:
        """What it holds or waits with."""
        return plan_of(self.state)

    @property
    def quantity(self) -> float:
        """What it holds by its own record, negative for short; also of signals that it has given up."""
        own = self.plan.side * lot_of(self.intents, self.plan.id).quantity if self.plan else 0.0
        return own + sum(one.side * one.quantity for one in strays(self.state, self.intents))


class Scene(NamedTuple):
    """The market at the moment: its rules and price, the exchange's time, the tick gone through last, a lifetime.

    A position without a record may be given to a slot of `strategies` (None: of any).
    """

    limits: MarketLimits
    price: float
    now_ms: int
    tick_ms: int
    lifetime_ms: float
    strategies: tuple[str, ...] | None = None


class Adopted(NamedTuple):
    """What a slot becomes, what money that takes (`cost`), and what was done in words."""

    slot: Held
    cost: float
    words: str


class Unadoptable(NamedTuple):
    """Why something cannot be taken into the record."""

    words: str


Answer = Adopted | Unadoptable


def adopt(slots: Sequence[Held], theirs: Theirs, scene: Scene) -> Answer | None:
    """The first thing to be taken into the record of a market's slots; None when there is nothing left to take.

    Call it again with what it answered, until it has nothing left or cannot go on.
    """
    strangers = _strangers(slots, theirs)
    for order in strangers:
        owner = _owner(slots, order, scene)
        if owner is not None:
            return owner
    held = sum(slot.quantity for slot in slots)
    if strangers and not held:
        return _rebuilt(slots, strangers, theirs, scene)
    if strangers:
        return Unadoptable(f"order {strangers[0].order_id} is of a signal that nobody here remembers")
    return _resized(slots, theirs, scene, held)


def strangers(slots: Sequence[Held], theirs: Theirs) -> tuple[VenueOrder, ...]:
    """Open orders of ours that no slot remembers."""
    return tuple(_strangers(slots, theirs))


def excess(slots: Sequence[Held], theirs: Theirs, limits: MarketLimits) -> float:
    """How much more is held than is remembered, in the direction of what is remembered; negative for less."""
    ours = sum(slot.quantity for slot in slots)
    if limits.contract:
        there = theirs.position.quantity if theirs.position else ours
    else:
        there = min(theirs.balance.total, ours) if theirs.balance else 0.0
    apart = (there - ours) * (1 if ours > 0 else -1)
    return apart if abs(apart) >= limits.quantity_step * (0.5 if limits.contract else 1.0) else 0.0


def lacks_balance(slot: Held) -> bool:
    """Whether the exchange refused the last order that was to sell of it: too little is there."""
    plan = slot.plan
    exits = [
        one
        for one in slot.intents
        if plan and one.signal_id == plan.id and one.leg not in ENTRY_LEGS and one.status != "prepared"
    ]
    last = max(exits, key=lambda one: one.prepared_at_ms, default=None)
    return last is not None and last.cause == "balance"


def _strangers(slots: Iterable[Held], theirs: Theirs) -> list[VenueOrder]:
    known = {intent.client_order_id for slot in slots for intent in slot.intents}
    return [
        order
        for order in theirs.open_orders
        if is_ours(order.client_order_id) and order.client_order_id not in known
    ]


def _owner(slots: Iterable[Held], order: VenueOrder, scene: Scene) -> Adopted | None:
    for slot in slots:
        place = _place_of(slot, order.client_order_id)
        if place is not None and slot.plan is not None:
            intent = _remade(order, slot.plan.id, place, scene)
            words = f"{slot.key}: its {intent.leg} order {order.order_id} was not in the record"
            return Adopted(slot._replace(intents=(*slot.intents, intent)), 0.0, words)
    return None


def _place_of(slot: Held, client_order_id: str) -> tuple[Leg, int] | None:
    if slot.plan is None:
        return None
    for leg in LEGS:
        for part in range(PARTS):
            if order_id(slot.key, slot.plan.id, leg, part) == client_order_id:
                return leg, part
    return None


def _remade(order: VenueOrder, signal_id: str, place: tuple[Leg, int], scene: Scene) -> Intent:
    leg, part = place
    intent = Intent(
        client_order_id=order.client_order_id,
        signal_id=signal_id,
        kind=_KINDS.get(leg, "protect"),
        leg=leg,
        part=part,
        symbol=scene.limits.symbol,
        side=order.side,
        quantity=order.quantity,
        order=order.kind,
        price=order.price,
        price_trigger=order.price_trigger,
        reduce_only=order.reduce_only,
        status="unknown",
        prepared_at_ms=scene.now_ms,
    )
    return follow(intent, LookedUp(Found(order), scene.now_ms)).intent


def _rebuilt(slots: Sequence[Held], found: list[VenueOrder], theirs: Theirs, scene: Scene) -> Answer:
    stops = [order for order in found if order.kind in ("stop", "pair")]
    idle = [slot for slot in slots if isinstance(slot.state, Idle) and _is_chosen(slot, scene)]
    if len(stops) != 1:
        return Unadoptable(
            f"orders {', '.join(order.order_id for order in found)} are of a signal that nobody remembers,"
            f" and {'none' if not stops else 'more than one'} of them is a stop"
        )
    if len(idle) != 1:
        return Unadoptable(
            f"a position with stop {stops[0].order_id} could be that of {len(idle)} strategies; name one with --strategy"
        )
    quantity = min(stops[0].quantity, _there(theirs, scene, stops[0]))
    if quantity <= 0:
        return Unadoptable(f"stop {stops[0].order_id} protects nothing that is there")
    return _position_of(idle[0], quantity, (stops[0], found), theirs, scene)


def _is_chosen(slot: Held, scene: Scene) -> bool:
    return scene.strategies is None or slot.key.strategy in scene.strategies


def _there(theirs: Theirs, scene: Scene, stop: VenueOrder) -> float:
    if not scene.limits.contract:
        return theirs.balance.total if theirs.balance else 0.0
    quantity = theirs.position.quantity if theirs.position else 0.0
    return quantity * (1 if stop.side == "sell" else -1)


def _position_of(
    slot: Held, quantity: float, orders: tuple[VenueOrder, list[VenueOrder]], theirs: Theirs, scene: Scene
) -> Adopted:
    stop, found = orders
    side = 1 if stop.side == "sell" else -1
    told = theirs.position.price_open if theirs.position else None
    price = told or scene.price
    plan = Plan(
        id=f"adopted-{scene.now_ms}",
        position="long" if side > 0 else "short",
        side=side,
        price_open=price,
        price_take_profit=_target(found) or price * (1 + side * FAR_TARGET),
        price_stop_loss=stop.price_trigger or scene.price,
        lifetime_ms=scene.lifetime_ms,
        cost=quantity * price,
        note=NOTE if told else f"{NOTE}; its entry price is not known, the price of then stands for it",
        created_ms=scene.tick_ms,
        price=price,
    )
    bare = slot._replace(state=Opening(plan, scene.tick_ms))
    entered = _with_trade(bare, "entry", quantity, price, scene)
    kept = [
        _remade(order, plan.id, (_protective_leg(order), part), scene)
        for part, order in enumerate(order for order in found if order.kind in PROTECTIVE_LEGS)
    ]
    what = f"{plan.position} of {quantity:g} {scene.limits.base}"
    words = f"{slot.key}: a {what}, which its stop {stop.order_id} shows to be ours"
    return Adopted(entered._replace(intents=(*entered.intents, *kept)), plan.cost, words)


def _target(found: Iterable[VenueOrder]) -> float | None:
    for order in found:
        if order.kind == "pair":
            return order.price
        if order.kind == "target":
            return order.price_trigger
    return None


def _protective_leg(order: VenueOrder) -> Leg:
    match order.kind:
        case "stop" | "target" | "pair":
            return order.kind
    raise ValueError(order.kind)


def _resized(slots: Sequence[Held], theirs: Theirs, scene: Scene, held: float) -> Answer | None:
    more = excess(slots, theirs, scene.limits)
    if not more:
        return None
    owners = [slot for slot in slots if slot.quantity]
    if not owners:
        there = theirs.position.quantity if theirs.position else 0.0
        return Unadoptable(f"a position of {there:g} {scene.limits.base} that no order of ours protects")
    if len(owners) > 1:
        return Unadoptable(
            f"{more:+g} {scene.limits.base} could be that of {len(owners)} strategies: "
            + ", ".join(str(slot.key) for slot in owners)
        )
    slot = owners[0]
    if not isinstance(slot.state, Open) and (more > 0 or not isinstance(slot.state, Closing)):
        return Unadoptable(f"{slot.key} is being opened or closed")
    if more <= -abs(held):
        return Unadoptable(f"{slot.key}: the account holds the opposite of it")
    return _with_less(slot, -more, scene) if more < 0 else _with_more(slot, more, theirs, scene)


def _with_less(slot: Held, quantity: float, scene: Scene) -> Answer:
    if _is_ordered(slot, "partial", "close"):
        return Unadoptable(f"{slot.key}: an order that reduces it is under way")
    traded = _with_trade(slot, "partial", quantity, scene.price, scene)
    words = (
        f"{slot.key}: {quantity:g} {scene.limits.base} less than remembered, as if closed at {scene.price:g}"
    )
    if not isinstance(slot.state, Open):
        # What is being closed tells one trade at its end, and this part in it.
        return Adopted(traded, 0.0, words)
    holding = slot.state.holding
    wins = (scene.price - holding.price_open) * holding.side > 0
    order = Reduce("profit" if wins else "loss", pct=quantity / abs(slot.quantity) * 100)
    return Adopted(traded._replace(state=_with_order(slot.state, order)), 0.0, words)


def _with_more(slot: Held, quantity: float, theirs: Theirs, scene: Scene) -> Answer:
    if _is_ordered(slot, "add", "entry"):
        return Unadoptable(f"{slot.key}: an order that grows it is under way")
    assert isinstance(slot.state, Open)
    price = _paid(slot.state.holding, slot, quantity, theirs) or scene.price
    cost = quantity * price
    traded = _with_trade(slot, "add", quantity, price, scene)
    words = f"{slot.key}: {quantity:g} {scene.limits.base} more than remembered, as if bought at {price:g}"
    return Adopted(traded._replace(state=_with_order(slot.state, Add(cost))), cost, words)


def _paid(holding: Holding, slot: Held, quantity: float, theirs: Theirs) -> float | None:
    # The exchange tells the mean price of all of it.
    if theirs.position is None or theirs.position.price_open is None:
        return None
    ours = abs(slot.quantity)
    paid = (theirs.position.price_open * (ours + quantity) - holding.price_open * ours) / quantity
    return paid if paid > 0 else None


def _with_order(state: Open, order: Reduce | Add) -> Open:
    return msgspec.structs.replace(state, orders=(order, *state.orders))


def _with_trade(slot: Held, leg: Leg, quantity: float, price: float, scene: Scene) -> Held:
    plan = slot.plan
    assert plan is not None
    part = next_part(slot.intents, plan.id, leg)
    name = order_id(slot.key, plan.id, leg, part)
    buys = (plan.side > 0) == (leg in ENTRY_LEGS)
    trade = Fill(trade_id=f"{NOTE}-{name}", order_id="", price=price, quantity=quantity, at_ms=scene.now_ms)
    intent = Intent(
        client_order_id=name,
        signal_id=plan.id,
        kind=_KINDS[leg],
        leg=leg,
        part=part,
        symbol=scene.limits.symbol,
        side="buy" if buys else "sell",
        quantity=quantity,
        status="done",
        ending="filled",
        prepared_at_ms=scene.now_ms,
        settled_at_ms=scene.now_ms,
        filled_quantity=quantity,
        filled_cost=quantity * price,
        fills=(trade,),
        detail=NOTE,
    )
    return slot._replace(intents=(*slot.intents, intent))


def _is_ordered(slot: Held, *legs: Leg) -> bool:
    return any(intent.in_flight for intent in slot.intents if intent.leg in legs)
