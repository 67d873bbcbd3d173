"""Pairs on Binance spot (one cancels the other): sent, asked about and cancelled as one order of ours.

Source: Binance spot API, order lists; ccxt knows them as implicit methods only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from btk.adapters.ccxt_orders import order_of
from btk.core.order_ids import half_id
from btk.model.orders import OrderRequest, VenueOrder

_LIMIT, _STOP = "LIMIT_MAKER", "STOP_LOSS"


async def place_pair(client: Any, market: Mapping[str, Any], request: OrderRequest) -> VenueOrder | None:
    """Send a pair; None where the answer proves nothing."""
    target, stop = _halves(client, market, request)
    above, below = (target, stop) if request.side == "sell" else (stop, target)
    asked = {
        "symbol": market["id"],
        "side": request.side.upper(),
        "quantity": client.amount_to_precision(market["symbol"], request.quantity),
        "listClientOrderId": request.client_order_id,
        "newOrderRespType": "FULL",
        **{f"above{name}": value for name, value in above.items()},
        **{f"below{name}": value for name, value in below.items()},
    }
    return pair_of(client, market, await client.privatePostOrderListOco(asked), request)


async def look_up_pair(client: Any, market: Mapping[str, Any], request: OrderRequest) -> VenueOrder | None:
    """What became of a pair and its halves."""
    told = await client.privateGetOrderList({"origClientOrderId": request.client_order_id})
    if not _is_ours(told, request):
        return None
    halves = [
        await client.privateGetOrder({"symbol": market["id"], "orderId": each["orderId"]})
        for each in told["orders"]
    ]
    return pair_of(client, market, {**told, "orderReports": halves}, request)


async def cancel_pair(client: Any, market: Mapping[str, Any], request: OrderRequest) -> VenueOrder | None:
    """Cancel both halves; None where the answer proves nothing."""
    asked = {"symbol": market["id"], "listClientOrderId": request.client_order_id}
    return pair_of(client, market, await client.privateDeleteOrderList(asked), request)


def pair_of(client: Any, market: Mapping[str, Any], told: Any, request: OrderRequest) -> VenueOrder | None:
    """The pair as one order; None unless the list is ours and both halves are told."""
    if not _is_ours(told, request):
        return None
    halves = _known_halves(client, market, told.get("orderReports") or (), request)
    return _joined(str(told["orderListId"]), halves, request) if len(halves) == 2 else None


def pair_ids(told: Mapping[str, Any]) -> tuple[str, set[str]]:
    """Our id of a list and the venue's ids of its halves."""
    return str(told["listClientOrderId"]), {str(each["orderId"]) for each in told["orders"]}


def open_pair(client_order_id: str, symbol: str, halves: Iterable[VenueOrder]) -> VenueOrder | None:
    """A pair that is open, of its halves that are."""
    known = {"stop" if half.price_trigger else "target": half for half in halves}
    if not known:
        return None
    first = next(iter(known.values()))
    stop, target = known.get("stop"), known.get("target")
    return msgspec.structs.replace(
        first,
        client_order_id=client_order_id,
        symbol=symbol,
        kind="pair",
        price=target.price if target else None,
        price_trigger=stop.price_trigger if stop else None,
        trade_order_ids=tuple(half.order_id for half in known.values()),
        filled_half="",
    )


def _halves(
    client: Any, market: Mapping[str, Any], request: OrderRequest
) -> tuple[dict[str, Any], dict[str, Any]]:
    def price(level: float | None) -> Any:
        return client.price_to_precision(market["symbol"], level)

    target = {"Type": _LIMIT, "Price": price(request.price)}
    stop = {"Type": _STOP, "StopPrice": price(request.price_trigger)}
    target["ClientOrderId"] = half_id(request.client_order_id, "target")
    stop["ClientOrderId"] = half_id(request.client_order_id, "stop")
    return target, stop


def _is_ours(told: Any, request: OrderRequest) -> bool:
    return (
        isinstance(told, dict)
        and told.get("listClientOrderId") == request.client_order_id
        and told.get("orderListId") is not None
    )


def _known_halves(
    client: Any, market: Mapping[str, Any], reports: Iterable[Mapping[str, Any]], request: OrderRequest
) -> dict[Literal["stop", "target"], VenueOrder]:
    halves: dict[Literal["stop", "target"], VenueOrder] = {}
    for report in reports:
        half = order_of(client.id, market, client.parse_order(report, client.market(market["symbol"])))
        if half is None:
            continue
        for leg in ("stop", "target"):
            if half.client_order_id == half_id(request.client_order_id, leg):
                halves[leg] = half
    return halves


def _joined(
    list_id: str, halves: Mapping[Literal["stop", "target"], VenueOrder], request: OrderRequest
) -> VenueOrder:
    filled = next((leg for leg, half in halves.items() if half.filled), None)
    # The half that traded says how the pair ended, the other one was only taken away.
    telling = halves[filled or "stop"]
    return VenueOrder(
        client_order_id=request.client_order_id,
        order_id=list_id,
        symbol=request.symbol,
        side=request.side,
        kind="pair",
        status=telling.status,
        quantity=telling.quantity,
        filled=telling.filled,
        average_price=telling.average_price,
        cost=telling.cost,
        price=request.price,
        price_trigger=request.price_trigger,
        trade_order_ids=tuple(half.order_id for half in halves.values()),
        filled_half=filled or "",
        fills=telling.fills,
    )
