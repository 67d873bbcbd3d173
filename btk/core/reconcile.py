"""Reconciliation: our records of one market held against what the exchange shows, before anything is traded on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from btk.core.lot import lot_of
from btk.core.order_course import LookedUp, OrderEvent, Traded
from btk.core.order_ids import is_ours
from btk.model.accounts import Balance, MarketLimits, VenuePosition
from btk.model.intents import Intent
from btk.model.names import SlotKey
from btk.model.orders import Fill, Found, VenueOrder

Verdict = Literal["same", "handle", "mismatch", "foreign"]
Cause = Literal["order", "fill", "gone", "turned", "smaller", "larger", "unknown_order", "foreign_order"]


class OurSlot(msgspec.Struct, frozen=True, kw_only=True):
    """What one slot believes: its intents, and the signal it holds or waits with; `side` +1 or -1."""

    key: SlotKey
    signal_id: str = ""
    side: int = 0
    intents: tuple[Intent, ...] = ()

    @property
    def quantity(self) -> float:
        """What it holds, negative for short."""
        return self.side * lot_of(self.intents, self.signal_id).quantity if self.signal_id else 0.0


class Theirs(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a market at the exchange: `position` of contracts, else `balance` of the base currency."""

    open_orders: tuple[VenueOrder, ...] = ()
    position: VenuePosition | None = None
    balance: Balance | None = None
    fills: tuple[Fill, ...] = ()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: what it is about, what we have, what they have, and the command that settles it."""

    verdict: Verdict
    cause: Cause
    symbol: str
    slot: str = ""
    ours: str = "-"
    theirs: str = "-"
    remedy: str = ""


class Adoption(NamedTuple):
    """An event that brings one of our intents up to what the exchange shows."""

    slot: SlotKey
    client_order_id: str
    event: OrderEvent


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from one reading. Follow the adoptions; with any mismatch nothing may be traded.

    `beyond` is what others hold of a contract now, beyond what closed our position; signed.
    """

    rows: tuple[Row, ...]
    adoptions: tuple[Adoption, ...]
    beyond: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of what we hold: it is gone, or the other way round."""
        return any(row.cause in ("gone", "turned") for row in self.rows)

    @property
    def mismatches(self) -> tuple[Row, ...]:
        """What a person has to settle."""
        return tuple(row for row in self.rows if row.verdict == "mismatch")


def compare(slots: Iterable[OurSlot], theirs: Theirs, limits: MarketLimits, at_ms: int) -> Picture:
    """What our slots on one market and one reading of it say about each other."""
    slots = list(slots)
    adoptions = [*_shown(slots, theirs, at_ms), *_traded(slots, theirs, at_ms)]
    rows = [*_orders(slots, theirs, limits), *_holdings(slots, theirs, limits)]
    turned = theirs.position if any(row.cause == "turned" for row in rows) else None
    beyond = turned.quantity if turned else 0.0
    return Picture(rows=tuple(rows), adoptions=tuple(adoptions), beyond=beyond)


def _shown(slots: list[OurSlot], theirs: Theirs, at_ms: int) -> Iterator[Adoption]:
    for order in theirs.open_orders:
        for slot, intent in _owners(slots):
            if intent.client_order_id == order.client_order_id:
                yield Adoption(slot.key, intent.client_order_id, LookedUp(Found(order), at_ms))


def _traded(slots: list[OurSlot], theirs: Theirs, at_ms: int) -> Iterator[Adoption]:
    for slot, intent in _owners(slots):
        told = {fill.trade_id for fill in intent.fills}
        new = tuple(fill for fill in theirs.fills if intent.owns(fill) and fill.trade_id not in told)
        if new:
            yield Adoption(slot.key, intent.client_order_id, Traded(new, at_ms))


def _orders(slots: list[OurSlot], theirs: Theirs, limits: MarketLimits) -> Iterator[Row]:
    known = {intent.client_order_id: (slot, intent) for slot, intent in _owners(slots)}
    for order in theirs.open_orders:
        owner = known.get(order.client_order_id)
        if owner is not None:
            yield _known_order(*owner, order)
        elif is_ours(order.client_order_id):
            yield _row("mismatch", "unknown_order", limits, theirs=_said(order), remedy=_remedy(limits, ()))
        else:
            yield _row("foreign", "foreign_order", limits, theirs=_said(order))


def _known_order(slot: OurSlot, intent: Intent, order: VenueOrder) -> Row:
    return Row(
        verdict="same" if intent.standing else "handle",
        cause="order",
        symbol=slot.key.symbol,
        slot=str(slot.key),
        ours=f"{intent.leg} {intent.status}",
        theirs=_said(order),
    )


def _holdings(slots: list[OurSlot], theirs: Theirs, limits: MarketLimits) -> Iterator[Row]:
    ours = sum(slot.quantity for slot in slots)
    held = _held(theirs, limits, ours)
    if held is None or abs(held - ours) < limits.quantity_step * (0.5 if limits.contract else 1.0):
        return
    holders = [slot.key for slot in slots if slot.quantity]
    owners = ", ".join(map(str, holders))
    if ours and abs(held) < limits.quantity_step / 2:
        # Not a mismatch: a position that is gone is a position that somebody closed.
        yield _row("handle", "gone", limits, slot=owners, ours=f"{ours:g}", theirs="0")
        return
    # An account has one position of a contract: where it is the other way round, somebody has closed ours and gone on.
    same_way: Cause = "smaller" if abs(held) < abs(ours) else "larger"
    cause = "turned" if held * ours < 0 else same_way
    yield _row(
        "mismatch",
        cause,
        limits,
        slot=owners,
        ours=f"{ours:g}",
        theirs=f"{held:g}",
        remedy=_remedy(limits, holders),
    )


def _held(theirs: Theirs, limits: MarketLimits, ours: float) -> float | None:
    if limits.contract:
        return theirs.position.quantity if theirs.position else None
    if theirs.balance is None:
        return None
    # What lies in a spot account beside our lots is somebody's own business.
    return min(theirs.balance.total, ours)


def _owners(slots: list[OurSlot]) -> Iterator[tuple[OurSlot, Intent]]:
    for slot in slots:
        for intent in slot.intents:
            yield slot, intent


def _said(order: VenueOrder) -> str:
    at = order.price_trigger or order.price
    return f"{order.side} {order.quantity:g} {order.kind}{f' at {at:g}' if at else ''} ({order.order_id})"


def _remedy(limits: MarketLimits, holders: Iterable[SlotKey]) -> str:
    # There is nothing to forget where nothing is remembered.
    forget = (
        f"btk state forget --symbols {key.symbol} --strategy {key.strategy} --mode live" for key in holders
    )
    adopt = f"btk state adopt --symbols {limits.symbol}"
    return " | ".join((adopt, "btk live --on-mismatch flatten", *dict.fromkeys(forget)))


def _row(
    verdict: Verdict,
    cause: Cause,
    limits: MarketLimits,
    *,
    slot: str = "",
    ours: str = "-",
    theirs: str = "-",
    remedy: str = "",
) -> Row:
    return Row(
        verdict=verdict,
        cause=cause,
        symbol=limits.symbol,
        slot=slot,
        ours=ours,
        theirs=theirs,
        remedy=remedy,
    )
