"""Intents: orders that are wanted at an exchange, written down before they leave and until their outcome is known."""

from __future__ import annotations

from typing import Literal

import msgspec

IntentKind = Literal["open", "place", "cancel", "close", "reduce", "add", "protect"]
Leg = Literal["entry", "stop", "target", "add", "partial", "close"]
IntentStatus = Literal["prepared", "sent", "accepted", "partial", "filled", "refused", "unknown", "done"]

SETTLED: frozenset[IntentStatus] = frozenset({"filled", "refused", "done"})


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One order. `quantity` in the base currency, prices in quote currency, None: at market, no trigger.

    `client_order_id` is derived from the signal, the leg and the part, never used for another intent. `replaces` is
    the protective order that is cancelled once this one stands; `detail` the last words of the exchange.
    """

    client_order_id: str
    signal_id: str
    kind: IntentKind
    leg: Leg
    part: int = 0
    side: Literal["buy", "sell"]
    quantity: float
    price: float | None = None
    price_trigger: float | None = None
    reduce_only: bool = False
    status: IntentStatus = "prepared"
    attempts: int = 0
    prepared_at_ms: int
    sent_at_ms: int | None = None
    order_id: str = ""
    filled_quantity: float = 0.0
    filled_cost: float = 0.0
    fee_cost: float = 0.0
    replaces: str = ""
    detail: str = ""

    @property
    def in_flight(self) -> bool:
        """Whether the exchange has to be asked about it after a restart."""
        return self.status not in SETTLED
