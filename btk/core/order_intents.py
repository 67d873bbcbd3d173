"""Intents made of plans: entries, additions and partial closes, sized and rounded as the market takes them."""

from __future__ import annotations

from typing import NamedTuple

from btk.core.holding import Plan
from btk.core.order_ids import next_part, order_id
from btk.core.order_rounding import entry_problem, part_problem, safe_price, safe_quantity, too_large
from btk.core.price_bands import too_far
from btk.core.protection import Situation
from btk.model.accounts import MarketLimits
from btk.model.intents import Intent, IntentKind, Leg
from btk.model.names import SlotKey
from btk.model.orders import OrderKind, OrderSide


class Unfit(NamedTuple):
    """Why the market would not take it."""

    words: str


def entry_side(side: int) -> OrderSide:
    """The side of orders that open; `side` is +1 long, -1 short."""
    return "buy" if side > 0 else "sell"


def entry_intent(key: SlotKey, plan: Plan, limits: MarketLimits, price: float, now_ms: int) -> Intent | Unfit:
    """The order that opens a plan: a limit where it waits for its price, else at market at about `price`."""
    side = entry_side(plan.side)
    out_of_band = _out_of_band(plan, price, limits)
    if plan.resting:
        price = safe_price(plan.price_open, side, limits)
    kind: IntentKind = "place" if plan.resting else "open"
    order: OrderKind = "limit" if plan.resting else "market"
    quantity = safe_quantity(plan.cost / price, order, limits)
    problem = too_large(plan.cost / price, limits) or entry_problem(
        quantity, price, plan.price_stop_loss, limits
    )
    if problem or out_of_band:
        return Unfit(problem or out_of_band)
    return Intent(
        client_order_id=order_id(key, plan.id, "entry"),
        signal_id=plan.id,
        kind=kind,
        leg="entry",
        symbol=key.symbol,
        side=side,
        quantity=quantity,
        order=order,
        price=price if plan.resting else None,
        prepared_at_ms=now_ms,
    )


def addition_intent(now: Situation, cost: float) -> Intent | Unfit:
    """A market order that buys into the position again for `cost`."""
    quantity = safe_quantity(cost / now.price, "market", now.limits)
    problem = too_large(now.lot.quantity + cost / now.price, now.limits) or entry_problem(
        quantity, now.price, now.stop, now.limits
    )
    return Unfit(problem) if problem else _market(now, "add", "add", entry_side(now.side), quantity)


def reduction_intent(now: Situation, pct: float) -> Intent | Unfit:
    """A market order that closes `pct` percent of what is really held."""
    held = now.lot.quantity
    part = safe_quantity(held * pct / 100, "market", now.limits)
    problem = part_problem(held, part, now.price, now.limits)
    return Unfit(problem) if problem else _market(now, "reduce", "partial", now.exit_side, part)


def _out_of_band(plan: Plan, price: float, limits: MarketLimits) -> str:
    entry = plan.price_open if plan.resting else price
    problem = too_far("entry", entry, entry_side(plan.side), price, limits)
    if problem or limits.protection != "pair":
        return problem
    # Its target is a limit order, sent when the price is that of the entry.
    return too_far("target", plan.price_take_profit, entry_side(-plan.side), entry, limits)


def _market(now: Situation, kind: IntentKind, leg: Leg, side: OrderSide, quantity: float) -> Intent:
    part = next_part(now.intents, now.signal_id, leg)
    return Intent(
        client_order_id=order_id(now.key, now.signal_id, leg, part),
        signal_id=now.signal_id,
        kind=kind,
        leg=leg,
        part=part,
        symbol=now.key.symbol,
        side=side,
        quantity=quantity,
        reduce_only=kind == "reduce" and now.limits.contract,
        prepared_at_ms=now.now_ms,
    )
