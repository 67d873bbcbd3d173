"""The nouns of a venue that trades: what is listed, ordered, filled and held."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Side = Literal["BUY", "SELL"]
Owner = Literal["client", "hand"]
ZERO = Decimal(0)

LIMIT_KINDS = frozenset(
    {"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT", "STOP", "TAKE_PROFIT"}
)
STOP_KINDS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "STOP_MARKET", "STOP"})
OPEN_STATES = frozenset({"NEW", "PARTIALLY_FILLED"})


class Refusal(Exception):
    """The venue says no, with its code: nothing was changed, but for what `data` tells."""

    def __init__(self, code: int, message: str, status: int = 400, data: Any = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.data = data


@dataclass(frozen=True, slots=True)
class Filters:
    """What a price and a quantity may be."""

    tick: Decimal = Decimal("0.01")
    lowest_price: Decimal = Decimal("0.01")
    highest_price: Decimal = Decimal(1_000_000)
    step: Decimal = Decimal("0.00001")
    smallest: Decimal = Decimal("0.00001")
    largest: Decimal = Decimal(9_000)
    market_largest: Decimal = Decimal(100)
    smallest_notional: Decimal = Decimal(5)
    most_orders: int = 200
    most_algo_orders: int = 5
    # How far from the price an order may be, as multiples of it.
    band: tuple[Decimal, Decimal] | None = None


@dataclass(slots=True)
class Listing:
    """A symbol; `liquidity` is what the next takers find, None for enough."""

    symbol: str
    base: str
    price: Decimal
    quote: str = "USDT"
    spread: Decimal = ZERO
    filters: Filters = Filters()
    status: str = "TRADING"
    liquidity: Decimal | None = None

    @property
    def ask(self) -> Decimal:
        return self.price + self.spread / 2

    @property
    def bid(self) -> Decimal:
        return self.price - self.spread / 2

    def taken_at(self, side: Side) -> Decimal:
        """The price that a taker of this side gets."""
        return self.ask if side == "BUY" else self.bid

    def left(self, wanted: Decimal) -> Decimal:
        """How much of that is there."""
        return wanted if self.liquidity is None else min(wanted, self.liquidity)


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as asked for; `quote_quantity` for market orders by cost."""

    symbol: str
    side: Side
    kind: str
    client_id: str
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    trigger: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    time_in_force: str = "GTC"
    reduce_only: bool = False
    close_position: bool = False
    position_side: str = "BOTH"
    owner: Owner = "client"


@dataclass(slots=True)
class Hold:
    """What is locked for an order, or for all orders of a list at once."""

    asset: str
    amount: Decimal


@dataclass(slots=True)
class Order:
    """An order the venue took; `waiting` for its trigger, or for another order of its list."""

    id: int
    wish: Wish
    placed_ms: int
    quantity: Decimal
    status: str = "NEW"
    waiting: bool = False
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    updated_ms: int = 0
    list_id: int = -1
    hold: Hold | None = None
    trades: list[Trade] = field(default_factory=list)
    # The matching order that a triggered conditional one became.
    actual: Order | None = None
    conditional: bool = False
    intent_id: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATES

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def average(self) -> Decimal:
        return self.cost / self.filled if self.filled else ZERO


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill."""

    id: int
    order_id: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    at_ms: int
    realized: Decimal = ZERO
    position_side: str = "BOTH"


@dataclass(slots=True)
class OrderList:
    """Orders of which one ends the others."""

    id: int
    client_id: str
    symbol: str
    kind: str
    orders: list[Order]
    placed_ms: int

    @property
    def is_open(self) -> bool:
        return any(order.is_open for order in self.orders)


@dataclass(slots=True)
class Balance:
    """What an account has of an asset."""

    free: Decimal = ZERO
    locked: Decimal = ZERO


@dataclass(slots=True)
class Position:
    """A contract position: `amount` is negative when short."""

    symbol: str
    side: str = "BOTH"
    amount: Decimal = ZERO
    entry: Decimal = ZERO
    updated_ms: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to which order."""

    at_ms: int
    who: Owner
    what: Literal["placed", "cancelled"]
    order: Order


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was held at a moment, signed, and how much of it a stop would have closed."""

    at_ms: int
    symbol: str
    held: Decimal
    stopped: Decimal
