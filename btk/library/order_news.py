"""What listeners are told of orders at an exchange: every step of each of them, once it is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from btk.model.intents import Intent
from btk.model.told import OrderAction, OrderTold, SignalRow


class OrderSteps:
    """Remembers how far every order has come."""

    def __init__(self, intents: Sequence[Intent] = ()) -> None:
        self._known = {intent.client_order_id: intent for intent in intents}

    def after(self, intents: Sequence[Intent]) -> Iterator[tuple[Intent, bool]]:
        """The orders that have come farther, and whether more of them is filled than before."""
        for intent in intents:
            before = self._known.get(intent.client_order_id)
            filled = intent.filled_quantity > (before.filled_quantity if before else 0.0)
            if before is None or filled or action_of(intent) != action_of(before):
                yield intent, filled
            self._known[intent.client_order_id] = intent


def action_of(intent: Intent) -> OrderAction:
    """How far an order has come: how it ended, once it has."""
    return intent.ending if intent.status in ("ended", "done") and intent.ending else intent.status


def order_told(
    intent: Intent, whose: Mapping[str, Any], signal: SignalRow | None, gap_ms: int | None
) -> OrderTold:
    """What is told of an order; `gap_ms` is the time without a stop that it ended."""
    filled = intent.filled_quantity
    return OrderTold(
        **whose,
        action=action_of(intent),
        client_order_id=intent.client_order_id,
        order_id=intent.order_id,
        signal_id=intent.signal_id,
        signal=signal if signal is not None and signal.id == intent.signal_id else None,
        leg=intent.leg,
        side=intent.side,
        quantity=intent.quantity,
        price=intent.price,
        price_trigger=intent.price_trigger,
        filled_quantity=filled,
        filled_price=intent.filled_cost / filled if filled else None,
        naked_ms=gap_ms,
        message=intent.detail,
    )
