"""The spot market of one account: takes orders, matches them at the price the test sets, and keeps the books."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from tests.venue.trading_book import AccountBook
from tests.venue.trading_clock import VenueClock
from tests.venue.trading_nouns import (
    LIMIT_KINDS,
    STOP_KINDS,
    ZERO,
    Exposure,
    Listing,
    Order,
    OrderList,
    Owner,
    Refusal,
    Trade,
    Wish,
)
from tests.venue.trading_rules import check_spot, crosses, would_trigger
from tests.venue.trading_wallet import Wallet


class SpotMarket:
    """`place`, `place_list` and `cancel` are the client's; the other verbs are the world's.

    An order by hand is a wish with `owner="hand"`; a cancel by hand says so. With a `fee_asset` fees are paid in that, as
    long as the account has enough of it, else in what was got.
    """

    def __init__(self, clock: VenueClock) -> None:
        self.book = AccountBook(clock.now_ms, 1_000_001)
        self.wallet = Wallet()
        self.fee_rate = Decimal("0.001")
        self.fee_asset = ""
        self.timeline: list[Exposure] = []
        self._clock = clock
        self._own: defaultdict[str, Decimal] = defaultdict(Decimal)

    def list_symbol(self, listing: Listing) -> Listing:
        self.book.listings[listing.symbol] = listing
        return listing

    def place(self, wish: Wish) -> Order:
        """A single order; `Refusal` changes nothing."""
        listing = self.book.listing(wish.symbol)
        wish = _with_quantity(wish, listing)
        self._check(wish, listing, {wish.client_id})
        hold = self.wallet.lock(*_lock_of(wish, listing))
        order = self.book.add(wish, waiting=bool(wish.trigger), hold=hold)
        if not order.waiting:
            self._take(order, listing)
        self._note(listing)
        return order

    def place_list(self, client_id: str, kind: str, wishes: list[Wish]) -> OrderList:
        """`OCO`: above and below, one lock for both. `OTOCO`: the working order, then those two when it is filled."""
        listing = self.book.listing(wishes[0].symbol)
        self._check_list(client_id, wishes, listing)
        working, pair = (wishes[:1], wishes[1:]) if kind == "OTOCO" else ([], wishes)
        _check_pair(pair, listing, working[0].price if working else listing.price)
        hold = self.wallet.lock(*_widest_lock(working or pair, listing))
        made = self.book.add_list(client_id, kind, [self.book.add(wish) for wish in wishes])
        for order in made.orders[: len(working)] or made.orders:
            order.hold = hold
            order.waiting = bool(order.wish.trigger)
        for order in made.orders[1:] if working else ():
            order.status = "PENDING_NEW"
        if working:
            self._take(made.orders[0], listing)
        self._note(listing)
        return made

    def cancel(self, order: Order, by: Owner = "client") -> None:
        """With all orders of its list. -2011 when it is over."""
        if not order.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        listed = self.book.lists[order.list_id].orders if order.list_id in self.book.lists else [order]
        for each in listed:
            if each.is_open or each.status == "PENDING_NEW":
                self.book.end(each, "CANCELED", by)
        self._release(order)
        self._note(self.book.listing(order.wish.symbol))

    def move(self, symbol: str, price: Decimal | int | str) -> None:
        """The price is there now; what it reached is triggered or filled."""
        listing = self.book.listing(symbol)
        listing.price = Decimal(price)
        for order in self.book.open_orders(symbol):
            if order.is_open:
                self._react(order, listing)
        self._note(listing)

    def fill(self, order: Order, quantity: Decimal | int | str) -> None:
        """Somebody takes so much of a resting limit order."""
        self._fill(order, Decimal(quantity), order.wish.price, is_maker=True)
        self._settle(order)
        self._note(self.book.listing(order.wish.symbol))

    def close_by_hand(self, symbol: str) -> None:
        """Somebody cancels what locks the coins and sells them all on the web page."""
        listing = self.book.listing(symbol)
        for order in self.book.open_orders(symbol):
            if order.is_open and order.wish.side == "SELL":
                self.cancel(order, by="hand")
        step = listing.filters.step
        quantity = self.wallet.balances[listing.base].free // step * step
        self.place(Wish(symbol, "SELL", "MARKET", f"web_{self.book.next_id()}", quantity, owner="hand"))

    def thin(self, symbol: str, liquidity: Decimal | int | str | None) -> None:
        """The next takers find only so much."""
        self.book.listing(symbol).liquidity = None if liquidity is None else Decimal(liquidity)

    def halt(self, symbol: str, status: str = "BREAK") -> None:
        """`TRADING` ends it."""
        self.book.listing(symbol).status = status

    def delist(self, symbol: str) -> None:
        """Halted for good, and every order on it is over."""
        self.halt(symbol)
        for order in self.book.open_orders(symbol):
            self.book.end(order, "EXPIRED")
            self._release(order)
        self._note(self.book.listing(symbol))

    def _check(self, wish: Wish, listing: Listing, ids: set[str]) -> None:
        check_spot(wish, listing)
        if any(self.book.is_taken(each) for each in ids):
            raise Refusal(-2010, "Duplicate order sent.")
        if len(self.book.open_orders(wish.symbol)) >= listing.filters.most_orders:
            raise Refusal(-1013, "Filter failure: MAX_NUM_ORDERS")
        if wish.trigger and self.book.algo_orders(wish.symbol) >= listing.filters.most_algo_orders:
            raise Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
        if wish.trigger and would_trigger(wish.kind, wish.side, wish.trigger, listing.price):
            raise Refusal(-2010, "Stop price would trigger immediately.")
        if wish.kind == "LIMIT_MAKER" and crosses(wish.side, wish.price, listing):
            raise Refusal(-2010, "Order would immediately match and take.")

    def _check_list(self, client_id: str, wishes: list[Wish], listing: Listing) -> None:
        ids = {client_id, *(wish.client_id for wish in wishes)}
        taken = any(each.is_open and each.client_id == client_id for each in self.book.lists.values())
        if taken or len(ids) <= len(wishes) or any(map(self.book.is_taken, ids)):
            raise Refusal(-2010, "Duplicate order sent.")
        for wish in wishes:
            check_spot(wish, listing)
        added = sum(bool(wish.trigger) for wish in wishes)
        if self.book.algo_orders(listing.symbol) + added > listing.filters.most_algo_orders:
            raise Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")

    def _react(self, order: Order, listing: Listing) -> None:
        wish = order.wish
        if order.waiting and would_trigger(wish.kind, wish.side, wish.trigger, listing.price):
            order.waiting = False
            self._end_siblings(order)
            self._take(order, listing)
        elif not order.waiting and wish.price and crosses(wish.side, wish.price, listing):
            if quantity := listing.left(order.remaining):
                self._fill(order, quantity, wish.price, is_maker=True)
            self._settle(order)

    def _take(self, order: Order, listing: Listing) -> None:
        wish = order.wish
        is_limit = wish.kind in LIMIT_KINDS
        if not is_limit or crosses(wish.side, wish.price, listing):
            quantity = listing.left(order.remaining)
            whole = quantity == order.remaining
            if quantity and (whole or wish.time_in_force != "FOK"):
                self._fill(order, quantity, listing.taken_at(wish.side), is_maker=False)
                listing.liquidity = None if listing.liquidity is None else listing.liquidity - quantity
        if order.is_open and (not is_limit or wish.time_in_force in ("IOC", "FOK")):
            self.book.end(order, "EXPIRED")
        self._settle(order)

    def _fill(self, order: Order, quantity: Decimal, price: Decimal, *, is_maker: bool) -> None:
        wish, listing = order.wish, self.book.listing(order.wish.symbol)
        cost, buys = quantity * price, order.wish.side == "BUY"
        got, asset = (quantity, listing.base) if buys else (cost, listing.quote)
        assert order.hold is not None
        self.wallet.pay(order.hold, cost if buys else quantity)
        self.wallet.receive(asset, got)
        fee, asset = self._charged(listing, got, asset, cost)
        if wish.owner == "client":
            self._own[wish.symbol] += (quantity if buys else -quantity) - (
                fee if asset == listing.base else ZERO
            )
        now = self._clock.now_ms()
        # fmt: off
        self.book.add_trade(order, Trade(self.book.next_id(), order.id, wish.symbol, wish.side, quantity, price,
                                         fee, asset, is_maker, now))
        # fmt: on
        self._end_siblings(order)

    def _charged(self, listing: Listing, got: Decimal, asset: str, cost: Decimal) -> tuple[Decimal, str]:
        fee = got * self.fee_rate
        if self.fee_asset:
            same = self.fee_asset == listing.base
            priced = listing if same else self.book.listing(f"{self.fee_asset}{listing.quote}")
            other = (cost * self.fee_rate / priced.price).quantize(Decimal("0.00000001"))
            if self.wallet.balances[self.fee_asset].free >= other:
                fee, asset = other, self.fee_asset
        self.wallet.balances[asset].free -= fee
        return fee, asset

    def _settle(self, order: Order) -> None:
        if not order.is_open:
            self._release(order)
        found = self.book.lists.get(order.list_id)
        if found is not None and found.kind == "OTOCO" and order is found.orders[0]:
            self._follow(found)

    def _follow(self, otoco: OrderList) -> None:
        working, pair = otoco.orders[0], otoco.orders[1:]
        if working.is_open or pair[0].status != "PENDING_NEW":
            return
        asset, amount = _widest_lock([each.wish for each in pair], self.book.listing(otoco.symbol))
        # The fee was taken out of what was bought: often there is less to sell than these orders say.
        enough = working.status == "FILLED" and self.wallet.balances[asset].free >= amount
        hold = self.wallet.lock(asset, amount) if enough else None
        for order in pair:
            order.hold, order.waiting = hold, bool(order.wish.trigger)
            self.book.end(order, "NEW" if enough else "EXPIRED")

    def _end_siblings(self, order: Order) -> None:
        found = self.book.lists.get(order.list_id)
        if found is None or (found.kind == "OTOCO" and order is found.orders[0]):
            return
        for each in found.orders[-2:]:
            if each is not order and each.is_open:
                self.book.end(each, "EXPIRED")

    def _release(self, order: Order) -> None:
        sharing = self.book.lists[order.list_id].orders if order.list_id in self.book.lists else []
        if order.hold and not any(each.is_open and each.hold is order.hold for each in sharing):
            self.wallet.release(order.hold)

    def _note(self, listing: Listing) -> None:
        held = max(ZERO, min(self._own[listing.symbol], self.wallet.total(listing.base)))
        self._own[listing.symbol] = held
        stops: dict[int, Decimal] = {
            id(order.hold): order.remaining
            for order in self.book.open_orders(listing.symbol)
            if order.waiting and order.wish.kind in STOP_KINDS and order.wish.side == "SELL"
        }
        now = self._clock.true_ms()
        self.timeline.append(Exposure(now, listing.symbol, held, sum(stops.values(), ZERO)))


def _with_quantity(wish: Wish, listing: Listing) -> Wish:
    if not wish.quote_quantity:
        return wish
    step = listing.filters.step
    return replace(wish, quantity=wish.quote_quantity / listing.taken_at(wish.side) // step * step)


def _lock_of(wish: Wish, listing: Listing) -> tuple[str, Decimal]:
    if wish.side == "SELL":
        return listing.base, wish.quantity
    return listing.quote, wish.quantity * (wish.price or wish.trigger or listing.ask)


def _widest_lock(wishes: list[Wish], listing: Listing) -> tuple[str, Decimal]:
    return max((_lock_of(wish, listing) for wish in wishes), key=lambda lock: lock[1])


def _check_pair(pair: list[Wish], listing: Listing, price: Decimal) -> None:
    above, below = pair
    if (above.trigger or above.price) <= price or (below.trigger or below.price) >= price:
        raise Refusal(-2010, "The relationship of the prices for the orders is not correct.")
