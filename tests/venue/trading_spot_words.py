"""How Binance tells spot markets, orders, lists and trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.venue.trading_nouns import Filters, Listing, Order, OrderList, Trade

KINDS = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)


def text(value: Decimal) -> str:
    return f"{value:.8f}"


def filters_of(filters: Filters) -> list[dict[str, Any]]:
    # fmt: off
    return [
        {"filterType": "PRICE_FILTER", "minPrice": str(filters.lowest_price),
         "maxPrice": str(filters.highest_price), "tickSize": str(filters.tick)},
        {"filterType": "LOT_SIZE", "minQty": str(filters.smallest), "maxQty": str(filters.largest),
         "stepSize": str(filters.step)},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": str(filters.market_largest), "stepSize": "0"},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": filters.most_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": filters.most_algo_orders},
    ]
    # fmt: on


def band_of(filters: Filters) -> list[dict[str, Any]]:
    if filters.band is None:
        return []
    least, most = map(str, filters.band)
    sides = {"bidMultiplierUp": most, "bidMultiplierDown": least, "askMultiplierUp": most}
    return [{"filterType": "PERCENT_PRICE_BY_SIDE", **sides, "askMultiplierDown": least, "avgPriceMins": 5}]


def ticker_of(listing: Listing, now_ms: int) -> dict[str, Any]:
    sides = {"bidPrice": text(listing.bid), "bidQty": "10.0", "askPrice": text(listing.ask), "askQty": "10.0"}
    return {"symbol": listing.symbol, **sides, "time": now_ms}


def day_of(listing: Listing, now_ms: int) -> dict[str, Any]:
    price = text(listing.price)
    prices = dict.fromkeys(("lastPrice", "openPrice", "highPrice", "lowPrice", "weightedAvgPrice"), price)
    volumes = {"volume": "1000.0", "quoteVolume": text(listing.price * 1000)}
    times = {"openTime": now_ms - 86_400_000, "closeTime": now_ms}
    return {**ticker_of(listing, now_ms), **prices, **volumes, **times, "count": 1000}


def market(listing: Listing) -> dict[str, Any]:
    least: dict[str, Any] = {"filterType": "NOTIONAL", "minNotional": str(listing.filters.smallest_notional)}
    least |= {
        "applyMinToMarket": True,
        "maxNotional": "9000000",
        "applyMaxToMarket": False,
        "avgPriceMins": 5,
    }
    # fmt: off
    return {
        "symbol": listing.symbol, "status": listing.status, "baseAsset": listing.base,
        "quoteAsset": listing.quote, "baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8,
        "orderTypes": list(KINDS), "icebergAllowed": True, "ocoAllowed": True, "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True, "cancelReplaceAllowed": True, "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False, "permissions": ["SPOT"],
        "filters": [*filters_of(listing.filters), *band_of(listing.filters), least],
    }
    # fmt: on


def acknowledgement(order: Order) -> dict[str, Any]:
    return {
        "symbol": order.wish.symbol,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.wish.client_id,
        "transactTime": order.updated_ms,
    }


def _state(order: Order) -> dict[str, Any]:
    stop = {"stopPrice": text(order.wish.trigger)} if order.wish.trigger else {}
    return {
        "price": text(order.wish.price),
        "origQty": text(order.quantity),
        "executedQty": text(order.filled),
        "origQuoteOrderQty": text(order.wish.quote_quantity),
        "cummulativeQuoteQty": text(order.cost),
        "status": order.status,
        "timeInForce": order.wish.time_in_force,
        "type": order.wish.kind,
        "side": order.wish.side,
        **stop,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def order_report(order: Order) -> dict[str, Any]:
    fills = [
        {
            "price": text(trade.price),
            "qty": text(trade.quantity),
            "commission": text(trade.fee),
            "commissionAsset": trade.fee_asset,
            "tradeId": trade.id,
        }
        for trade in order.trades
    ]
    working = -1 if order.waiting else order.placed_ms
    return {**acknowledgement(order), **_state(order), "workingTime": working, "fills": fills}


def order_record(order: Order) -> dict[str, Any]:
    said = acknowledgement(order)
    del said["transactTime"]
    times = {"time": order.placed_ms, "updateTime": order.updated_ms}
    working = {"isWorking": not order.waiting, "workingTime": -1 if order.waiting else order.placed_ms}
    return {**said, **_state(order), **times, **working, "icebergQty": "0.00000000"}


def cancelled(order: Order, cancel_id: str) -> dict[str, Any]:
    said = acknowledgement(order) | {"origClientOrderId": order.wish.client_id, "clientOrderId": cancel_id}
    return said | _state(order)


def list_record(found: OrderList) -> dict[str, Any]:
    is_open = found.is_open
    return {
        "orderListId": found.id,
        "contingencyType": "OCO" if found.kind == "OCO" else "OTO",
        "listStatusType": "EXEC_STARTED" if is_open else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if is_open else "ALL_DONE",
        "listClientOrderId": found.client_id,
        "transactionTime": found.placed_ms,
        "symbol": found.symbol,
        "orders": [
            {"symbol": found.symbol, "orderId": order.id, "clientOrderId": order.wish.client_id}
            for order in found.orders
        ],
    }


def list_report(found: OrderList, now_ms: int) -> dict[str, Any]:
    reports = [order_report(order) for order in found.orders]
    return {**list_record(found), "transactionTime": now_ms, "orderReports": reports}


def trade_record(trade: Trade, list_id: int) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "id": trade.id,
        "orderId": trade.order_id,
        "orderListId": list_id,
        "price": text(trade.price),
        "qty": text(trade.quantity),
        "quoteQty": text(trade.quantity * trade.price),
        "commission": text(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at_ms,
        "isBuyer": trade.side == "BUY",
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }
