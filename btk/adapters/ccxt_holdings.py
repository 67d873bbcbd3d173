"""What an account holds, and what that is worth: ccxt's answers in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from btk.adapters.ccxt_orders import contract_size
from btk.model.accounts import Balance, VenuePosition


def position_of(symbol: str, market: Mapping[str, Any], told: Iterable[Mapping[str, Any]]) -> VenuePosition:
    """The position in a contract, of quantity 0 where none is told."""
    held = next((each for each in told if each["symbol"] == market["symbol"] and each["contracts"]), None)
    if held is None:
        return VenuePosition(symbol=symbol, quantity=0.0)
    quantity = float(held["contracts"]) * contract_size(market)
    return VenuePosition(
        symbol=symbol,
        quantity=-quantity if held["side"] == "short" else quantity,
        price_open=held.get("entryPrice"),
    )


def balances_of(told: Mapping[str, Any]) -> tuple[Balance, ...]:
    """What there is of every currency."""
    return tuple(
        Balance(
            currency=currency,
            free=float(told["free"].get(currency) or 0.0),
            locked=float(told["used"].get(currency) or 0.0),
        )
        for currency, total in sorted(told["total"].items())
        if total
    )


def market_between(markets: Mapping[str, Any], currency: str, quote: str) -> str | None:
    """The market whose price says what a currency is worth in another, in ccxt's name; None where there is none."""
    names = (f"{currency}/{quote}", f"{currency}/{quote}:{quote}")
    return next((name for name in names if name in markets), None)
