"""Our broker at the venue that trades: the real ccxt client in one process, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from btk.adapters.ccxt_account import AccountTerms, account_client
from btk.adapters.ccxt_broker import CcxtBroker
from btk.adapters.ccxt_venues import Kind, Venue
from btk.adapters.request_gate import RequestGate
from btk.adapters.venue_pause import VenuePause
from btk.core.order_ids import order_id
from btk.model.intents import Leg
from btk.model.names import SlotKey
from btk.model.orders import OrderKind, OrderRequest, OrderSide
from btk.model.secret import Secret
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_transport import Stage, VenueSession
from tests.venue.trading_venue import TradingVenue

START_MS = 1_700_000_000_000
LATENCY_MS = 40
SYMBOLS: dict[Kind, str] = {"spot": "BTCUSDT", "swap": "BTCUSDT.USDT"}


class Seat(NamedTuple):
    """A connected broker and the venue it sits at."""

    broker: CcxtBroker
    venue: TradingVenue
    kind: Kind

    def request(
        self,
        leg: Leg,
        side: OrderSide,
        kind: OrderKind = "market",
        quantity: float = 0.01,
        part: int = 0,
        **rest: Any,
    ) -> OrderRequest:
        """An order of the only signal."""
        symbol = SYMBOLS[self.kind]
        return OrderRequest(
            client_order_id=order_id(SlotKey(symbol, "probe", "binance"), "s1", leg, part),
            symbol=symbol,
            side=side,
            kind=kind,
            quantity=quantity,
            **rest,
        )


def terms_of(trading: TradingVenue, kind: Kind = "spot", **changes: Any) -> AccountTerms:
    """The terms of the venue's only account."""
    plain: dict[str, Any] = {
        "venue": Venue("binance", kind),
        "api_key": Secret(trading.key.api_key),
        "secret": Secret(trading.key.secret),
    }
    return AccountTerms(**{**plain, **changes})


def seated_broker(
    venue: TradingVenue,
    clock: LoopClock,
    kind: Kind = "spot",
    on_request: Callable[[Stage, str, str], None] | None = None,
    shared: VenuePause | None = None,
    **changes: Any,
) -> CcxtBroker:
    """A broker whose client has the venue for a network; `shared` is where processes tell each other of pauses."""

    def client(terms: AccountTerms) -> Any:
        made = account_client(terms)
        made.session = VenueSession(venue, asyncio.sleep, latency_ms=LATENCY_MS)
        made.session.on_request = on_request or made.session.on_request
        made.own_session = False
        return made

    loop = asyncio.get_running_loop()
    gate = RequestGate(monotonic=loop.time, shared=shared)
    return CcxtBroker(terms_of(venue, kind, **changes), gate, client, lambda: round(loop.time() * 1000))


def play(
    kind: Kind, scene: Callable[[Seat], Awaitable[Any]], before: Callable[[TradingVenue], None] | None = None
) -> Any:
    """A scene of a connected broker; `before` prepares the venue."""

    async def main(clock: LoopClock) -> Any:
        venue = stocked_venue(clock)
        if before is not None:
            before(venue)
        broker = seated_broker(venue, clock, kind)
        await broker.connect([SYMBOLS[kind]])
        try:
            return await scene(Seat(broker, venue, kind))
        finally:
            await broker.close()

    return run_virtual(START_MS, main)
