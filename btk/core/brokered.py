"""What a real exchange has done becomes the state of a slot: opened, grown, reduced, closed at the prices it was filled at.

Pure and repeatable: it reads the slot's intents, which hold every trade once, and tells only what the state does not
have yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from btk.core import facts, profit
from btk.core import holding as holdings
from btk.core.facts import Exit
from btk.core.holding import Holding, Plan
from btk.core.lot import Executed, Lot, executed, lot_of, together, traded
from btk.core.order_rounding import is_dust
from btk.core.real_exit import real_exit, slippage_cost
from btk.core.rules import Terms
from btk.core.states import IDLE, Add, Closing, Open, Opening, Reduce, Scheduled, State
from btk.model.accounts import MarketLimits
from btk.model.events import ClosedEvent, Event, RejectedEvent
from btk.model.intents import Intent, Leg
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.orders import Fill
from btk.model.trade import CancelReason, Entry

PERCENT = 100.0
SAME_COST = 1e-12
_WHY_CANCELLED: dict[str, CancelReason] = {"cancel": "user", "stop": "stopped", "timeout": "timeout"}


class Scene(NamedTuple):
    """Where and when it is looked at: the tick gone through last, the price shown at it, the rules of the market.

    `fee_prices`: what third currencies that fees are paid in are worth, in the market's quote currency. `withheld`: so much
    of the slot's coins orders of others lock.
    """

    tick_ms: int
    price: float
    limits: MarketLimits
    terms: Terms
    fee_prices: Mapping[str, float] = MappingProxyType({})
    withheld: float = 0.0


class Absorbed(NamedTuple):
    """The state after what its orders have done, the events that tell it, and the orders that are booked with it."""

    state: State
    events: tuple[Event, ...] = ()
    booked: tuple[str, ...] = ()


def absorbed(state: State, intents: Sequence[Intent], scene: Scene) -> Absorbed:
    """What the orders of a slot have made of its state so far."""
    match state:
        case Scheduled(plan) | Opening(plan):
            return _entered(state, plan, intents, scene)
        case Open():
            return _changed(state, intents, scene)
        case Closing(holding):
            return _left(state, holding, intents, scene)
    return Absorbed(state)


def unbooked(order: Reduce | Add, signal_id: str, intents: Sequence[Intent]) -> Intent | None:
    """The order at the exchange that a wish for more or less of a position has become, None while there is none."""
    leg: Leg = "partial" if isinstance(order, Reduce) else "add"
    own = (one for one in _of_leg(intents, signal_id, leg) if not one.booked)
    return next(own, None)


def _entered(state: State, plan: Plan, intents: Sequence[Intent], scene: Scene) -> Absorbed:
    entered = _entry(intents, plan.id)
    if entered.quantity > 0 and entered.price is not None:
        holding = _opened(plan, entered, _first_ms(intents, plan.id, scene), scene.terms)
        told = facts.opened(holding, scene.tick_ms, scene.terms)
        after = _changed(Open(holding), intents, scene)
        return after._replace(events=(told, *after.events))
    entries = _of_leg(intents, plan.id, "entry")
    if not entries or any(entry.in_flight for entry in entries):
        return Absorbed(state)
    last = entries[-1]
    request = state.request if isinstance(state, Scheduled) else None
    if request == "activate" and last.ending in ("cancelled", "dropped"):
        return Absorbed(Opening(plan, scene.tick_ms))
    reason: CancelReason = "order_lost" if last.ending == "lost" else why_cancelled(request)
    note = last.detail if reason in ("rejected", "order_lost") else getattr(state, "note", "")
    return given_up(plan, reason, note, scene)


def why_cancelled(request: str | None) -> CancelReason:
    """The reason for which a waiting entry was cancelled, by what was asked of it."""
    return _WHY_CANCELLED.get(request or "", "rejected")


def given_up(plan: Plan, reason: CancelReason, note: str, scene: Scene) -> Absorbed:
    """A plan that was not opened, and never will be."""
    when = (scene.tick_ms, scene.tick_ms)
    return Absorbed(IDLE, (facts.cancelled(plan, when, scene.price, reason, scene.terms, note=note),))


def _changed(state: Open, intents: Sequence[Intent], scene: Scene) -> Absorbed:
    holding = _grown(state.holding, _entry(intents, state.holding.plan.id))
    orders, told, booked = list(state.orders), list[Event](), list[str]()
    while orders:
        done = unbooked(orders[0], holding.plan.id, intents)
        if done is None or done.in_flight or done.client_order_id in booked:
            break
        holding, event = _ordered(orders.pop(0), holding, done, scene)
        told.append(event)
        booked.append(done.client_order_id)
    same = holding is state.holding and len(orders) == len(state.orders)
    left = _left(state if same else Open(holding, tuple(orders)), holding, intents, scene)
    return Absorbed(left.state, (*told, *left.events), tuple(booked))


def _left(state: State, holding: Holding, intents: Sequence[Intent], scene: Scene) -> Absorbed:
    plan = holding.plan
    end = real_exit(intents, plan.id)
    gone = not end.lot.quantity or is_dust(end.lot.quantity, scene.price, scene.limits)
    waits = any(one.in_flight for one in intents if one.signal_id == plan.id)
    if not gone or waits or not end.lot.left.quantity:
        return Absorbed(state)
    closing = (state.reason, state.note) if isinstance(state, Closing) else ("partial", "")
    reason, note = closing if end.reason is None else (end.reason, "")
    at_ms = floor_to(end.at_ms or scene.tick_ms, MINUTE_MS)
    exit = Exit(end.price or scene.price, at_ms, max(at_ms, scene.tick_ms), reason, note=note)
    return Absorbed(IDLE, (closed_lot(holding, end.lot, exit, scene),))


def vanished(
    state: State, scene: Scene, intents: Sequence[Intent], hands: Sequence[Fill], beyond: float = 0.0
) -> Absorbed:
    """A position that is gone at the exchange, and none of our orders did it: somebody else's hand.

    Where the trades of others are as large as our lot, and what they hold `beyond` it, they are how it ended, else its
    price is a guess.
    """
    if not isinstance(state, Open | Closing):
        return Absorbed(state)
    lot = lot_of(intents, state.holding.plan.id)
    left = traded(hands)
    if left.price is None or abs(left.quantity - lot.quantity - abs(beyond)) > scene.limits.quantity_step:
        note = "gone at the exchange; the price is a guess"
        exit = Exit(scene.price, scene.tick_ms, scene.tick_ms, "external", note=note)
        return Absorbed(IDLE, (facts.closed(state.holding, exit, scene.terms),))
    at_ms = floor_to(max(fill.at_ms for fill in hands), MINUTE_MS)
    exit = Exit(left.price, at_ms, max(at_ms, scene.tick_ms), "external")
    ours = left.share(lot.quantity / left.quantity) if beyond else left
    whole = msgspec.structs.replace(lot, left=together((lot.left, ours)))
    return Absorbed(IDLE, (closed_lot(state.holding, whole, exit, scene),))


def crumbled(state: Open | Closing, intents: Sequence[Intent], scene: Scene) -> Absorbed:
    """So little of an entry was filled that it cannot be sold: the position is over, and what there is stays."""
    lot = lot_of(intents, state.holding.plan.id)
    words = f"{lot.quantity:g} {scene.limits.base} are too little to be sold: they stay in the account"
    reason = state.reason if isinstance(state, Closing) else "partial"
    exit = Exit(scene.price, scene.tick_ms, scene.tick_ms, reason, note=words)
    return Absorbed(IDLE, (closed_lot(state.holding, lot, exit, scene),))


def _opened(plan: Plan, entered: Executed, at_ms: int, terms: Terms) -> Holding:
    assert entered.price is not None
    bought = msgspec.structs.replace(plan, cost=entered.cost)
    return holdings.opened(bought, entered.price, floor_to(at_ms, MINUTE_MS), terms.rules)


def _grown(holding: Holding, entered: Executed) -> Holding:
    """More of the entry was filled since."""
    first = holding.entries[0]
    if entered.price is None or entered.cost <= first.cost * (1 + SAME_COST):
        return holding
    entries = (Entry(entered.price, entered.cost, first.at_ms), *holding.entries[1:])
    return msgspec.structs.replace(
        holding,
        plan=msgspec.structs.replace(holding.plan, cost=entered.cost),
        entries=entries,
        price_open=profit.effective_price(entries, holding.partials),
    )


def _ordered(order: Reduce | Add, holding: Holding, done: Intent, scene: Scene) -> tuple[Holding, Event]:
    did = executed(done)
    if did.price is None:
        return holding, refused(order, done.detail, scene)
    at_ms = floor_to(done.settled_at_ms or scene.tick_ms, MINUTE_MS)
    if isinstance(order, Reduce):
        share = min(PERCENT, did.quantity * holding.price_open / holding.remaining * PERCENT)
        holding = holdings.reduced(holding, order.kind, share, did.price, at_ms)
        return holding, facts.partial_closed(holding, scene.tick_ms, scene.terms)
    holding = holdings.averaged(holding, did.price, did.cost, at_ms)
    return holding, facts.averaged(holding, scene.tick_ms, scene.terms)


def refused(order: Reduce | Add, why: str, scene: Scene) -> RejectedEvent:
    """An order for more or less of a position that the exchange did not take."""
    return RejectedEvent(
        at_ms=scene.tick_ms,
        tick_ms=scene.tick_ms,
        symbol=scene.terms.symbol,
        strategy=scene.terms.strategy,
        id="",
        reason="exchange",
        detail=f"{'partial close' if isinstance(order, Reduce) else 'average buy'}: {why}",
        count=1,
    )


def closed_lot(holding: Holding, lot: Lot, exit: Exit, scene: Scene) -> ClosedEvent:
    """The trade with what was really paid: fills and fees of the exchange, slippage against the prices that were meant."""
    event = facts.closed(holding, exit, scene.terms)
    trade, third = event.trade, together((lot.entered, lot.left)).fees_other
    priced = sum(amount * scene.fee_prices.get(currency, 0.0) for currency, amount in third.items())
    unpriced = ", ".join(sorted(third.keys() - scene.fee_prices.keys()))
    note = f"{trade.note}; fees in {unpriced} are not in it" if unpriced else trade.note
    pnl = lot.profit(holding.side) - priced
    real = msgspec.structs.replace(
        trade,
        cost=lot.entered.cost,
        pnl_cost=pnl,
        pnl_pct=pnl / lot.entered.cost * PERCENT,
        fee_cost=lot.entered.fee_cost + lot.left.fee_cost + priced,
        slippage_cost=_slippage(holding, lot, exit),
        note=note.removeprefix("; "),
    )
    return msgspec.structs.replace(event, pnl_pct=real.pnl_pct, pnl_cost=real.pnl_cost, trade=real)


def _slippage(holding: Holding, lot: Lot, exit: Exit) -> float:
    plan, first = holding.plan, holding.entries[0]
    meant = plan.price_open if plan.resting else plan.price
    paid = slippage_cost(first.price, meant, first.cost / first.price, plan.side)
    level = {"stop_loss": holding.stop, "take_profit": holding.take}.get(exit.reason, exit.price)
    return paid + slippage_cost(exit.price, level, lot.left.quantity, -plan.side)


def _of_leg(intents: Sequence[Intent], signal_id: str, leg: Leg) -> list[Intent]:
    own = (one for one in intents if one.signal_id == signal_id and one.leg == leg)
    return sorted(own, key=lambda one: one.part)


def _entry(intents: Sequence[Intent], signal_id: str) -> Executed:
    return lot_of(_of_leg(intents, signal_id, "entry"), signal_id).entered


def _first_ms(intents: Sequence[Intent], signal_id: str, scene: Scene) -> int:
    times = [fill.at_ms for one in _of_leg(intents, signal_id, "entry") for fill in one.fills]
    return min(times, default=scene.tick_ms)
