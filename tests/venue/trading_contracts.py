"""The USDT-margined contracts of one account: orders, conditional orders, positions and margin at the test's price."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.venue.trading_book import AccountBook
from tests.venue.trading_clock import VenueClock
from tests.venue.trading_nouns import (
    STOP_KINDS,
    ZERO,
    Exposure,
    Listing,
    Order,
    Owner,
    Position,
    Refusal,
    Side,
    Trade,
    Wish,
)
from tests.venue.trading_position import Filled, filled
from tests.venue.trading_rules import check_contract, crosses, would_trigger

MAINTENANCE = Decimal("0.004")
_ONLY = "GTE and closePosition in the direction"


@dataclass(slots=True)
class Terms:
    """How a symbol is traded by this account."""

    leverage: int = 20
    margin: str = "CROSSED"


class ContractMarket:
    """`place`, `place_conditional`, `cancel`, `set_*` are the client's; the other verbs are the world's."""

    def __init__(self, clock: VenueClock) -> None:
        self.book = AccountBook(clock.now_ms, 500_000_001)
        self.cash = ZERO
        self.fee_rate = Decimal("0.0005")
        self.fee_asset = "USDT"
        self.is_hedged = False
        self.terms: defaultdict[str, Terms] = defaultdict(Terms)
        self.positions: dict[tuple[str, str], Position] = {}
        self.timeline: list[Exposure] = []
        self._clock = clock
        self._own: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._triggered: dict[int, Order] = {}

    def list_symbol(self, listing: Listing) -> Listing:
        self.book.listings[listing.symbol] = listing
        return listing

    def position(self, symbol: str, side: str = "BOTH") -> Position:
        return self.positions.setdefault((symbol, side), Position(symbol, side))

    def place(self, wish: Wish) -> Order:
        """A market or limit order; `Refusal` changes nothing."""
        listing = self.book.listing(wish.symbol)
        self._check(wish, listing)
        if wish.reduce_only and not self._reducible(wish):
            raise Refusal(-2022, "ReduceOnly Order is rejected.")
        if wish.time_in_force == "GTX" and crosses(wish.side, wish.price, listing):
            raise Refusal(-5022, "Due to the order could not be executed as maker, it will be rejected.")
        if self._margin_needed(wish, listing) > self.available:
            raise Refusal(-2019, "Margin is insufficient.")
        order = self.book.add(wish)
        self._take(order, listing)
        self._note(listing)
        return order

    def place_conditional(self, wish: Wish) -> Order:
        """It waits outside the book, under an id of its own kind."""
        listing = self.book.listing(wish.symbol)
        self._check(wish, listing)
        waiting = self.book.open_orders(wish.symbol, conditional=True)
        if len(waiting) >= listing.filters.most_algo_orders:
            raise Refusal(-4045, "Reach max stop order limit.")
        if wish.close_position:
            self._check_closing(wish, waiting)
        elif wish.reduce_only and not self._reducible(wish):
            raise Refusal(-2022, "ReduceOnly Order is rejected.")
        if would_trigger(wish.kind, wish.side, wish.trigger, listing.price):
            raise Refusal(-2021, "Order would immediately trigger.")
        order = self.book.add(wish, waiting=True)
        order.conditional = True
        self._note(listing)
        return order

    def cancel(self, order: Order, by: Owner = "client") -> None:
        """-2011 when it is over."""
        if not order.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        self.book.end(order, "CANCELED", by)
        self._finish(order)
        self._note(self.book.listing(order.wish.symbol))

    def set_leverage(self, symbol: str, leverage: int) -> None:
        if not 1 <= leverage <= 125:
            raise Refusal(-4028, f"Leverage {leverage} is not valid")
        self.terms[self.book.listing(symbol).symbol].leverage = leverage

    def set_margin(self, symbol: str, margin: str) -> None:
        """-4046 when it is so already, -4047 and -4048 while something is open."""
        if self.terms[self.book.listing(symbol).symbol].margin == margin:
            raise Refusal(-4046, "No need to change margin type.")
        if self.book.open_orders(symbol) or self.book.open_orders(symbol, conditional=True):
            raise Refusal(-4047, "Margin type cannot be changed if there exists open orders.")
        if any(each.amount for each in self.positions.values() if each.symbol == symbol):
            raise Refusal(-4048, "Margin type cannot be changed if there exists position.")
        self.terms[symbol].margin = margin

    def set_hedged(self, is_hedged: bool) -> None:
        if self.is_hedged == is_hedged:
            raise Refusal(-4059, "No need to change position side.")
        if self.book.open_orders() or self.book.open_orders(conditional=True):
            raise Refusal(-4067, "Position side cannot be changed if there exists open orders.")
        if any(each.amount for each in self.positions.values()):
            raise Refusal(-4068, "Position side cannot be changed if there exists position.")
        self.is_hedged = is_hedged

    @property
    def unrealized(self) -> Decimal:
        return sum(map(self.profit_of, self.positions.values()), ZERO)

    @property
    def available(self) -> Decimal:
        """What is left to trade with."""
        used = sum(map(self.margin_of, self.positions.values()), ZERO)
        waiting = [order for order in self.book.open_orders() if not order.wish.reduce_only]
        resting = sum((each.remaining * each.wish.price / self._leverage(each) for each in waiting), ZERO)
        return self.cash + self.unrealized - used - resting

    def profit_of(self, position: Position) -> Decimal:
        return position.amount * (self.book.listings[position.symbol].price - position.entry)

    def margin_of(self, position: Position) -> Decimal:
        price = self.book.listings[position.symbol].price
        return abs(position.amount) * price / self.terms[position.symbol].leverage

    def move(self, symbol: str, price: Decimal | int | str) -> None:
        """The price is there now; what it reached is triggered or filled."""
        listing = self.book.listing(symbol)
        listing.price = Decimal(price)
        for order in self.book.open_orders(symbol) + self.book.open_orders(symbol, conditional=True):
            if order.is_open:
                self._react(order, listing)
        self._note(listing)

    def fill(self, order: Order, quantity: Decimal | int | str) -> None:
        """Somebody takes so much of a resting limit order."""
        self._fill(order, Decimal(quantity), order.wish.price, is_maker=True)
        self._finish(order)
        self._note(self.book.listing(order.wish.symbol))

    def thin(self, symbol: str, liquidity: Decimal | int | str | None) -> None:
        """The next takers find only so much."""
        self.book.listing(symbol).liquidity = None if liquidity is None else Decimal(liquidity)

    def halt(self, symbol: str, status: str = "SETTLING") -> None:
        """`TRADING` ends it."""
        self.book.listing(symbol).status = status

    def delist(self, symbol: str) -> None:
        """Settled at the price, its orders over."""
        self.liquidate(symbol, "delivery_autoclose-")
        self.halt(symbol)
        for order in self.book.open_orders(symbol) + self.book.open_orders(symbol, conditional=True):
            self.book.end(order, "EXPIRED")
        self._note(self.book.listing(symbol))

    def liquidate(self, symbol: str, prefix: str = "autoclose-") -> None:
        """The venue closes what is held, under an id of its own."""
        self._close(symbol, f"{prefix}{self._clock.now_ms()}")

    def close_by_hand(self, symbol: str) -> None:
        """Somebody closes the position on the web page."""
        self._close(symbol, f"web_{self.book.next_id()}")

    def _close(self, symbol: str, client_id: str) -> None:
        listing = self.book.listing(symbol)
        for position in [each for each in self.positions.values() if each.symbol == symbol and each.amount]:
            side: Side = "SELL" if position.amount > 0 else "BUY"
            # fmt: off
            order = self.book.add(Wish(symbol, side, "MARKET", client_id, abs(position.amount), reduce_only=True,
                                       position_side=position.side, owner="hand"))
            # fmt: on
            self._fill(order, order.quantity, listing.taken_at(side), is_maker=False)
        self._note(listing)

    def _check(self, wish: Wish, listing: Listing) -> None:
        check_contract(wish, listing)
        if self.is_hedged == (wish.position_side == "BOTH"):
            raise Refusal(-4061, "Order's position side does not match user's setting.")
        if self.is_hedged and wish.reduce_only:
            raise Refusal(-1106, "Parameter 'reduceonly' sent when not required.")
        if self.book.is_taken(wish.client_id):
            raise Refusal(-4116, "ClientOrderId is duplicated.")

    def _check_closing(self, wish: Wish, waiting: list[Order]) -> None:
        follows = wish.kind in STOP_KINDS
        for order in waiting:
            other = order.wish
            if other.close_position and other.side == wish.side and (other.kind in STOP_KINDS) == follows:
                raise Refusal(-4130, f"An open stop or take profit order with {_ONLY} is existing.")
        if not self._reducible(wish) and not self.book.open_orders(wish.symbol):
            raise Refusal(-4509, "Time in Force (TIF) GTE can only be used with open positions.")

    def _reducible(self, wish: Wish) -> Decimal:
        amount = self.position(wish.symbol, wish.position_side).amount
        return max(ZERO, amount if wish.side == "SELL" else -amount)

    def _margin_needed(self, wish: Wish, listing: Listing) -> Decimal:
        added = max(ZERO, wish.quantity - self._reducible(wish))
        return added * (wish.price or listing.price) / self.terms[wish.symbol].leverage

    def _leverage(self, order: Order) -> int:
        return self.terms[order.wish.symbol].leverage

    def _react(self, order: Order, listing: Listing) -> None:
        wish = order.wish
        if order.conditional:
            if would_trigger(wish.kind, wish.side, wish.trigger, listing.price):
                self._trigger(order, listing)
        elif crosses(wish.side, wish.price, listing):
            if quantity := listing.left(self._allowed(order)):
                self._fill(order, quantity, wish.price, is_maker=True)
            self._finish(order)

    def _trigger(self, order: Order, listing: Listing) -> None:
        wish = order.wish
        quantity = self._reducible(wish) if wish.close_position else wish.quantity
        if not quantity or (wish.reduce_only and not self._reducible(wish)):
            self.book.end(order, "REJECTED")
            return
        kind = "LIMIT" if wish.price else "MARKET"
        spawned = replace(wish, kind=kind, quantity=quantity, trigger=ZERO, client_id=f"spawned-{order.id}")
        order.actual = self.book.add(replace(spawned, reduce_only=wish.reduce_only or wish.close_position))
        order.actual.intent_id = wish.client_id
        self._triggered[order.actual.id] = order
        self.book.end(order, "TRIGGERED")
        self._take(order.actual, listing)

    def _take(self, order: Order, listing: Listing) -> None:
        wish = order.wish
        is_limit = wish.kind == "LIMIT"
        if not is_limit or crosses(wish.side, wish.price, listing):
            quantity = listing.left(self._allowed(order))
            if quantity and (quantity == order.remaining or wish.time_in_force != "FOK"):
                self._fill(order, quantity, listing.taken_at(wish.side), is_maker=False)
                listing.liquidity = None if listing.liquidity is None else listing.liquidity - quantity
        if order.is_open and (not is_limit or wish.time_in_force in ("IOC", "FOK")):
            self.book.end(order, "EXPIRED")
        self._finish(order)

    def _allowed(self, order: Order) -> Decimal:
        reducing = order.wish.reduce_only
        return min(order.remaining, self._reducible(order.wish)) if reducing else order.remaining

    def _fill(self, order: Order, quantity: Decimal, price: Decimal, *, is_maker: bool) -> None:
        wish, now = order.wish, self._clock.now_ms()
        signed = quantity if wish.side == "BUY" else -quantity
        position = self.position(wish.symbol, wish.position_side)
        change: Filled = filled(position, signed, price, now)
        self.positions[(wish.symbol, wish.position_side)] = change.position
        fee = quantity * price * self.fee_rate
        self.cash += change.realized
        if self.fee_asset == "USDT":
            self.cash -= fee
        else:
            fee = fee / self.book.listing(f"{self.fee_asset}USDT").price
        if wish.owner == "client":
            self._own[wish.symbol] += signed
        # fmt: off
        self.book.add_trade(order, Trade(self.book.next_id(), order.id, wish.symbol, wish.side, quantity, price,
                                         fee, self.fee_asset, is_maker, now, change.realized, wish.position_side))
        # fmt: on
        if not change.position.amount:
            self._expire_reducing(wish.symbol)

    def _expire_reducing(self, symbol: str) -> None:
        for order in self.book.open_orders(symbol):
            if order.wish.reduce_only:
                self.book.end(order, "EXPIRED")

    def _finish(self, order: Order) -> None:
        conditional = self._triggered.get(order.id)
        if conditional is not None and not order.is_open:
            self.book.end(conditional, "FINISHED")

    def _note(self, listing: Listing) -> None:
        symbol = listing.symbol
        there = sum((each.amount for each in self.positions.values() if each.symbol == symbol), ZERO)
        own = self._own[symbol]
        held = min(own, there) if min(own, there) > 0 else max(own, there) if max(own, there) < 0 else ZERO
        self._own[symbol] = held
        stops = [
            abs(held) if order.wish.close_position else order.quantity
            for order in self.book.open_orders(symbol, conditional=True)
            if order.wish.kind in STOP_KINDS and (order.wish.side == "SELL") == (held > 0)
        ]
        self.timeline.append(Exposure(self._clock.true_ms(), symbol, held, sum(stops, ZERO)))
