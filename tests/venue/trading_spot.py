"""How Binance says it on spot: the private endpoints over the spot market."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tests.venue.trading_book import AccountBook
from tests.venue.trading_nouns import Order, OrderList, Refusal, Side, Trade, Wish
from tests.venue.trading_requests import Params
from tests.venue.trading_spot_words import (
    KINDS,
    acknowledgement,
    cancelled,
    day_of,
    list_record,
    list_report,
    market,
    order_record,
    order_report,
    text,
    ticker_of,
    trade_record,
)

if TYPE_CHECKING:
    from tests.venue.trading_venue import TradingVenue


class Route(NamedTuple):
    """What answers, what it weighs, and whether it must be signed."""

    answer: Callable[[TradingVenue, Params], Any]
    weight: int = 1
    signed: bool = True


def exchange_info(venue: TradingVenue, params: Params) -> Any:
    symbols = [market(listing) for listing in venue.spot.book.listings.values()]
    return {"timezone": "UTC", "serverTime": venue.clock.now_ms(), "rateLimits": [], "symbols": symbols}


def server_time(venue: TradingVenue, params: Params) -> Any:
    return {"serverTime": venue.clock.now_ms()}


def book_ticker(venue: TradingVenue, params: Params) -> Any:
    return asked_tickers(venue.spot.book, params, venue.clock.now_ms())


def day_ticker(venue: TradingVenue, params: Params) -> Any:
    return day_of(venue.spot.book.listing(params.need("symbol")), venue.clock.now_ms())


def price_ticker(venue: TradingVenue, params: Params) -> Any:
    listing = venue.spot.book.listing(params.need("symbol"))
    return {"symbol": listing.symbol, "price": text(listing.price)}


def account(venue: TradingVenue, params: Params) -> Any:
    balances = [
        {"asset": asset, "free": text(balance.free), "locked": text(balance.locked)}
        for asset, balance in venue.spot.wallet.balances.items()
    ]
    rate = text(venue.spot.fee_rate)
    # fmt: off
    return {"makerCommission": 10, "takerCommission": 10, "commissionRates": {"maker": rate, "taker": rate},
            "canTrade": venue.key.can_trade, "canWithdraw": True, "canDeposit": True, "accountType": "SPOT",
            "uid": venue.account_id, "updateTime": venue.clock.now_ms(), "balances": balances,
            "permissions": ["SPOT"]}
    # fmt: on


def new_order(venue: TradingVenue, params: Params) -> Any:
    wish = wish_of(venue, params)
    said = params.text("newOrderRespType", "FULL" if wish.kind in ("MARKET", "LIMIT") else "ACK")
    params.all_read()
    order = venue.spot.place(wish)
    return order_report(order) if said != "ACK" else acknowledgement(order)


def query_order(venue: TradingVenue, params: Params) -> Any:
    return order_record(_found(venue, params, Refusal(-2013, "Order does not exist.")))


def cancel_order(venue: TradingVenue, params: Params) -> Any:
    order = _found(venue, params, Refusal(-2011, "Unknown order sent."))
    cancel_id = params.text("newClientOrderId") or venue.made_up_id()
    venue.spot.cancel(order)
    if order.list_id in venue.spot.book.lists:
        return list_report(venue.spot.book.lists[order.list_id], venue.clock.now_ms())
    return cancelled(order, cancel_id)


def open_orders(venue: TradingVenue, params: Params) -> Any:
    waiting = venue.spot.book.open_orders(params.text("symbol") or None)
    return [order_record(order) for order in waiting if venue.sees(order)]


def all_orders(venue: TradingVenue, params: Params) -> Any:
    symbol, since = params.need("symbol"), params.integer("startTime") or 0
    found = [order for order in venue.spot.book.orders.values() if order.wish.symbol == symbol]
    return [order_record(order) for order in found if order.placed_ms >= since][
        -(params.integer("limit") or 500) :
    ]


def cancel_open_orders(venue: TradingVenue, params: Params) -> Any:
    orders = venue.spot.book.open_orders(params.need("symbol"))
    if not orders:
        raise Refusal(-2011, "Unknown order sent.")
    for order in orders:
        if order.is_open:
            venue.spot.cancel(order)
    return [cancelled(order, venue.made_up_id()) for order in orders]


def new_oco(venue: TradingVenue, params: Params) -> Any:
    wishes = [_leg(venue, params, leg, "") for leg in ("above", "below")]
    return _placed_list(venue, params, "OCO", wishes)


def new_otoco(venue: TradingVenue, params: Params) -> Any:
    working = Wish(
        symbol=params.need("symbol"),
        side=cast(Side, params.need("workingSide")),
        kind=params.need("workingType"),
        client_id=params.text("workingClientOrderId") or venue.made_up_id(),
        quantity=params.number("workingQuantity"),
        price=params.number("workingPrice"),
        time_in_force=params.text("workingTimeInForce", "GTC"),
    )
    pair = [_leg(venue, params, leg, "pending") for leg in ("Above", "Below")]
    return _placed_list(venue, params, "OTOCO", [working, *pair])


def query_list(venue: TradingVenue, params: Params) -> Any:
    list_id, client_id = params.integer("orderListId"), params.text("origClientOrderId")
    params.all_read()
    return list_record(_found_list(venue, list_id, client_id, -2013, "Order list does not exist."))


def cancel_list(venue: TradingVenue, params: Params) -> Any:
    params.need("symbol")
    list_id, client_id = params.integer("orderListId"), params.text("listClientOrderId")
    found = _found_list(venue, list_id, client_id, -2011, "Unknown order list sent.")
    still_open = [order for order in found.orders if order.is_open]
    if not still_open:
        raise Refusal(-2011, "Unknown order list sent.")
    venue.spot.cancel(still_open[0])
    return list_report(found, venue.clock.now_ms())


def open_lists(venue: TradingVenue, params: Params) -> Any:
    return [list_record(found) for found in venue.spot.book.lists.values() if found.is_open]


def my_trades(venue: TradingVenue, params: Params) -> Any:
    trades = trades_asked_for(venue.spot.book.trades, params)
    lists = {order.id: order.list_id for order in venue.spot.book.orders.values()}
    return [trade_record(trade, lists[trade.order_id]) for trade in trades]


def restrictions(venue: TradingVenue, params: Params) -> Any:
    key = venue.key
    return {
        "ipRestrict": key.is_bound_to_addresses,
        "createTime": 1,
        "enableReading": True,
        "enableWithdrawals": key.can_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": key.can_trade,
        "enableSpotAndMarginTrading": key.can_trade,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
    }


def wish_of(venue: TradingVenue, params: Params) -> Wish:
    """A new order as it was sent; -1102 and -1116 for half of one."""
    kind = params.need("type")
    if kind not in KINDS:
        raise Refusal(-1116, "Invalid orderType.")
    wish = Wish(
        symbol=params.need("symbol"),
        side=cast(Side, params.need("side")),
        kind=kind,
        client_id=params.text("newClientOrderId") or venue.made_up_id(),
        quantity=params.number("quantity"),
        price=params.number("price"),
        trigger=params.number("stopPrice"),
        quote_quantity=params.number("quoteOrderQty"),
        time_in_force=params.text("timeInForce", "GTC"),
    )
    _check_complete(wish)
    return wish


def fees(venue: TradingVenue, params: Params) -> Any:
    rate = text(venue.spot.fee_rate)
    symbols = [params.text("symbol")] if params.text("symbol") else list(venue.spot.book.listings)
    return [{"symbol": each, "makerCommission": rate, "takerCommission": rate} for each in symbols]


def asked_tickers(book: AccountBook, params: Params, now_ms: int) -> Any:
    """One for `symbol`, a list for `symbols` or for none."""
    if symbol := params.text("symbol"):
        return ticker_of(book.listing(symbol), now_ms)
    symbols = json.loads(params.text("symbols") or "[]") or list(book.listings)
    return [ticker_of(book.listing(each), now_ms) for each in symbols]


def trades_asked_for(trades: list[Trade], params: Params) -> list[Trade]:
    """By symbol, order, first id and time; the newest ones when neither of the latter is given."""
    symbol, order_id = params.need("symbol"), params.integer("orderId")
    since, until = params.integer("startTime"), params.integer("endTime")
    first, most = params.integer("fromId"), params.integer("limit") or 500
    found = [
        trade
        for trade in trades
        if trade.symbol == symbol
        and order_id in (None, trade.order_id)
        and (since or 0) <= trade.at_ms <= (until or trade.at_ms)
        and trade.id >= (first or 0)
    ]
    return found[-most:] if since is None and first is None else found[:most]


def _check_complete(wish: Wish) -> None:
    if not wish.quantity and not wish.quote_quantity:
        raise Refusal(-1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.")
    if "LIMIT" in wish.kind and not wish.price:
        raise Refusal(-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")
    if wish.kind.startswith(("STOP", "TAKE")) and not wish.trigger:
        raise Refusal(-1102, "A mandatory parameter was not sent: 'stopPrice' or 'trailingDelta'.")


def _leg(venue: TradingVenue, params: Params, leg: str, prefix: str) -> Wish:
    name = prefix + leg
    return Wish(
        symbol=params.need("symbol"),
        side=cast(Side, params.need(f"{prefix}Side" if prefix else "side")),
        kind=params.need(f"{name}Type"),
        client_id=params.text(f"{name}ClientOrderId") or venue.made_up_id(),
        quantity=params.number(f"{prefix}Quantity" if prefix else "quantity"),
        price=params.number(f"{name}Price"),
        trigger=params.number(f"{name}StopPrice"),
        time_in_force=params.text(f"{name}TimeInForce", "GTC"),
    )


def _placed_list(venue: TradingVenue, params: Params, kind: str, wishes: list[Wish]) -> Any:
    client_id = params.text("listClientOrderId") or venue.made_up_id()
    params.text("newOrderRespType")
    params.all_read()
    for wish in wishes:
        _check_complete(wish)
    return list_report(venue.spot.place_list(client_id, kind, wishes), venue.clock.now_ms())


def _found(venue: TradingVenue, params: Params, missing: Refusal) -> Order:
    symbol = params.need("symbol")
    order_id, client_id = params.integer("orderId"), params.text("origClientOrderId")
    if order_id is None and not client_id:
        raise Refusal(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    venue.spot.book.listing(symbol)
    order = venue.spot.book.find(symbol, order_id, client_id)
    if order is None or not venue.sees(order):
        raise missing
    return order


def _found_list(
    venue: TradingVenue, list_id: int | None, client_id: str, code: int, message: str
) -> OrderList:
    found = venue.spot.book.find_list(list_id, client_id)
    if found is None or not venue.sees(found.orders[0]):
        raise Refusal(code, message)
    return found


SPOT_ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/api/v3/ping"): Route(lambda venue, params: {}, signed=False),
    ("GET", "/api/v3/time"): Route(server_time, signed=False),
    ("GET", "/api/v3/exchangeInfo"): Route(exchange_info, 20, signed=False),
    ("GET", "/api/v3/ticker/bookTicker"): Route(book_ticker, 2, signed=False),
    ("GET", "/api/v3/ticker/24hr"): Route(day_ticker, 2, signed=False),
    ("GET", "/api/v3/ticker/price"): Route(price_ticker, 2, signed=False),
    ("GET", "/api/v3/account"): Route(account, 20),
    ("POST", "/api/v3/order"): Route(new_order),
    ("GET", "/api/v3/order"): Route(query_order, 4),
    ("DELETE", "/api/v3/order"): Route(cancel_order),
    ("GET", "/api/v3/openOrders"): Route(open_orders, 6),
    ("DELETE", "/api/v3/openOrders"): Route(cancel_open_orders),
    ("GET", "/api/v3/allOrders"): Route(all_orders, 20),
    ("POST", "/api/v3/orderList/oco"): Route(new_oco),
    ("POST", "/api/v3/orderList/otoco"): Route(new_otoco),
    ("GET", "/api/v3/orderList"): Route(query_list, 4),
    ("DELETE", "/api/v3/orderList"): Route(cancel_list),
    ("GET", "/api/v3/openOrderList"): Route(open_lists, 6),
    ("GET", "/api/v3/myTrades"): Route(my_trades, 20),
    ("GET", "/sapi/v1/account/apiRestrictions"): Route(restrictions),
    ("GET", "/sapi/v1/asset/tradeFee"): Route(fees),
}
