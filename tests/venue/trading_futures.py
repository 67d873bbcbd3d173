"""How Binance says it on USDT-M futures: the private endpoints over the contract market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tests.venue.trading_contracts import MAINTENANCE
from tests.venue.trading_futures_words import (
    CONDITIONAL_KINDS,
    ORDER_KINDS,
    account_record,
    conditional_record,
    contract,
    order_record,
    position_record,
    trade_record,
)
from tests.venue.trading_nouns import Order, Refusal, Side, Wish
from tests.venue.trading_requests import Params
from tests.venue.trading_spot import Route, asked_tickers, server_time, trades_asked_for
from tests.venue.trading_spot_words import day_of, text

if TYPE_CHECKING:
    from tests.venue.trading_venue import TradingVenue


def exchange_info(venue: TradingVenue, params: Params) -> Any:
    symbols = [contract(listing) for listing in venue.contracts.book.listings.values()]
    return {"timezone": "UTC", "serverTime": venue.clock.now_ms(), "rateLimits": [], "symbols": symbols}


def book_ticker(venue: TradingVenue, params: Params) -> Any:
    return asked_tickers(venue.contracts.book, params, venue.clock.now_ms())


def day_ticker(venue: TradingVenue, params: Params) -> Any:
    return day_of(venue.contracts.book.listing(params.need("symbol")), venue.clock.now_ms())


def premium(venue: TradingVenue, params: Params) -> Any:
    listing = venue.contracts.book.listing(params.need("symbol"))
    price, now = text(listing.price), venue.clock.now_ms()
    marks = {"markPrice": price, "indexPrice": price, "estimatedSettlePrice": price}
    return {
        "symbol": listing.symbol,
        **marks,
        "lastFundingRate": "0.0001",
        "nextFundingTime": now,
        "time": now,
    }


def account(venue: TradingVenue, params: Params) -> Any:
    return account_record(venue.contracts, venue.clock.now_ms())


def balances(venue: TradingVenue, params: Params) -> Any:
    asset = account_record(venue.contracts, venue.clock.now_ms())["assets"][0]
    return [{**asset, "balance": asset["walletBalance"], "accountAlias": "SgsR"}]


def account_settings(venue: TradingVenue, params: Params) -> Any:
    can = {"canTrade": venue.key.can_trade, "canDeposit": True, "canWithdraw": True}
    return {**can, "dualSidePosition": venue.contracts.is_hedged, "multiAssetsMargin": False}


def positions(venue: TradingVenue, params: Params) -> Any:
    """Only those that are held: so it is since version 3."""
    symbol = params.text("symbol")
    held = [each for each in venue.contracts.positions.values() if each.amount]
    return [position_record(venue.contracts, each) for each in held if symbol in ("", each.symbol)]


def brackets(venue: TradingVenue, params: Params) -> Any:
    limits = {
        "notionalCap": 9_000_000,
        "notionalFloor": 0,
        "maintMarginRatio": float(MAINTENANCE),
        "cum": 0.0,
    }
    bracket = {"bracket": 1, "initialLeverage": 125, **limits}
    return [{"symbol": symbol, "brackets": [bracket]} for symbol in venue.contracts.book.listings]


def new_order(venue: TradingVenue, params: Params) -> Any:
    kind = params.need("type")
    if kind in CONDITIONAL_KINDS:
        order_api = "Please use the Algo Order API endpoints instead."
        raise Refusal(-4120, f"Order type not supported for this endpoint. {order_api}")
    if kind not in ORDER_KINDS:
        raise Refusal(-1116, "Invalid orderType.")
    wish = _wish(venue, params, kind, "newClientOrderId")
    if kind == "LIMIT" and not wish.price:
        raise Refusal(-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")
    order = venue.contracts.place(wish)
    said = order_record(order)
    if params.text("newOrderRespType", "ACK") == "ACK":
        said |= {
            "status": "NEW",
            "executedQty": text(order.quantity * 0),
            "cumQuote": "0",
            "avgPrice": "0.00",
        }
    return said


def query_order(venue: TradingVenue, params: Params) -> Any:
    return order_record(_found(venue, params, Refusal(-2013, "Order does not exist.")))


def cancel_order(venue: TradingVenue, params: Params) -> Any:
    order = _found(venue, params, Refusal(-2011, "Unknown order sent."))
    venue.contracts.cancel(order)
    return order_record(order)


def open_orders(venue: TradingVenue, params: Params) -> Any:
    waiting = venue.contracts.book.open_orders(params.text("symbol") or None)
    return [order_record(order) for order in waiting if venue.sees(order)]


def all_orders(venue: TradingVenue, params: Params) -> Any:
    symbol, since = params.need("symbol"), params.integer("startTime") or 0
    orders = [each for each in venue.contracts.book.orders.values() if not each.conditional]
    found = [each for each in orders if each.wish.symbol == symbol and each.placed_ms >= since]
    return [order_record(order) for order in found[-(params.integer("limit") or 500) :]]


def cancel_open_orders(venue: TradingVenue, params: Params) -> Any:
    for order in venue.contracts.book.open_orders(params.need("symbol")):
        venue.contracts.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def new_conditional(venue: TradingVenue, params: Params) -> Any:
    kind = params.need("type")
    if params.need("algoType") != "CONDITIONAL" or kind not in CONDITIONAL_KINDS:
        raise Refusal(-1116, "Invalid orderType.")
    wish = _wish(venue, params, kind, "clientAlgoId")
    if not wish.trigger:
        raise Refusal(-1102, "Mandatory parameter 'triggerPrice' was not sent, was empty/null, or malformed.")
    if kind in ("STOP", "TAKE_PROFIT") and not wish.price:
        raise Refusal(-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")
    said = conditional_record(venue.contracts.place_conditional(wish))
    return {name: value for name, value in said.items() if not name.startswith("actual")}


def query_conditional(venue: TradingVenue, params: Params) -> Any:
    return conditional_record(_found_conditional(venue, params, Refusal(-2013, "Order does not exist.")))


def cancel_conditional(venue: TradingVenue, params: Params) -> Any:
    order = _found_conditional(venue, params, Refusal(-2011, "Unknown order sent."))
    venue.contracts.cancel(order)
    return {"algoId": order.id, "clientAlgoId": order.wish.client_id, "code": "200", "msg": "success"}


def open_conditionals(venue: TradingVenue, params: Params) -> Any:
    symbol = params.text("symbol") or None
    waiting = venue.contracts.book.open_orders(symbol, conditional=True)
    return [conditional_record(each) for each in waiting if venue.sees(each)]


def all_conditionals(venue: TradingVenue, params: Params) -> Any:
    symbol = params.need("symbol")
    orders = [each for each in venue.contracts.book.orders.values() if each.conditional]
    return [conditional_record(each) for each in orders if each.wish.symbol == symbol]


def cancel_conditionals(venue: TradingVenue, params: Params) -> Any:
    for order in venue.contracts.book.open_orders(params.need("symbol"), conditional=True):
        venue.contracts.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def my_trades(venue: TradingVenue, params: Params) -> Any:
    return [trade_record(trade) for trade in trades_asked_for(venue.contracts.book.trades, params)]


def set_leverage(venue: TradingVenue, params: Params) -> Any:
    symbol, leverage = params.need("symbol"), params.integer("leverage") or 0
    venue.contracts.set_leverage(symbol, leverage)
    return {"symbol": symbol, "leverage": leverage, "maxNotionalValue": "9000000"}


def set_margin(venue: TradingVenue, params: Params) -> Any:
    venue.contracts.set_margin(params.need("symbol"), params.need("marginType"))
    return {"code": 200, "msg": "success"}


def symbol_settings(venue: TradingVenue, params: Params) -> Any:
    symbol = params.text("symbol")
    symbols = [venue.contracts.book.listing(symbol).symbol] if symbol else list(venue.contracts.book.listings)
    terms = [(each, venue.contracts.terms[each]) for each in symbols]
    rest = {"isAutoAddMargin": "false", "maxNotionalValue": "9000000"}
    return [
        {"symbol": each, "marginType": term.margin, "leverage": term.leverage, **rest} for each, term in terms
    ]


def hedging(venue: TradingVenue, params: Params) -> Any:
    return {"dualSidePosition": venue.contracts.is_hedged}


def set_hedging(venue: TradingVenue, params: Params) -> Any:
    venue.contracts.set_hedged(params.flag("dualSidePosition"))
    return {"code": 200, "msg": "success"}


def fees(venue: TradingVenue, params: Params) -> Any:
    rate = text(venue.contracts.fee_rate)
    return {"symbol": params.need("symbol"), "makerCommissionRate": rate, "takerCommissionRate": rate}


def _wish(venue: TradingVenue, params: Params, kind: str, id_name: str) -> Wish:
    return Wish(
        symbol=params.need("symbol"),
        side=cast(Side, params.need("side")),
        kind=kind,
        client_id=params.text(id_name) or venue.made_up_id(),
        quantity=params.number("quantity"),
        price=params.number("price"),
        trigger=params.number("triggerPrice"),
        time_in_force=params.text("timeInForce", "GTC"),
        reduce_only=params.flag("reduceOnly"),
        close_position=params.flag("closePosition"),
        position_side=params.text("positionSide", "BOTH"),
    )


def _found(venue: TradingVenue, params: Params, missing: Refusal) -> Order:
    symbol = params.need("symbol")
    order_id, client_id = params.integer("orderId"), params.text("origClientOrderId")
    venue.contracts.book.listing(symbol)
    order = venue.contracts.book.find(symbol, order_id, client_id)
    if order is None or not venue.sees(order):
        raise missing
    return order


def _found_conditional(venue: TradingVenue, params: Params, missing: Refusal) -> Order:
    order_id, client_id = params.integer("algoId"), params.text("clientAlgoId")
    order = venue.contracts.book.find_conditional(order_id, client_id)
    if order is None or not venue.sees(order):
        raise missing
    return order


FUTURES_ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/fapi/v1/ping"): Route(lambda venue, params: {}, signed=False),
    ("GET", "/fapi/v1/time"): Route(server_time, signed=False),
    ("GET", "/fapi/v1/exchangeInfo"): Route(exchange_info, signed=False),
    ("GET", "/fapi/v1/ticker/bookTicker"): Route(book_ticker, 2, signed=False),
    ("GET", "/fapi/v1/ticker/24hr"): Route(day_ticker, signed=False),
    ("GET", "/fapi/v1/premiumIndex"): Route(premium, signed=False),
    ("GET", "/fapi/v3/account"): Route(account, 5),
    ("GET", "/fapi/v3/balance"): Route(balances, 5),
    ("GET", "/fapi/v2/balance"): Route(balances, 5),
    ("GET", "/fapi/v1/accountConfig"): Route(account_settings, 5),
    ("GET", "/fapi/v3/positionRisk"): Route(positions, 5),
    ("GET", "/fapi/v1/leverageBracket"): Route(brackets),
    ("POST", "/fapi/v1/order"): Route(new_order),
    ("GET", "/fapi/v1/order"): Route(query_order),
    ("DELETE", "/fapi/v1/order"): Route(cancel_order),
    ("GET", "/fapi/v1/openOrders"): Route(open_orders),
    ("GET", "/fapi/v1/allOrders"): Route(all_orders, 5),
    ("DELETE", "/fapi/v1/allOpenOrders"): Route(cancel_open_orders),
    ("POST", "/fapi/v1/algoOrder"): Route(new_conditional),
    ("GET", "/fapi/v1/algoOrder"): Route(query_conditional),
    ("DELETE", "/fapi/v1/algoOrder"): Route(cancel_conditional),
    ("GET", "/fapi/v1/openAlgoOrders"): Route(open_conditionals),
    ("GET", "/fapi/v1/allAlgoOrders"): Route(all_conditionals, 5),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Route(cancel_conditionals),
    ("GET", "/fapi/v1/userTrades"): Route(my_trades, 5),
    ("POST", "/fapi/v1/leverage"): Route(set_leverage),
    ("POST", "/fapi/v1/marginType"): Route(set_margin),
    ("GET", "/fapi/v1/symbolConfig"): Route(symbol_settings, 5),
    ("GET", "/fapi/v1/positionSide/dual"): Route(hedging, 30),
    ("POST", "/fapi/v1/positionSide/dual"): Route(set_hedging),
    ("GET", "/fapi/v1/commissionRate"): Route(fees, 20),
}
