"""Withheld: what orders of others lock of spot positions. So much can neither be protected nor sold until they let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from btk.core.adoption import Held, lacks_balance
from btk.core.lot import lot_of
from btk.model.accounts import Balance, MarketLimits
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.names import SlotKey


def withheld(
    slots: Sequence[Held], balance: Balance, before: Mapping[SlotKey, float], limits: MarketLimits
) -> Mapping[SlotKey, float]:
    """How much of each slot's lot an order of others locks; slots of one market, `before` is what was found last.

    It is looked for once an order of a slot was refused for want of balance. While one of ours is on its way nothing can
    be told: what it locks is not known to be ours yet.
    """
    exits = {slot.key: list(_exits(slot)) for slot in slots}
    ours = [one for each in exits.values() for one in each]
    if any(one.status in ("sent", "unknown", "ended") and one.cause != "balance" for one in ours):
        return before
    foreign, found = balance.locked - _locked(ours), dict[SlotKey, float]()
    for slot in slots:
        if slot.plan is None or not (slot.key in before or lacks_balance(slot)):
            continue
        lot = lot_of(slot.intents, slot.plan.id).quantity
        missing = min(lot - _locked(exits[slot.key]) - balance.free, foreign)
        if missing >= limits.quantity_step:
            found[slot.key] = missing
    return found


def _exits(slot: Held) -> Iterator[Intent]:
    return (one for one in slot.intents if one.in_flight and one.leg not in ENTRY_LEGS)


def _locked(exits: Sequence[Intent]) -> float:
    return sum(one.quantity - one.filled_quantity for one in exits if one.standing)
