"""The rules of a market as ccxt has loaded them, in base and quote currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from btk.adapters.ccxt_orders import contract_size
from btk.model.accounts import MarketLimits, PriceBand
from btk.model.errors import SettingsError


def limits_of(symbol: str, market: Mapping[str, Any]) -> MarketLimits:
    """The limits of a market; `SettingsError` where the venue does not say its steps, which nobody may guess."""
    size, precision, limits = contract_size(market), market["precision"], market["limits"]
    price_tick, step = precision.get("price"), precision.get("amount")
    if not price_tick or not step:
        raise SettingsError(f"symbol {symbol}: the exchange does not say in which steps it is traded")
    amount, at_market = limits.get("amount") or {}, limits.get("market") or {}
    return MarketLimits(
        symbol=symbol,
        base=market["base"],
        quote=market["quote"],
        price_tick=float(price_tick),
        quantity_step=float(step) * size,
        min_quantity=_number(amount.get("min")) * size,
        max_quantity=_number(amount.get("max")) * size,
        market_step=_number(_filter(market, "MARKET_LOT_SIZE").get("stepSize")) * size,
        market_min_quantity=_number(at_market.get("min")) * size,
        market_max_quantity=_number(at_market.get("max")) * size,
        min_notional=_number((limits.get("cost") or {}).get("min")),
        max_algo_orders=int(_number(_algo_orders(market))),
        buy_band=_band(market, "bid"),
        sell_band=_band(market, "ask"),
        contract=bool(market.get("contract")),
        protection="separate" if market.get("contract") else "pair",
        trading=market.get("active") is not False,
    )


def _band(market: Mapping[str, Any], side: str) -> PriceBand:
    name, prefix = "PERCENT_PRICE_BY_SIDE", f"{side}Multiplier"
    told = _filter(market, name)
    if not told:
        name, prefix = "PERCENT_PRICE", "multiplier"
        told = _filter(market, name)
    least, most = _number(told.get(f"{prefix}Down")), _number(told.get(f"{prefix}Up"))
    if market.get("contract"):
        # Of a contract a buyer may not pay too much and a seller not take too little: what is far away may wait there.
        least, most = (0.0, most) if side == "bid" else (least, 0.0)
    return PriceBand(name=name, least=least, most=most)


def _algo_orders(market: Mapping[str, Any]) -> Any:
    told = _filter(market, "MAX_NUM_ALGO_ORDERS")
    return told.get("maxNumAlgoOrders") or told.get("limit")


def _filter(market: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    filters: list[dict[str, Any]] = (market.get("info") or {}).get("filters") or []
    return next((each for each in filters if each.get("filterType") == name), {})


def _number(told: Any) -> float:
    return float(told) if told else 0.0
