"""Orders between our words and ccxt's: what is sent for a request, and what its answers say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from btk.adapters.ccxt_order_ids import creating, decoded
from btk.model.orders import TRIGGERED, Fill, OrderKind, OrderRequest, OrderStatus, VenueOrder

_STATUSES: Mapping[str, OrderStatus] = {
    "open": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "canceling": "open",
    "rejected": "rejected",
    "expired": "expired",
}
_TRIGGER_PARAMETER: Mapping[OrderKind, str] = {"stop": "stopLossPrice", "target": "takeProfitPrice"}


async def place(client: Any, market: Mapping[str, Any], request: OrderRequest) -> VenueOrder | None:
    """Send an order; None where the answer proves nothing. ccxt's errors pass through.

    A market order never gets a price: on spot it would become an order for a cost.
    """
    params = creating(client.id, request.client_order_id, trigger=request.kind in TRIGGERED)
    if request.kind in TRIGGERED:
        params[_TRIGGER_PARAMETER[request.kind]] = request.price_trigger
    if request.reduce_only:
        params["reduceOnly"] = True
    kind = "limit" if request.kind == "limit" else "market"
    price = request.price if kind == "limit" else None
    amount = _in_contracts(request.quantity, market)
    answer = await client.create_order(market["symbol"], kind, request.side, amount, price, params)
    return order_of(client.id, market, answer, request)


def order_of(
    venue: str, market: Mapping[str, Any], told: Any, request: OrderRequest | None = None
) -> VenueOrder | None:
    """ccxt's order in our words; None unless it has an id, a status we know and our id, if it is to be `request`'s."""
    if not isinstance(told, dict) or not told.get("id") or told.get("status") not in _STATUSES:
        return None
    info = told.get("info") or {}
    # After a cancelling Binance tells the id of that, and ours only beside it.
    client_id = decoded(venue, info.get("origClientOrderId") or told.get("clientOrderId"))
    if request is not None and client_id != request.client_order_id:
        return None
    filled = _number(told.get("filled")) * contract_size(market)
    quantity = _number(told.get("amount")) * contract_size(market)
    status = _STATUSES[told["status"]]
    return VenueOrder(
        client_order_id=client_id,
        order_id=str(told["id"]),
        symbol=request.symbol if request else "",
        side=told["side"],
        kind=request.kind if request else _kind(told),
        status="partial" if status == "open" and filled else status,
        quantity=quantity,
        filled=filled,
        average_price=told.get("average") or None,
        cost=_number(told.get("cost")) if filled else 0.0,
        price=told.get("price") or None,
        price_trigger=told.get("triggerPrice") or None,
        reduce_only=bool(told.get("reduceOnly")),
        trigger="algoId" in info,
        trade_order_ids=(str(info["actualOrderId"]),) if info.get("actualOrderId") else (),
        fills=fills_of(market, told.get("trades") or (), told),
    )


def named(order: VenueOrder, symbol: str) -> VenueOrder:
    """The order with the file form of its symbol."""
    return msgspec.structs.replace(order, symbol=symbol)


def become(order: VenueOrder, actual: VenueOrder) -> VenueOrder:
    """A conditional order that was triggered, with what the order it became has done."""
    return msgspec.structs.replace(
        order,
        status=actual.status,
        filled=actual.filled,
        average_price=actual.average_price,
        cost=actual.cost,
        fills=actual.fills,
    )


def fills_of(
    market: Mapping[str, Any], trades: Iterable[Mapping[str, Any]], order: Mapping[str, Any] | None = None
) -> tuple[Fill, ...]:
    """ccxt's trades in our words, the oldest first; those without an id or a price cannot be counted once and are left.

    Trades inside an answer to an `order` have its id and time.
    """
    fills = [_fill(market, trade, order or {}) for trade in trades if trade.get("id") and trade.get("price")]
    return tuple(sorted(fills, key=lambda fill: (fill.at_ms, fill.trade_id)))


def contract_size(market: Mapping[str, Any]) -> float:
    """The base currency of one contract; 1 on spot."""
    return float(market.get("contractSize") or 1.0) if market.get("contract") else 1.0


def _in_contracts(quantity: float, market: Mapping[str, Any]) -> float:
    # As decimal numbers: 0.29 / 0.01 as floats is a hair below 29, which ccxt cuts to 28.
    return float(Decimal(repr(quantity)) / Decimal(repr(contract_size(market))))


def _fill(market: Mapping[str, Any], trade: Mapping[str, Any], order: Mapping[str, Any]) -> Fill:
    fee = trade.get("fee") or {}
    cost, currency = _number(fee.get("cost")), str(fee.get("currency") or "")
    # What is held of a contract is no currency: no fee is taken out of it.
    in_base = currency == market["base"] and not market.get("contract")
    third = currency != market["quote"] and not in_base
    return Fill(
        trade_id=str(trade["id"]),
        order_id=str(trade.get("order") or order.get("id") or ""),
        price=float(trade["price"]),
        quantity=float(trade["amount"]) * contract_size(market),
        fee_quote=cost if currency == market["quote"] else 0.0,
        fee_base=cost if in_base else 0.0,
        fee_other=cost if third else 0.0,
        fee_currency=currency if third else "",
        at_ms=int(trade.get("timestamp") or order.get("lastTradeTimestamp") or order.get("timestamp") or 0),
    )


def _kind(told: Mapping[str, Any]) -> OrderKind:
    if not told.get("triggerPrice"):
        return "limit" if told.get("type") == "limit" else "market"
    return "target" if told.get("takeProfitPrice") else "stop"


def _number(told: Any) -> float:
    return float(told) if told else 0.0
