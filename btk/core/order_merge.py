"""What an exchange tells of an order, merged into its intent: never backwards, and every trade once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from btk.model.intents import Ending, Intent
from btk.model.orders import Fill, OrderStatus, VenueOrder

SAME_QUANTITY = 1e-9
FILL_TRIES = 5
_ENDINGS: Mapping[OrderStatus, Ending] = {
    "filled": "filled",
    "cancelled": "cancelled",
    "expired": "expired",
    "rejected": "expired",
}


def merged(intent: Intent, order: VenueOrder, at_ms: int) -> Intent:
    """The intent after the exchange has shown the order, perhaps an older view of it than the last."""
    intent = _summed(_noted(intent, order, at_ms), order)
    if intent.status in ("ended", "done") and intent.ending != "lost":
        return _completed(intent, at_ms)
    if not order.ended:
        return _standing(intent, at_ms)
    if order.status == "rejected" and not intent.filled_quantity:
        return msgspec.structs.replace(intent, status="refused", settled_at_ms=at_ms)
    ended = msgspec.structs.replace(
        intent, status="ended", ending=_ENDINGS[order.status], next_at_ms=at_ms, tries=0
    )
    return _completed(ended, at_ms)


def with_fills(intent: Intent, fills: Iterable[Fill], at_ms: int) -> Intent:
    """The intent after trades of it were told; an order that has traded exists, whatever was believed of it."""
    known = {fill.trade_id for fill in intent.fills}
    new = {fill.trade_id: fill for fill in fills if fill.trade_id not in known}
    if not new:
        return _read_in_vain(intent, at_ms)
    together = tuple(sorted((*intent.fills, *new.values()), key=lambda fill: (fill.at_ms, fill.trade_id)))
    quantity = sum(fill.quantity for fill in together)
    cost = sum(fill.quantity * fill.price for fill in together)
    more = quantity > intent.filled_quantity
    intent = msgspec.structs.replace(
        intent,
        fills=together,
        filled_quantity=quantity if more else intent.filled_quantity,
        filled_cost=cost if more else intent.filled_cost,
    )
    return _completed(intent, at_ms) if intent.status in ("ended", "done") else _traded(intent, at_ms)


def all_told(intent: Intent) -> bool:
    """Whether the trades that are known make up what was filled."""
    told = sum(fill.quantity for fill in intent.fills)
    return told >= intent.filled_quantity * (1 - SAME_QUANTITY)


def _noted(intent: Intent, order: VenueOrder, at_ms: int) -> Intent:
    ids = dict.fromkeys((*intent.trade_order_ids, *order.trade_order_ids))
    surprise = intent.status in ("absent", "refused") or intent.ending == "lost"
    return msgspec.structs.replace(
        intent,
        order_id=order.order_id or intent.order_id,
        trade_order_ids=tuple(ids),
        accepted_at_ms=at_ms if intent.accepted_at_ms is None else intent.accepted_at_ms,
        turned_up=intent.turned_up or surprise,
        filled_half=order.filled_half or intent.filled_half,
    )


def _summed(intent: Intent, order: VenueOrder) -> Intent:
    known = {fill.trade_id for fill in intent.fills}
    fills = (*intent.fills, *(fill for fill in order.fills if fill.trade_id not in known))
    newer = order.filled >= intent.filled_quantity
    return msgspec.structs.replace(
        intent,
        fills=fills,
        filled_quantity=order.filled if newer else intent.filled_quantity,
        filled_cost=(order.cost or intent.filled_cost) if newer else intent.filled_cost,
    )


def _standing(intent: Intent, at_ms: int) -> Intent:
    status = "partial" if intent.filled_quantity else "accepted"
    if intent.cancel == "asked":
        return msgspec.structs.replace(
            intent, status=status, cancel="wanted", tries=intent.tries + 1, next_at_ms=at_ms + 1000
        )
    next_at_ms = intent.next_at_ms if all_told(intent) else at_ms
    return msgspec.structs.replace(intent, status=status, tries=0, settled_at_ms=None, next_at_ms=next_at_ms)


def _traded(intent: Intent, at_ms: int) -> Intent:
    surprise = intent.status in ("absent", "refused")
    return msgspec.structs.replace(
        intent, status="partial", turned_up=intent.turned_up or surprise, tries=1, next_at_ms=at_ms
    )


def _completed(intent: Intent, at_ms: int) -> Intent:
    if not all_told(intent):
        return msgspec.structs.replace(intent, status="ended", settled_at_ms=None)
    settled_at_ms = at_ms if intent.settled_at_ms is None else intent.settled_at_ms
    return msgspec.structs.replace(intent, status="done", settled_at_ms=settled_at_ms)


def _read_in_vain(intent: Intent, at_ms: int) -> Intent:
    if all_told(intent) or not intent.in_flight:
        return intent
    tries = intent.tries + 1
    if tries < FILL_TRIES or intent.status != "ended":
        return msgspec.structs.replace(intent, tries=tries, next_at_ms=at_ms + 1000 * min(tries, FILL_TRIES))
    return msgspec.structs.replace(
        intent, status="done", settled_at_ms=at_ms, detail="the exchange never told all of its trades"
    )
