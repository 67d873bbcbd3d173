"""Price bands: how far from the market's price a limit order may be, and the nearest one to a wish that is taken.

Only limit prices are bounded: what waits for a trigger is not (Binance: `price` passes PERCENT_PRICE, `stopPrice` does
not). The exchange compares with an average of some minutes, we with the last price: near an edge its word counts.
"""

from __future__ import annotations

from btk.model.accounts import MarketLimits, PriceBand
from btk.model.orders import OrderSide

SURE_SHARE = 0.9
"""So much of the way to the edge is taken by any average of the last minutes that is not wild."""


def too_far(what: str, price: float, side: OrderSide, reference: float, limits: MarketLimits) -> str:
    """Why a limit order at `price` would be refused while the market is at `reference`; "" if it would not."""
    band = _band(side, limits)
    if band.most and price > reference * band.most:
        bound = f"more than {band.most:g}"
    elif price < reference * band.least:
        bound = f"less than {band.least:g}"
    else:
        return ""
    return (
        f"the {what} {price:g} is {bound} times {reference:g}, which {band.name} of {limits.symbol} forbids"
    )


def within_reach(price: float, standing: float | None, now: float, limits: MarketLimits) -> float:
    """The price for a target that is to sell at `price`, where that is too far above `now`: as far as is taken.

    One that stands nearer than meant stays while it has half of the way left, so that not every move of the price renews it.
    """
    most = limits.sell_band.most
    edge = now * (1 + (most - 1) * SURE_SHARE)
    if not most or price <= edge:
        return price
    if standing is not None and now * (1 + (most - 1) / 2) <= standing <= price:
        return standing
    return edge


def _band(side: OrderSide, limits: MarketLimits) -> PriceBand:
    return limits.buy_band if side == "buy" else limits.sell_band
