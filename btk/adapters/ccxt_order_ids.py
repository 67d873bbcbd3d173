"""Our order ids as each venue takes them: the parameter they go by, and the form they must have.

Source: reliability.md 2.5, measured with ccxt 4.5.90; one row a venue, and a plain one for those that are not proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from btk.core.order_ids import TAG, is_ours


class IdForm(NamedTuple):
    """The names ids go by when an order is created or asked about, `*_trigger` for conditional ones, and their form."""

    create: str = "clientOrderId"
    create_trigger: str = "clientOrderId"
    ask: str = "clientOrderId"
    ask_trigger: str = "clientOrderId"
    prefix: str = ""
    keeps_tag: bool = True


ID_FORMS: Mapping[str, IdForm] = {
    "binance": IdForm(ask="origClientOrderId"),
    "binanceusdm": IdForm(),
    "bybit": IdForm(ask="orderLinkId", ask_trigger="orderLinkId"),
    "okx": IdForm(create_trigger="algoClOrdId", ask_trigger="algoClOrdId"),
    "kraken": IdForm(ask="cl_ord_id", ask_trigger="cl_ord_id"),
    # 28 characters after its own prefix: the tag is left out, which the check still covers.
    "gate": IdForm(
        create="text", create_trigger="text", ask="text", ask_trigger="text", prefix="t-", keeps_tag=False
    ),
    "hyperliquid": IdForm(prefix="0x"),
}


def encoded(venue: str, client_order_id: str) -> str:
    """Our id as the venue takes it."""
    form = ID_FORMS.get(venue, IdForm())
    return form.prefix + (client_order_id if form.keeps_tag else client_order_id.removeprefix(TAG))


def decoded(venue: str, told: str | None) -> str:
    """The venue's word for an order as our id; whatever else it is, as it is."""
    form = ID_FORMS.get(venue, IdForm())
    if not told or not told.startswith(form.prefix):
        return told or ""
    bare = told.removeprefix(form.prefix)
    ours = bare if form.keeps_tag else TAG + bare
    return ours if is_ours(ours) else told


def creating(venue: str, client_order_id: str, *, trigger: bool) -> dict[str, Any]:
    """The parameters that give a new order our id."""
    form = ID_FORMS.get(venue, IdForm())
    return {form.create_trigger if trigger else form.create: encoded(venue, client_order_id)}


def asking(venue: str, client_order_id: str, *, trigger: bool) -> dict[str, Any]:
    """The parameters that ask about an order, or cancel it, by our id."""
    form = ID_FORMS.get(venue, IdForm())
    if trigger:
        return {form.ask_trigger: encoded(venue, client_order_id), "trigger": True}
    return {form.ask: encoded(venue, client_order_id)}
