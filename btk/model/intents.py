"""Intents: orders that are wanted at an exchange, written down before they leave and until their outcome is known."""

from __future__ import annotations

from typing import Literal

import msgspec

from btk.model.orders import Fill, OrderKind, OrderRequest, OrderSide, RefusalCause

IntentKind = Literal["open", "place", "close", "reduce", "add", "protect"]
Leg = Literal["entry", "stop", "target", "pair", "add", "partial", "close"]
IntentStatus = Literal[
    "prepared", "sent", "unknown", "accepted", "partial", "ended", "done", "refused", "absent"
]
Ending = Literal["", "filled", "cancelled", "expired", "lost", "dropped"]

SETTLED: frozenset[IntentStatus] = frozenset({"done", "refused", "absent"})
ENTRY_LEGS: frozenset[Leg] = frozenset({"entry", "add"})
PROTECTIVE_LEGS: frozenset[Leg] = frozenset({"stop", "target", "pair"})


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One order. `quantity` in the base currency, prices in quote currency, None: at market, no trigger.

    `client_order_id` is derived from the signal, the leg and the part, never used for another intent. Times are the
    exchange's, in milliseconds: `sure_at_ms` is when an absence becomes true, before `next_at_ms` nothing is tried again.
    `tries` counts what was in vain since, `misses` how often the exchange did not know it. `replaces` is the protective
    order it renewed; `ending` is how the order ended, `cause` and `detail` why it was refused. `filled_*` are the
    exchange's sums, `fills` the trades they are made of, each once. `booked`: what it did is in the slot's state.
    """

    client_order_id: str
    signal_id: str
    kind: IntentKind
    leg: Leg
    part: int = 0
    symbol: str = ""
    side: OrderSide
    quantity: float
    order: OrderKind = "market"
    price: float | None = None
    price_trigger: float | None = None
    reduce_only: bool = False
    status: IntentStatus = "prepared"
    cancel: Literal["", "wanted", "asked"] = ""
    ending: Ending = ""
    attempts: int = 0
    tries: int = 0
    misses: int = 0
    resynced: bool = False
    turned_up: bool = False
    prepared_at_ms: int
    sent_at_ms: int | None = None
    sure_at_ms: int | None = None
    next_at_ms: int = 0
    accepted_at_ms: int | None = None
    settled_at_ms: int | None = None
    order_id: str = ""
    trade_order_ids: tuple[str, ...] = ()
    filled_quantity: float = 0.0
    filled_cost: float = 0.0
    filled_half: Literal["", "stop", "target"] = ""
    fills: tuple[Fill, ...] = ()
    replaces: str = ""
    booked: bool = False
    cause: RefusalCause = "other"
    detail: str = ""

    @property
    def in_flight(self) -> bool:
        """Whether the exchange has to be asked about it after a restart."""
        return self.status not in SETTLED

    @property
    def doubtful(self) -> bool:
        """Whether it is probably not there, which nobody can be sure of yet."""
        return self.status == "unknown" and self.misses > 0

    @property
    def standing(self) -> bool:
        """Whether the exchange is known to hold it open."""
        return self.status in ("accepted", "partial")

    def owns(self, fill: Fill) -> bool:
        """Whether a trade is one of this order."""
        return fill.order_id != "" and fill.order_id in (self.order_id, *self.trade_order_ids)

    @property
    def request(self) -> OrderRequest:
        """What is sent for it, the same every time."""
        return OrderRequest(
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=self.side,
            kind=self.order,
            quantity=self.quantity,
            price=self.price,
            price_trigger=self.price_trigger,
            reduce_only=self.reduce_only,
        )
