"""Protection: which orders a position wants at the exchange, and what to do next so that it has them, from what it has.

Pure and repeatable: ask again after every answer, also after a restart. New orders stand before old ones are cancelled,
except where one order locks the balance that the next one needs (`pair`): there the gap is `renewal.naked_ms` long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from btk.core.lot import Lot, lot_of
from btk.core.order_course import pause_ms
from btk.core.order_ids import next_part, order_id
from btk.core.order_rounding import AFTER_FEES, is_dust, safe_price, safe_quantity
from btk.core.price_bands import within_reach
from btk.core.renewal import may_wait
from btk.core.states import Closing, State, plan_of
from btk.model.accounts import MarketLimits
from btk.model.intents import ENTRY_LEGS, PROTECTIVE_LEGS, Intent, Leg
from btk.model.names import SlotKey
from btk.model.orders import OrderKind, OrderSide
from btk.model.trade import CloseReason

REFUSALS_BORNE = 2
UNTOLD_MS = 8_000
"""So long a stop waits for the trades of an entry, whose fees say how much is there."""
SAME_STEPS = 1e-6
_CANNOT_NOW = frozenset({"halted", "key"})


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A position as it is planned and as its orders have made it; `price` is the market's, `side` +1 or -1.

    After `close_attempts` closes in vain a person is told. `withheld` of it is locked by orders of others.
    """

    key: SlotKey
    signal_id: str
    side: int
    stop: float
    take: float
    closing: bool
    price: float
    intents: tuple[Intent, ...]
    limits: MarketLimits
    now_ms: int
    close_attempts: int = 5
    withheld: float = 0.0

    @property
    def lot(self) -> Lot:
        """What is really held."""
        return lot_of(self.intents, self.signal_id)

    @property
    def exit_side(self) -> OrderSide:
        """The side of orders that end it."""
        return "sell" if self.side > 0 else "buy"

    def of_leg(self, *legs: Leg) -> list[Intent]:
        """Its intents of these legs, the oldest first."""
        own = (one for one in self.intents if one.signal_id == self.signal_id and one.leg in legs)
        return sorted(own, key=lambda one: one.part)


class Place(NamedTuple):
    """Write this intent down and follow its course (see `may_send`)."""

    intent: Intent


class Drop(NamedTuple):
    """Give the order up: `CancelWanted`."""

    client_order_id: str


class CloseNow(NamedTuple):
    """It cannot be protected (any longer): close it at market, for this reason."""

    reason: CloseReason
    words: str


class Alarm(NamedTuple):
    """Tell the user, loudly; go on."""

    words: str


class Gone(NamedTuple):
    """Nothing is held any more but `dust`, and nothing is at the exchange."""

    dust: float


Action = Place | Drop | CloseNow | Alarm | Gone


class _Wish(NamedTuple):
    leg: Leg
    kind: OrderKind
    quantity: float
    price: float | None
    trigger: float


def situation(
    key: SlotKey, state: State, price: float, intents: Sequence[Intent], venue: tuple[MarketLimits, int]
) -> Situation | None:
    """The situation of a slot; None where nothing is planned. `venue` is the market's limits and the time there."""
    plan = plan_of(state)
    if plan is None:
        return None
    holding = getattr(state, "holding", None)
    return Situation(
        key=key,
        signal_id=plan.id,
        side=plan.side,
        stop=holding.stop if holding else plan.price_stop_loss,
        take=holding.take if holding else plan.price_take_profit,
        closing=isinstance(state, Closing),
        price=price,
        intents=tuple(intents),
        limits=venue[0],
        now_ms=venue[1],
    )


def next_actions(now: Situation) -> tuple[Action, ...]:
    """What to do at once, in this order; empty while answers are awaited or all is as it should be."""
    lot = now.lot
    if not lot.complete and not now.limits.contract and _being_told(now):
        # Fees in base currency are not known yet: a stop for more than is there would be refused.
        return ()
    held = lot.quantity if lot.complete or now.limits.contract else lot.quantity * AFTER_FEES
    if not held or is_dust(held, now.price, now.limits):
        return _after_the_end(now, held)
    free = max(held - now.withheld, 0.0)
    closing = _close(now, free) if now.closing and not is_dust(free, now.price, now.limits) else ()
    after = msgspec.structs.replace(now, intents=(*now.intents, *(one.intent for one in placed(closing))))
    return (*_protect(after, free), *closing)


def placed(actions: Iterable[Action]) -> list[Place]:
    """Those of the actions that place orders."""
    return [action for action in actions if isinstance(action, Place)]


def may_send(intent: Intent, now: Situation) -> bool:
    """Whether a prepared order may leave: where orders lock the balance, not before they have let go of enough."""
    if now.limits.protection != "pair" or intent.leg in ENTRY_LEGS:
        return True
    others = (one for one in now.of_leg("pair", "partial", "close") if one is not intent and _at_venue(one))
    locked = sum(_open_quantity(one) for one in others)
    return locked + _open_quantity(intent) <= now.lot.quantity + now.limits.quantity_step * SAME_STEPS


def uncovered(now: Situation) -> float:
    """How much of what is held has no stop that stands at the exchange; 0 where that is too little for one."""
    stops = (one for one in now.of_leg("stop", "pair") if one.standing)
    left = max(now.lot.quantity - sum(map(_open_quantity, stops)), 0.0)
    return 0.0 if is_dust(left, now.price, now.limits) else left


def _after_the_end(now: Situation, dust: float) -> tuple[Action, ...]:
    if any(one.in_flight for one in now.of_leg("entry", "add")):
        # More may still be bought; what there is is too little for an order of its own.
        return ()
    unsent = [one for one in now.of_leg("partial", "close") if one.status == "prepared"]
    drops = _drops((*now.of_leg(*PROTECTIVE_LEGS), *unsent))
    if any(one.in_flight for one in now.intents if one.signal_id == now.signal_id):
        return drops
    return (Gone(dust),)


def _close(now: Situation, held: float) -> tuple[Action, ...]:
    closes = now.of_leg("close")
    if any(one.in_flight for one in (*closes, *now.of_leg("partial"))):
        return ()
    failures = _failures(closes)
    if failures and now.now_ms < (closes[-1].settled_at_ms or 0) + pause_ms(failures):
        return ()
    quantity = safe_quantity(held, "market", now.limits)
    wish = _intent(now, _Wish("close", "market", quantity, None, now.price))
    place = Place(msgspec.structs.replace(wish, kind="close", price_trigger=None))
    words = (
        f"{now.key.symbol}: the close was refused {failures} times: {closes[-1].detail}" if failures else ""
    )
    return (Alarm(words), place) if failures >= now.close_attempts else (place,)


def _protect(now: Situation, held: float) -> tuple[Action, ...]:
    places: list[Action] = []
    drops: list[Action] = []
    for wish in _wishes(now, held):
        for action in _toward(now, wish):
            (drops if isinstance(action, Drop) else places).append(action)
    return (*places, *drops)


def _wishes(now: Situation, held: float) -> list[_Wish]:
    stop, take = safe_price(now.stop, now.exit_side, now.limits), _take(now)
    if now.limits.protection == "separate":
        quantity = safe_quantity(held, "stop", now.limits)
        return [_Wish("stop", "stop", quantity, None, stop), _Wish("target", "target", quantity, None, take)]
    leaving = sum(
        _open_quantity(one) for one in now.of_leg("partial", "close") if _is_leaving(one, now.now_ms)
    )
    left = held - leaving
    if left <= 0 or is_dust(left, now.stop, now.limits):
        return [_Wish("pair", "pair", 0.0, take, stop)]
    return [_Wish("pair", "pair", safe_quantity(left, "stop", now.limits), take, stop)]


def _take(now: Situation) -> float:
    take = safe_price(now.take, now.exit_side, now.limits)
    if now.limits.protection == "separate":
        return take
    live = [one.price for one in now.of_leg("pair") if _live(one)]
    near = within_reach(take, live[-1] if live else None, now.price, now.limits)
    return safe_price(near, now.exit_side, now.limits)


def _toward(now: Situation, wish: _Wish) -> tuple[Action, ...]:
    live = [one for one in now.of_leg(wish.leg) if _live(one) and not one.cancel]
    right = [
        one
        for one in live
        if wish.quantity and _fulfils(one, wish, now) and not (one.doubtful and _harmless_twice(one))
    ]
    standing = [one for one in right if one.standing]
    if standing:
        return _drops(one for one in live if one is not standing[-1])
    if right:
        return ()
    if not wish.quantity or (wish.leg == "pair" and live):
        return _drops(live)
    if wish.leg == "pair" and any(_live(one) for one in now.of_leg("pair")):
        # Its cancelling is under way; until it has let go of the balance nothing else can be placed.
        return ()
    return _place(now, wish)


def _place(now: Situation, wish: _Wish) -> tuple[Action, ...]:
    earlier = now.of_leg(wish.leg)
    failures = _failures(earlier)
    if not failures:
        return (Place(_intent(now, wish)),)
    last = earlier[-1]
    if last.cause == "would_trigger":
        return (CloseNow(_reason(now, wish), f"the price is beyond the {wish.leg}: {last.detail}"),)
    refused = last.status == "refused" and last.cause not in _CANNOT_NOW
    if refused and failures >= REFUSALS_BORNE and wish.leg != "target" and uncovered(now):
        return (CloseNow("stop_loss", f"no {wish.leg} can be placed: {last.detail}"),)
    if failures >= REFUSALS_BORNE and now.now_ms < (last.settled_at_ms or 0) + pause_ms(failures):
        return ()
    again = Place(_intent(now, wish))
    if failures < REFUSALS_BORNE:
        return (again,)
    return (Alarm(f"{now.key.symbol}: the {wish.leg} cannot be placed: {last.detail}"), again)


def _reason(now: Situation, wish: _Wish) -> CloseReason:
    if wish.leg == "target":
        return "take_profit"
    beyond_target = wish.price is not None and (now.price - wish.price) * now.side >= 0
    return "take_profit" if beyond_target else "stop_loss"


def _intent(now: Situation, wish: _Wish) -> Intent:
    part = next_part(now.intents, now.signal_id, wish.leg)
    before = now.of_leg(wish.leg)
    return Intent(
        client_order_id=order_id(now.key, now.signal_id, wish.leg, part),
        signal_id=now.signal_id,
        kind="protect",
        leg=wish.leg,
        part=part,
        symbol=now.key.symbol,
        side=now.exit_side,
        quantity=wish.quantity,
        order=wish.kind,
        price=wish.price,
        price_trigger=wish.trigger,
        reduce_only=now.limits.contract,
        prepared_at_ms=now.now_ms,
        replaces=before[-1].client_order_id if before and before[-1].accepted_at_ms else "",
    )


def _fulfils(intent: Intent, wish: _Wish, now: Situation) -> bool:
    if wish.leg == "pair" and intent.filled_quantity:
        # One half has begun to trade, so the other is gone: what is left has no stop.
        return False
    if (intent.price_trigger, intent.price) != (wish.trigger, wish.price):
        return False
    if abs(_open_quantity(intent) - wish.quantity) <= now.limits.quantity_step * SAME_STEPS:
        return True
    grows = any(one.in_flight for one in now.of_leg("entry", "add"))
    return grows and may_wait(intent, wish.quantity, now.now_ms)


def _failures(intents: Sequence[Intent]) -> int:
    count = 0
    for intent in reversed(intents):
        if intent.status not in ("refused", "absent") and not intent.doubtful:
            break
        count += intent.ending != "dropped"
    return count


def _harmless_twice(intent: Intent) -> bool:
    # A second stop that can only reduce does no harm, and to wait until the first is surely lost does.
    return intent.kind == "protect" and intent.reduce_only


def _drops(intents: Iterable[Intent]) -> tuple[Action, ...]:
    return tuple(Drop(one.client_order_id) for one in intents if _live(one) and not one.cancel)


def _live(intent: Intent) -> bool:
    return intent.in_flight and intent.status != "ended"


def _at_venue(intent: Intent) -> bool:
    return _live(intent) and intent.status != "prepared"


def _is_leaving(intent: Intent, now_ms: int) -> bool:
    # An order that waits for its next try must not keep the position naked meanwhile.
    return _live(intent) and (intent.status != "prepared" or intent.next_at_ms <= now_ms)


def _open_quantity(intent: Intent) -> float:
    return max(intent.quantity - intent.filled_quantity, 0.0)


def _being_told(now: Situation) -> bool:
    return any(
        one.in_flight and one.filled_quantity and now.now_ms < one.next_at_ms + UNTOLD_MS
        for one in now.of_leg("entry", "add")
    )
