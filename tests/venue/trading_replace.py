"""A cancel and a new order in one spot request, of which only one half may happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.venue.trading_nouns import Refusal
from tests.venue.trading_requests import Params
from tests.venue.trading_spot import wish_of
from tests.venue.trading_spot_words import cancelled, order_report

if TYPE_CHECKING:
    from tests.venue.trading_venue import TradingVenue


def cancel_replace(venue: TradingVenue, params: Params) -> Any:
    """-2022 when nothing happened; -2021 when the old order is gone, or still there, and only one half was done."""
    wish = wish_of(venue, params)
    goes_on = params.need("cancelReplaceMode") == "ALLOW_FAILURE"
    order_id, client_id = params.integer("cancelOrderId"), params.text("cancelOrigClientOrderId")
    cancel_id = params.text("cancelNewClientOrderId") or venue.made_up_id()
    params.text("newOrderRespType")
    params.all_read()
    old = venue.spot.book.find(wish.symbol, order_id, client_id)
    halves: dict[str, Any] = {"cancelResult": "SUCCESS", "newOrderResult": "NOT_ATTEMPTED"}
    try:
        if old is None:
            raise Refusal(-2011, "Unknown order sent.")
        venue.spot.cancel(old)
        halves["cancelResponse"] = cancelled(old, cancel_id)
    except Refusal as refusal:
        halves |= {"cancelResult": "FAILURE", "cancelResponse": _document(refusal), "newOrderResponse": None}
        if not goes_on:
            raise Refusal(-2022, "Order cancel-replace failed.", data=halves) from refusal
    try:
        halves |= {"newOrderResponse": order_report(venue.spot.place(wish)), "newOrderResult": "SUCCESS"}
    except Refusal as refusal:
        halves |= {"newOrderResult": "FAILURE", "newOrderResponse": _document(refusal)}
    return _both_or_told(halves)


def _both_or_told(halves: dict[str, Any]) -> Any:
    results = {halves["cancelResult"], halves["newOrderResult"]}
    if results == {"FAILURE"}:
        raise Refusal(-2022, "Order cancel-replace failed.", data=halves)
    if "FAILURE" in results:
        raise Refusal(-2021, "Order cancel-replace partially failed.", 409, halves)
    return halves


def _document(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "msg": refusal.message}
