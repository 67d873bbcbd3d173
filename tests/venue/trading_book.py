"""The order book of one account: every order, list and trade it ever had, and the ids that are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from tests.venue.trading_nouns import (
    STOP_KINDS,
    Deed,
    Hold,
    Listing,
    Order,
    OrderList,
    Owner,
    Refusal,
    Trade,
    Wish,
)


class AccountBook:
    """Ids are counted from `first_id`, so that a spot and a contract order never look alike."""

    def __init__(self, now_ms: Callable[[], int], first_id: int) -> None:
        self.listings: dict[str, Listing] = {}
        self.orders: dict[int, Order] = {}
        self.lists: dict[int, OrderList] = {}
        self.trades: list[Trade] = []
        self.deeds: list[Deed] = []
        self.now_ms = now_ms
        self._ids = count(first_id)
        # Months of trading leave thousands of orders that are over; nearly every request asks for those that are not.
        self._alive: dict[int, Order] = {}

    def listing(self, symbol: str) -> Listing:
        """-1121 for what is not listed."""
        if symbol not in self.listings:
            raise Refusal(-1121, "Invalid symbol.")
        return self.listings[symbol]

    def add(self, wish: Wish, *, waiting: bool = False, hold: Hold | None = None) -> Order:
        """Taken: it has an id from now on."""
        now = self.now_ms()
        order = Order(next(self._ids), wish, now, wish.quantity, waiting=waiting, hold=hold, updated_ms=now)
        order.intent_id = wish.client_id
        self.orders[order.id] = self._alive[order.id] = order
        self.deeds.append(Deed(now, wish.owner, "placed", order))
        return order

    def add_list(self, client_id: str, kind: str, orders: list[Order]) -> OrderList:
        """Orders that end each other."""
        made = OrderList(next(self._ids), client_id, orders[0].wish.symbol, kind, orders, self.now_ms())
        for order in orders:
            order.list_id = made.id
        self.lists[made.id] = made
        return made

    def add_trade(self, order: Order, trade: Trade) -> None:
        """A fill of that order."""
        self.trades.append(trade)
        order.trades.append(trade)
        order.filled += trade.quantity
        order.cost += trade.quantity * trade.price
        order.updated_ms = trade.at_ms
        order.status = "PARTIALLY_FILLED" if order.remaining else "FILLED"

    def forget(self, before_ms: int) -> None:
        """Orders that were over before a time, and their trades and lists: months of trading must not fill the memory."""
        for order in [one for one in self.orders.values() if not one.is_open and one.updated_ms < before_ms]:
            del self.orders[order.id]
        for found in [
            one for one in self.lists.values() if all(each.id not in self.orders for each in one.orders)
        ]:
            del self.lists[found.id]
        self.trades[:] = [trade for trade in self.trades if trade.at_ms >= before_ms]

    def next_id(self) -> int:
        return next(self._ids)

    def end(self, order: Order, status: str, by: Owner | None = None) -> None:
        """It ends unfilled or partly filled; `by` names who cancelled it."""
        order.status = status
        order.updated_ms = self.now_ms()
        if by is not None:
            self.deeds.append(Deed(order.updated_ms, by, "cancelled", order))

    def open_orders(self, symbol: str | None = None, *, conditional: bool = False) -> list[Order]:
        """By age; conditional contract orders live apart."""
        return [
            order
            for order in self._open()
            if order.conditional == conditional and symbol in (None, order.wish.symbol)
        ]

    def is_taken(self, client_id: str) -> bool:
        """Ids are unique among open orders only: a filled market order frees its id at once."""
        return any(order.wish.client_id == client_id for order in self._open())

    def find(
        self, symbol: str, order_id: int | None, client_id: str | None, *, conditional: bool = False
    ) -> Order | None:
        """The newest one of that id."""
        for order in self._newest_first():
            if order.conditional != conditional or order.wish.symbol != symbol:
                continue
            if order.id == order_id or (order_id is None and order.wish.client_id == client_id):
                return order
        return None

    def find_conditional(self, order_id: int | None, client_id: str | None) -> Order | None:
        """Conditional orders are asked for without a symbol."""
        for order in self._newest_first():
            same = order.id == order_id or (order_id is None and order.wish.client_id == client_id)
            if order.conditional and same:
                return order
        return None

    def find_list(self, list_id: int | None, client_id: str | None) -> OrderList | None:
        for found in sorted(self.lists.values(), key=lambda each: -each.id):
            if found.id == list_id or (list_id is None and found.client_id == client_id):
                return found
        return None

    def algo_orders(self, symbol: str) -> int:
        """How many orders wait for a trigger: each of them counts against MAX_NUM_ALGO_ORDERS."""
        return sum(
            order.wish.kind in STOP_KINDS or order.wish.kind.startswith("TAKE_PROFIT")
            for order in self._open()
            if order.wish.symbol == symbol
        )

    def _open(self) -> list[Order]:
        over = [
            order.id for order in self._alive.values() if not (order.is_open or order.status == "PENDING_NEW")
        ]
        for order_id in over:
            del self._alive[order_id]
        return [order for order in self._alive.values() if order.is_open]

    def _newest_first(self) -> Iterator[Order]:
        return reversed(self.orders.values())
