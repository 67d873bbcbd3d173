"""A broker over ccxt: one account at one exchange. Accepted with proof, refused with proof, everything else unknown."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import msgspec

from btk.adapters import binance_pairs, ccxt_orders
from btk.adapters.candle_series import symbol_names
from btk.adapters.ccxt_account import AccountTerms, account_client, account_id, check_key, prepare_contract
from btk.adapters.ccxt_errors import in_our_words, vendor_errors
from btk.adapters.ccxt_holdings import balances_of, market_between, position_of
from btk.adapters.ccxt_limits import limits_of
from btk.adapters.ccxt_order_ids import asking
from btk.adapters.ccxt_proofs import CLOCK_IS_OFF, Exchanged, in_few_words, is_absence, refusal, said
from btk.adapters.ccxt_venues import chosen_market, markets_of
from btk.adapters.request_gate import Held, Priority, RequestGate
from btk.model.accounts import AccountFacts, Balance, MarketLimits, VenuePosition
from btk.model.errors import BtkError, SettingsError, Unknown
from btk.model.orders import (
    TRIGGERED,
    Absent,
    Accepted,
    Answer,
    Fill,
    Found,
    LookUp,
    OrderRequest,
    RefusedOrder,
    UnknownOutcome,
    VenueOrder,
)

T = TypeVar("T")

TRADES_A_PAGE = 500
TRADES_WINDOW_MS = 7 * 86_400_000
_WIRE: ContextVar[list[Exchanged]] = ContextVar("wire")
"""What went over the wire for the call that runs."""
_NO_PROOF = "the answer proves nothing"


def monotonic_ms() -> int:
    """Milliseconds of a clock that never steps."""
    return time.monotonic_ns() // 1_000_000


class CcxtBroker:
    """See `btk.ports.Broker`. `gate` is shared by all accounts of the process at the venue."""

    def __init__(
        self,
        terms: AccountTerms,
        gate: RequestGate,
        make_client: Callable[[AccountTerms], Any] = account_client,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._terms = terms
        self._gate = gate
        self._make_client = make_client
        self._clock_ms = clock_ms
        self._ahead_ms = 0
        self._markets: dict[str, Any] = {}
        self._limits: dict[str, MarketLimits] = {}
        self._vendor_errors = vendor_errors()

    async def connect(self, symbols: Sequence[str]) -> AccountFacts:
        """Reach the account; see the port."""
        self._client = self._make_client(self._terms)
        self._send_off = self._client.fetch
        self._client.fetch = self._watched_fetch
        self._client.on_rest_response = self._heard
        try:
            return await self._connected(symbols)
        except BaseException:
            await self._client.close()
            raise

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()

    def limits(self, symbol: str) -> MarketLimits:
        """The rules of a market."""
        return self._limits[symbol]

    async def reload_limits(self) -> None:
        """Ask for the rules again; a market that is gone is one that is not traded."""
        await self._read(lambda: self._client.load_markets(True))
        for symbol, last in list(self._limits.items()):
            try:
                self._choose_markets([symbol])
            except SettingsError:
                self._limits[symbol] = msgspec.structs.replace(last, trading=False)

    async def send(self, request: OrderRequest) -> Answer:
        """Send an order, once."""
        market = self._markets[request.symbol]
        place = binance_pairs.place_pair if request.kind == "pair" else ccxt_orders.place
        with self._listening() as wire:
            try:
                async with self._gate.turn(_priority(request, market)):
                    order = await place(self._client, market, request)
            except Held as held:
                wait_ms = round(held.seconds * 1000)
                return RefusedOrder(code="", words=str(held), transient=True, wait_ms=wait_ms)
            except self._vendor_errors as error:
                last = wire[-1] if wire else Exchanged()
                proof = refusal(*self._terms.market, last, error)
                return proof or UnknownOutcome(in_few_words(last, error))
        return Accepted(order) if order is not None else UnknownOutcome(_NO_PROOF)

    async def look_up(self, request: OrderRequest) -> LookUp:
        """What became of an order."""
        return await self._asked(lambda: self._shown(request), Priority.RECONCILE)

    async def cancel(self, request: OrderRequest) -> LookUp:
        """Cancel an order; what is not there any more has to be looked up."""
        found = await self._asked(lambda: self._cancelled(request), Priority.SAFETY)
        return UnknownOutcome("it is not open any more") if isinstance(found, Absent) else found

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """All open orders of a market."""
        market = self._markets[symbol]
        told = await self._read(lambda: self._client.fetch_open_orders(market["symbol"]))
        if market.get("contract"):
            params = {"trigger": True}
            told = told + await self._read(
                lambda: self._client.fetch_open_orders(market["symbol"], params=params)
            )
        known = [ccxt_orders.order_of(self._client.id, market, each) for each in told]
        orders = [ccxt_orders.named(each, symbol) for each in known if each is not None]
        if len(orders) != len(known):
            raise Unknown(f"{self._terms.venue.name}: an open order of {symbol} cannot be read")
        lists = any(int((each.get("info") or {}).get("orderListId") or -1) >= 0 for each in told)
        return tuple(await self._paired(symbol, orders) if lists else orders)

    async def position(self, symbol: str) -> VenuePosition:
        """The position in a contract."""
        market = self._markets[symbol]
        told = await self._read(lambda: self._client.fetch_positions([market["symbol"]]))
        return position_of(symbol, market, told)

    async def price(self, symbol: str) -> float:
        """The last price of a market."""
        told = await self._read(lambda: self._client.fetch_ticker(self._markets[symbol]["symbol"]))
        if not told.get("last"):
            raise Unknown(f"{self._terms.venue.name}: the price of {symbol} is not told")
        return float(told["last"])

    async def balances(self) -> tuple[Balance, ...]:
        """What the account holds."""
        return balances_of(await self._read(self._client.fetch_balance))

    async def worth(self, currency: str, quote: str) -> float | None:
        """The last price of a currency in another."""
        name = market_between(self._client.markets, currency, quote)
        told = await self._read(lambda: self._client.fetch_ticker(name)) if name else {}
        return float(told["last"]) if told.get("last") else None

    async def fills_since(self, symbol: str, since_ms: int) -> tuple[Fill, ...]:
        """The account's trades in a market, page by page."""
        market, fills = self._markets[symbol], dict[str, Fill]()
        while True:
            ask = partial(self._client.fetch_my_trades, market["symbol"], since_ms, TRADES_A_PAGE)
            told = await self._read(ask)
            page = ccxt_orders.fills_of(market, told)
            new = {fill.trade_id: fill for fill in page if fill.trade_id not in fills}
            fills |= new
            if len(told) >= TRADES_A_PAGE and new:
                since_ms = page[-1].at_ms
            elif market.get("contract") and since_ms + TRADES_WINDOW_MS < self.now_ms():
                # Contract trades are told for a week from the time that is asked about.
                since_ms += TRADES_WINDOW_MS
            else:
                return tuple(fills.values())

    async def sync_clock(self) -> int:
        """Measure the exchange's clock anew."""
        if self._client.has["fetchTime"]:
            told_ms = int(await self._read(self._client.fetch_time))
        else:
            told_ms = time.time_ns() // 1_000_000
        # Never ahead: what was told is as old as its way here.
        self._ahead_ms = told_ms - self._clock_ms()
        return told_ms - time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        """The exchange's time."""
        return self._clock_ms() + self._ahead_ms

    async def _connected(self, symbols: Sequence[str]) -> AccountFacts:
        terms, client = self._terms, self._client
        ahead_ms = await self.sync_clock()
        # A wall clock that steps must not make orders too old or too new.
        client.milliseconds = self.now_ms
        await self._read(client.load_markets)
        self._choose_markets(symbols)
        warnings = [*await self._read(lambda: check_key(client, terms))]
        prepares = terms.venue.kind == "swap" and not terms.looks_only
        for market in self._markets.values() if prepares else ():
            warnings += await self._read(partial(prepare_contract, client, market["symbol"]))
        return AccountFacts(
            account_id=await self._read(lambda: account_id(client, terms)),
            exchange=terms.venue.name,
            market=terms.venue.kind,
            sandbox=terms.sandbox,
            proven=terms.proven,
            server_ahead_ms=ahead_ms,
            warnings=tuple(warnings),
        )

    async def _shown(self, request: OrderRequest) -> VenueOrder | None:
        market = self._markets[request.symbol]
        if request.kind == "pair":
            return await binance_pairs.look_up_pair(self._client, market, request)
        trigger = request.kind in TRIGGERED
        params = asking(self._client.id, request.client_order_id, trigger=trigger)
        told = await self._client.fetch_order(None, market["symbol"], params)
        order = ccxt_orders.order_of(self._client.id, market, told, request)
        if order is None or not trigger or order.status != "filled":
            return order
        return await self._triggered(order, request)

    async def _triggered(self, order: VenueOrder, request: OrderRequest) -> VenueOrder | None:
        # A conditional order that is over is told as filled without a quantity: the truth is in what it became.
        if not order.trade_order_ids:
            return None
        market = self._markets[request.symbol]
        told = await self._client.fetch_order(order.trade_order_ids[0], market["symbol"])
        actual = ccxt_orders.order_of(self._client.id, market, told)
        return ccxt_orders.become(order, actual) if actual is not None else None

    async def _cancelled(self, request: OrderRequest) -> VenueOrder | None:
        market = self._markets[request.symbol]
        if request.kind == "pair":
            return await binance_pairs.cancel_pair(self._client, market, request)
        params = asking(self._client.id, request.client_order_id, trigger=request.kind in TRIGGERED)
        told = await self._client.cancel_order(None, market["symbol"], params)
        return ccxt_orders.order_of(self._client.id, market, told, request)

    async def _asked(self, ask: Callable[[], Awaitable[VenueOrder | None]], priority: Priority) -> LookUp:
        with self._listening() as wire:
            try:
                async with self._gate.turn(priority):
                    order = await ask()
            except Held as held:
                return UnknownOutcome(str(held))
            except self._vendor_errors as error:
                last = wire[-1] if wire else Exchanged()
                await self._trust_clock_again(last)
                if is_absence(self._terms.venue.name, last) and len(wire) == 1:
                    return Absent()
                return UnknownOutcome(in_few_words(last, error))
        return Found(order) if order is not None else UnknownOutcome(_NO_PROOF)

    async def _read(self, ask: Callable[[], Awaitable[T]]) -> T:
        with self._listening() as wire:
            try:
                async with self._gate.turn(Priority.RECONCILE):
                    return await ask()
            except self._vendor_errors as error:
                ours = in_our_words(self._terms.venue.name, error)
                await self._trust_clock_again(wire[-1] if wire else Exchanged())
                # ccxt's own words hold the address, and that a signature.
                words = in_few_words(wire[-1] if wire else Exchanged(), error)
                raise type(ours)(f"{self._terms.venue.name}: {words}") from None

    async def _trust_clock_again(self, last: Exchanged) -> None:
        """Measure the clock where an answer says that it is off: the next question is good then."""
        if said(last.body)[0] == CLOCK_IS_OFF:
            with suppress(BtkError):  # it is asked again with the next question
                await self.sync_clock()

    async def _paired(self, symbol: str, orders: list[VenueOrder]) -> list[VenueOrder]:
        lists = await self._read(self._client.privateGetOpenOrderList)
        alone = {order.order_id: order for order in orders}
        pairs = []
        for told in lists:
            client_id, half_ids = binance_pairs.pair_ids(told)
            halves = [alone.pop(each) for each in sorted(half_ids) if each in alone]
            pairs.append(binance_pairs.open_pair(client_id, symbol, halves))
        return [*alone.values(), *(pair for pair in pairs if pair is not None)]

    def _choose_markets(self, symbols: Sequence[str]) -> None:
        known = markets_of(self._client, self._terms.venue.kind)
        for symbol in symbols:
            market = self._client.market(
                chosen_market(known, symbol_names(symbol), self._terms.venue).unified
            )
            if self._terms.venue.kind == "swap" and not market.get("linear"):
                raise SettingsError(
                    f"symbol {symbol}: only contracts margined in their quote currency are traded"
                )
            self._limits[symbol] = limits_of(symbol, market)
            self._markets[symbol] = market

    @contextmanager
    def _listening(self) -> Iterator[list[Exchanged]]:
        wire: list[Exchanged] = []
        token = _WIRE.set(wire)
        try:
            yield wire
        finally:
            _WIRE.reset(token)

    async def _watched_fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        if left := self._gate.pause_seconds():
            # The pause began after this request's turn had come: it has not left yet, so it can stay.
            raise Held(left)
        _WIRE.get().append(Exchanged(sent=True))
        answer = await self._send_off(url, method, headers, body)
        if method == "GET" and (not isinstance(answer, dict | list) or answer == {}):
            # ccxt would read it as no orders, no position, no balance.
            raise ValueError("the answer is not what was asked for")
        return answer

    def _heard(self, *told: Any) -> str:
        status, _reason, _url, _method, headers, body = told[:6]
        self._gate.heard(status, headers)
        _WIRE.get()[-1] = Exchanged(sent=True, status=status, body=str(body))
        return str(body).strip()


def _priority(request: OrderRequest, market: Any) -> Priority:
    exits = request.reduce_only or request.kind in ("stop", "target", "pair")
    # Spot is never short: whatever is sold there gets us out.
    return (
        Priority.SAFETY
        if exits or (not market.get("contract") and request.side == "sell")
        else Priority.ORDER
    )
