"""What spot and contracts refuse before an order is taken, in the venue's codes and words."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.venue.trading_nouns import LIMIT_KINDS, STOP_KINDS, Filters, Listing, Refusal, Side, Wish

SPOT_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
CONTRACT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")


def on_grid(value: Decimal, step: Decimal) -> bool:
    return value % step == 0


def would_trigger(kind: str, side: Side, trigger: Decimal, price: Decimal) -> bool:
    """Whether the price is at or beyond the trigger: stops follow the price, targets await it."""
    upward = (side == "BUY") == (kind in STOP_KINDS)
    return price >= trigger if upward else price <= trigger


def crosses(side: Side, price: Decimal, listing: Listing) -> bool:
    """Whether a limit order would be matched at once."""
    return price >= listing.ask if side == "BUY" else price <= listing.bid


def check_spot(wish: Wish, listing: Listing) -> None:
    """-1013 in its variants, -1100 for a client id."""
    if listing.status != "TRADING":
        raise Refusal(-1013, "Market is closed.")
    if not SPOT_ID.fullmatch(wish.client_id):
        raise Refusal(
            -1100,
            "Illegal characters found in parameter 'newClientOrderId';"
            " legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
        )
    filters = listing.filters
    for price in (wish.price, wish.trigger):
        if price and not _price_fits(price, filters):
            raise Refusal(-1013, "Filter failure: PRICE_FILTER")
    if filters.band and wish.price and not _in_band(wish.price, listing, filters.band):
        raise Refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")
    _check_spot_quantity(wish, filters)
    price = wish.price or wish.trigger or listing.taken_at(wish.side)
    if (wish.quote_quantity or wish.quantity * price) < filters.smallest_notional:
        raise Refusal(-1013, "Filter failure: NOTIONAL")


def _price_fits(price: Decimal, filters: Filters) -> bool:
    return filters.lowest_price <= price <= filters.highest_price and on_grid(price, filters.tick)


def _in_band(price: Decimal, listing: Listing, band: tuple[Decimal, Decimal]) -> bool:
    return listing.price * band[0] <= price <= listing.price * band[1]


def _check_spot_quantity(wish: Wish, filters: Filters) -> None:
    if wish.quote_quantity:
        return
    if not filters.smallest <= wish.quantity <= filters.largest or not on_grid(wish.quantity, filters.step):
        raise Refusal(-1013, "Filter failure: LOT_SIZE")
    if wish.kind not in LIMIT_KINDS and wish.quantity > filters.market_largest:
        raise Refusal(-1013, "Filter failure: MARKET_LOT_SIZE")


def check_contract(wish: Wish, listing: Listing) -> None:
    """-4xxx, -1111 and -4164: a reducing order may be small."""
    if listing.status != "TRADING":
        raise Refusal(-4140, "Invalid symbol status for opening position")
    if not CONTRACT_ID.fullmatch(wish.client_id):
        raise Refusal(-4015, "Client order id is not valid.")
    filters = listing.filters
    for price in (wish.price, wish.trigger):
        if price and not on_grid(price, filters.tick):
            raise Refusal(-4014, "Price not increased by tick size.")
        if price > filters.highest_price:
            raise Refusal(-4016, "Price is higher than mark price multiplier cap.")
    if filters.band and wish.price:
        # A buyer may not pay too much and a seller not take too little; what waits far away is welcome.
        if wish.side == "BUY" and wish.price > listing.price * filters.band[1]:
            raise Refusal(-4016, "Limit price can't be higher than that.")
        if wish.side == "SELL" and wish.price < listing.price * filters.band[0]:
            raise Refusal(-4024, "Limit price can't be lower than that.")
    if not wish.close_position:
        _check_contract_quantity(wish, listing)


def _check_contract_quantity(wish: Wish, listing: Listing) -> None:
    filters = listing.filters
    if wish.quantity <= 0:
        raise Refusal(-4003, "Quantity less than or equal to zero.")
    if not on_grid(wish.quantity, filters.step):
        raise Refusal(-1111, "Precision is over the maximum defined for this asset.")
    largest = filters.largest if wish.price else filters.market_largest
    if wish.quantity > largest:
        raise Refusal(-4005, "Quantity greater than max quantity.")
    price = wish.price or wish.trigger or listing.price
    if not wish.reduce_only and wish.quantity * price < filters.smallest_notional:
        least = f"Order's notional must be no smaller than {filters.smallest_notional}"
        raise Refusal(-4164, f"{least} (unless you choose reduce only).")
