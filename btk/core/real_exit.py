"""The real exit: by which order a position ended, at what price, and what it really earned."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from btk.core.lot import Lot, executed, lot_of
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.trade import CloseReason


class RealExit(msgspec.Struct, frozen=True, kw_only=True):
    """How the orders of a signal ended its position. `reason` None: a close of ours, whose reason the slot knows.

    `price` is the average of the last order that took something out; None where another hand did.
    """

    reason: CloseReason | None
    price: float | None
    at_ms: int | None
    lot: Lot


def real_exit(intents: Iterable[Intent], signal_id: str) -> RealExit:
    """The exit of a position that is gone."""
    own = [intent for intent in intents if intent.signal_id == signal_id]
    lot = lot_of(own, signal_id)
    exits = [intent for intent in own if intent.leg not in ENTRY_LEGS and intent.filled_quantity]
    if not exits:
        return RealExit(reason="external", price=None, at_ms=None, lot=lot)
    last = max(exits, key=_ended_at_ms)
    return RealExit(reason=_reason(last), price=executed(last).price, at_ms=_ended_at_ms(last), lot=lot)


def slippage_cost(real_price: float, model_price: float, quantity: float, side: int) -> float:
    """What a fill cost against the model's price, in quote currency; `side` +1 bought, -1 sold; below 0 it was better."""
    return (real_price - model_price) * quantity * side


def _reason(intent: Intent) -> CloseReason | None:
    match intent.leg, intent.filled_half:
        case ("stop", _) | ("pair", "stop"):
            return "stop_loss"
        case ("target", _) | ("pair", "target"):
            return "take_profit"
    return None


def _ended_at_ms(intent: Intent) -> int:
    if intent.fills:
        return max(fill.at_ms for fill in intent.fills)
    return intent.settled_at_ms or intent.prepared_at_ms
