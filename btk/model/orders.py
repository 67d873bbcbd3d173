"""Orders in our words: what an exchange is asked for, what it answers, and what it says when it is asked about one."""

from __future__ import annotations

from typing import Literal

import msgspec

OrderSide = Literal["buy", "sell"]
OrderKind = Literal["market", "limit", "stop", "target", "pair"]
OrderStatus = Literal["open", "partial", "filled", "cancelled", "rejected", "expired"]
RefusalCause = Literal[
    "other",
    "balance",
    "clock",
    "duplicate",
    "filter",
    "halted",
    "key",
    "nothing_to_reduce",
    "too_many",
    "would_trigger",
]
TRIGGERED: frozenset[OrderKind] = frozenset({"stop", "target"})
"""What some venues keep in another drawer, and have to be asked about there."""

RECV_WINDOW_MS = 5_000
"""How late a signed request may arrive. Source: Binance, request security; the venue refuses later ones."""


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One order to be sent; `symbol` in its file form, quantity in base and prices in quote currency, rounded.

    A `stop` and a `target` become market orders at `price_trigger`. A `pair` is both, of which one happens: a limit at
    `price` and a market order at `price_trigger`.
    """

    client_order_id: str
    symbol: str
    side: OrderSide
    kind: OrderKind
    quantity: float
    price: float | None = None
    price_trigger: float | None = None
    reduce_only: bool = False


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One trade at the exchange. `trade_id` is unique for its symbol; a fee in a third currency is `fee_other`."""

    trade_id: str
    order_id: str
    price: float
    quantity: float
    fee_quote: float = 0.0
    fee_base: float = 0.0
    fee_other: float = 0.0
    fee_currency: str = ""
    at_ms: int


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the exchange shows it; `cost` is what was filled, in quote currency.

    `trigger`: it is kept in the drawer of conditional orders. `trade_order_ids` are the order ids that its trades carry,
    which are others than its own for pairs and for what was triggered; `filled_half` is the half of a pair that happened.
    """

    client_order_id: str
    order_id: str
    symbol: str
    side: OrderSide
    kind: OrderKind
    status: OrderStatus
    quantity: float
    filled: float = 0.0
    average_price: float | None = None
    cost: float = 0.0
    price: float | None = None
    price_trigger: float | None = None
    reduce_only: bool = False
    trigger: bool = False
    trade_order_ids: tuple[str, ...] = ()
    filled_half: Literal["", "stop", "target"] = ""
    fills: tuple[Fill, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status not in ("open", "partial")


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """It exists at the exchange: its id and ours came back."""

    order: VenueOrder


class RefusedOrder(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """It certainly does not exist: the exchange's `code` is on the list of proofs, or nothing was sent (`code` is empty).

    `transient`: the same request may succeed later, after `wait_ms` where that is known; `resync_clock`: measure the
    exchange's clock before that.
    """

    code: str
    words: str
    cause: RefusalCause = "other"
    transient: bool = False
    wait_ms: int = 0
    resync_clock: bool = False

    @property
    def nothing_was_sent(self) -> bool:
        """Whether no request has left this machine."""
        return not self.code


class UnknownOutcome(msgspec.Struct, frozen=True, tag="unknown"):
    """It may or may not have happened: ask."""

    words: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The exchange knows it."""

    order: VenueOrder


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """The exchange says there is none: true once a lost request can no longer arrive."""


Answer = Accepted | RefusedOrder | UnknownOutcome
LookUp = Found | Absent | UnknownOutcome
