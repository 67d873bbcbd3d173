"""Orders for tests: a market, intents in every status, and what an exchange may say about them."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from btk.core.order_course import (
    Answered,
    CancelAnswered,
    CancelWanted,
    LookedUp,
    OrderEvent,
    Restarted,
    Sending,
    Traded,
)
from btk.core.order_ids import order_id
from btk.model.accounts import MarketLimits
from btk.model.intents import Intent, IntentStatus
from btk.model.names import SlotKey
from btk.model.orders import (
    Absent,
    Accepted,
    Fill,
    Found,
    RefusedOrder,
    UnknownOutcome,
    VenueOrder,
)

KEY = SlotKey("BTCUSDT", "probe", "test")
NOW_MS = 1_700_000_000_000
STATUSES: tuple[IntentStatus, ...] = get_args(IntentStatus)

SPOT = MarketLimits(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    price_tick=0.01,
    quantity_step=0.001,
    min_quantity=0.001,
    max_quantity=100.0,
    min_notional=5.0,
    max_algo_orders=5,
    protection="pair",
)
SWAP = msgspec.structs.replace(SPOT, symbol="BTCUSDT.USDT", contract=True, protection="separate")


def intent(**changes: Any) -> Intent:
    """An entry of 1 at market, prepared."""
    plain = Intent(
        client_order_id=order_id(KEY, "s1", "entry"),
        signal_id="s1",
        kind="open",
        leg="entry",
        symbol=KEY.symbol,
        side="buy",
        quantity=1.0,
        prepared_at_ms=NOW_MS,
    )
    return msgspec.structs.replace(plain, **changes)


def shown(one: Intent, **changes: Any) -> VenueOrder:
    """The order of an intent as the exchange shows it, open."""
    plain = VenueOrder(
        client_order_id=one.client_order_id,
        order_id=f"v{one.part}",
        symbol=one.symbol,
        side=one.side,
        kind=one.order,
        status="open",
        quantity=one.quantity,
        price=one.price,
        price_trigger=one.price_trigger,
    )
    return msgspec.structs.replace(plain, **changes)


def fill(trade_id: str = "t1", quantity: float = 1.0, **changes: Any) -> Fill:
    """A trade at 100 without a fee."""
    plain = Fill(trade_id=trade_id, order_id="v0", price=100.0, quantity=quantity, at_ms=NOW_MS)
    return msgspec.structs.replace(plain, **changes)


def filled(one: Intent, quantity: float | None = None) -> VenueOrder:
    """The same, filled at 100, with its trade."""
    amount = one.quantity if quantity is None else quantity
    status = "filled" if amount == one.quantity else "partial"
    return shown(one, status=status, filled=amount, cost=100.0 * amount, fills=(fill("t1", amount),))


def every_event(one: Intent) -> list[OrderEvent]:
    """Every kind of event with every kind of content."""
    at_ms = NOW_MS + 1_000
    orders = [
        shown(one, status=status, filled=part, cost=100.0 * part)
        for status in ("open", "partial", "filled", "cancelled", "rejected", "expired")
        for part in (0.0, 0.5, 1.0)
    ]
    refusals = [
        RefusedOrder(code="-1", words="no", cause=cause, transient=transient, resync_clock=clock)
        for cause in ("other", "balance", "clock", "duplicate", "would_trigger")
        for transient in (False, True)
        for clock in (False, True)
    ]
    found = [*map(Found, orders), Absent(), UnknownOutcome("?")]
    return [
        Sending(at_ms),
        *(Answered(answer, at_ms) for answer in (*map(Accepted, orders), *refusals, UnknownOutcome("?"))),
        *(LookedUp(look, at_ms) for look in found),
        *(CancelAnswered(look, at_ms) for look in found),
        Traded((fill(quantity=0.4),), at_ms),
        Traded((), at_ms),
        CancelWanted(at_ms),
        Restarted(at_ms),
    ]
