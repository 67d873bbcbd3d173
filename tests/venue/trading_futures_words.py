"""How Binance tells contracts, their orders, conditional orders, positions and trades."""

from __future__ import annotations

from typing import Any

from tests.venue.trading_contracts import MAINTENANCE, ContractMarket
from tests.venue.trading_nouns import Listing, Order, Position, Trade
from tests.venue.trading_spot_words import filters_of, text

ORDER_KINDS = ("LIMIT", "MARKET")
CONDITIONAL_KINDS = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET")
NEVER_MS = 4_133_404_800_000


def contract(listing: Listing) -> dict[str, Any]:
    least = {"filterType": "MIN_NOTIONAL", "notional": str(listing.filters.smallest_notional)}
    filters = [*filters_of(listing.filters), least]
    if listing.filters.band:
        down, up = map(str, listing.filters.band)
        filters.append({"filterType": "PERCENT_PRICE", "multiplierUp": up, "multiplierDown": down})
    # fmt: off
    return {
        "symbol": listing.symbol, "pair": listing.symbol, "contractType": "PERPETUAL",
        "deliveryDate": NEVER_MS, "onboardDate": 1_569_398_400_000, "status": listing.status,
        "baseAsset": listing.base, "quoteAsset": listing.quote, "marginAsset": listing.quote,
        "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8,
        "underlyingType": "COIN", "triggerProtect": "0.0500", "filters": filters,
        "orderTypes": [*ORDER_KINDS, *CONDITIONAL_KINDS, "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }
    # fmt: on


def order_record(order: Order) -> dict[str, Any]:
    wish = order.wish
    # fmt: off
    return {
        "orderId": order.id, "symbol": wish.symbol, "status": order.status, "clientOrderId": wish.client_id,
        "price": text(wish.price), "avgPrice": text(order.average), "origQty": text(order.quantity),
        "executedQty": text(order.filled), "cumQuote": text(order.cost), "timeInForce": wish.time_in_force,
        "type": wish.kind, "origType": wish.kind, "reduceOnly": wish.reduce_only,
        "closePosition": wish.close_position, "side": wish.side, "positionSide": wish.position_side,
        "stopPrice": "0.00", "workingType": "CONTRACT_PRICE", "priceProtect": False, "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER", "goodTillDate": 0,
        "time": order.placed_ms, "updateTime": order.updated_ms,
    }
    # fmt: on


def conditional_record(order: Order) -> dict[str, Any]:
    wish, actual = order.wish, order.actual
    # fmt: off
    return {
        "algoId": order.id, "clientAlgoId": wish.client_id, "algoType": "CONDITIONAL", "orderType": wish.kind,
        "symbol": wish.symbol, "side": wish.side, "positionSide": wish.position_side,
        "timeInForce": wish.time_in_force, "quantity": text(order.quantity), "algoStatus": order.status,
        "actualOrderId": str(actual.id) if actual else "", "actualPrice": text(actual.average) if actual else "0",
        "triggerPrice": text(wish.trigger), "price": text(wish.price), "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER", "workingType": "CONTRACT_PRICE", "priceMatch": "NONE",
        "closePosition": wish.close_position, "priceProtect": False, "reduceOnly": wish.reduce_only,
        "activatePrice": "", "callbackRate": "", "createTime": order.placed_ms, "updateTime": order.updated_ms,
        "triggerTime": actual.placed_ms if actual else 0, "goodTillDate": 0,
    }
    # fmt: on


def position_record(market: ContractMarket, position: Position) -> dict[str, Any]:
    price = market.book.listings[position.symbol].price
    margin = text(market.margin_of(position))
    # fmt: off
    return {
        "symbol": position.symbol, "positionSide": position.side, "positionAmt": text(position.amount),
        "entryPrice": text(position.entry), "breakEvenPrice": text(position.entry), "markPrice": text(price),
        "unRealizedProfit": text(market.profit_of(position)), "liquidationPrice": "0",
        "isolatedMargin": "0", "isolatedWallet": "0", "notional": text(position.amount * price),
        "marginAsset": "USDT", "initialMargin": margin, "positionInitialMargin": margin,
        "maintMargin": text(abs(position.amount) * price * MAINTENANCE), "openOrderInitialMargin": "0",
        "adl": 2, "bidNotional": "0", "askNotional": "0", "updateTime": position.updated_ms,
    }
    # fmt: on


def account_record(market: ContractMarket, now_ms: int) -> dict[str, Any]:
    cash, margin = text(market.cash), text(market.cash + market.unrealized)
    free, profit = text(market.available), text(market.unrealized)
    # fmt: off
    asset = {
        "asset": "USDT", "walletBalance": cash, "unrealizedProfit": profit, "marginBalance": margin,
        "maintMargin": "0", "initialMargin": text(market.cash + market.unrealized - market.available),
        "positionInitialMargin": "0", "openOrderInitialMargin": "0", "crossWalletBalance": cash,
        "crossUnPnl": profit, "availableBalance": free, "maxWithdrawAmount": free, "updateTime": now_ms,
    }
    # fmt: on
    totals = {"totalWalletBalance": cash, "totalUnrealizedProfit": profit, "totalMarginBalance": margin}
    held = [position_record(market, each) for each in market.positions.values() if each.amount]
    positions = [row | {"unrealizedProfit": row["unRealizedProfit"]} for row in held]
    return {**totals, "availableBalance": free, "assets": [asset], "positions": positions}


def trade_record(trade: Trade) -> dict[str, Any]:
    # fmt: off
    return {
        "symbol": trade.symbol, "id": trade.id, "orderId": trade.order_id, "side": trade.side,
        "price": text(trade.price), "qty": text(trade.quantity), "realizedPnl": text(trade.realized),
        "quoteQty": text(trade.quantity * trade.price), "commission": text(trade.fee),
        "commissionAsset": trade.fee_asset, "time": trade.at_ms, "positionSide": trade.position_side,
        "buyer": trade.side == "BUY", "maker": trade.is_maker,
    }
    # fmt: on
