"""Venues as ccxt knows them: their account-less clients, the size of their pages, their markets by file form."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from btk.adapters.candle_series import SymbolNames, symbol_names
from btk.model.errors import SettingsError

Kind = Literal["spot", "swap"]

# ccxt's own figure where it has one that is true; Binance's futures answer 1000 rows, its table says 500.
_PAGE_ROWS: Mapping[tuple[str, Kind], int] = {("binance", "swap"): 1000, ("binanceusdm", "swap"): 1000}
_FEWEST_PAGE_ROWS = 100
# Loading the markets of the other kinds costs requests, and on Binance two other hosts.
_MARKET_TYPES: Mapping[tuple[str, Kind], list[str]] = {
    ("binance", "spot"): ["spot"],
    ("binance", "swap"): ["linear", "inverse"],
    ("bybit", "spot"): ["spot"],
    ("bybit", "swap"): ["linear", "inverse"],
    ("okx", "spot"): ["spot"],
    ("okx", "swap"): ["swap"],
}


class Venue(NamedTuple):
    """An exchange, the kind of its markets, and options for its client."""

    name: str
    kind: Kind
    options: Mapping[str, Any] = {}


class VenueMarket(msgspec.Struct, frozen=True, order=True):
    """One market: its name in files, the venues' common name, and the currency it is priced in."""

    file_form: str
    unified: str
    quote: str


def exchange_ids() -> list[str]:
    """Every exchange that ccxt has candles of."""
    import ccxt.async_support as ccxt

    return [name for name in ccxt.exchanges if getattr(ccxt, name)().has["fetchOHLCV"]]


def is_fetched(exchange: str) -> bool:
    """Whether ccxt knows the exchange: of others there are only the candles that were imported."""
    import ccxt.async_support as ccxt

    return exchange in ccxt.exchanges


def account_less_client(venue: Venue, timeout_seconds: float, limited: bool) -> Any:
    """A ccxt client without keys, `limited` to the pace that the venue allows; `SettingsError` for an unknown exchange."""
    # Half a second of import, wanted only where something is fetched.
    import ccxt.async_support as ccxt

    if venue.name not in ccxt.exchanges:
        near = ", ".join(difflib.get_close_matches(venue.name, ccxt.exchanges, 3))
        hint = f"did you mean {near}?" if near else "btk list exchanges shows them"
        raise SettingsError(f"exchange {venue.name!r} is not known to ccxt; {hint}")
    return getattr(ccxt, venue.name)(
        {
            "timeout": round(timeout_seconds * 1000),
            "enableRateLimit": limited,
            # Proxies and certificates of the environment: many a network has no other way out.
            "aiohttp_trust_env": True,
            "options": {"include_OS_certificates": True, **_market_options(venue), **venue.options},
        }
    )


def page_rows(client: Any, venue: Venue, most: int) -> int:
    """How many candles one request can bring; venues cut longer wishes without a word."""
    told = _PAGE_ROWS.get((venue.name, venue.kind)) or _told_rows(client.features or {}, venue.kind)
    return min(most, told or _FEWEST_PAGE_ROWS)


def markets_of(client: Any, kind: Kind) -> dict[str, VenueMarket]:
    """The venue's markets of a kind by their file form; loaded before."""
    found = (
        VenueMarket(symbol_names(market["symbol"]).file_form, market["symbol"], market["quote"])
        for market in client.markets.values()
        if market.get(kind) and _plain(market["symbol"])
    )
    return {market.file_form: market for market in found}


def chosen_market(markets: Mapping[str, VenueMarket], names: SymbolNames, venue: Venue) -> VenueMarket:
    """The market that is meant; `SettingsError` with the nearest names when there is none."""
    market = markets.get(names.file_form)
    if market is not None:
        return market
    near = ", ".join(difflib.get_close_matches(names.file_form, markets, 3))
    hint = f"did you mean {near}?" if near else f"btk list symbols --exchange {venue.name} shows them"
    raise SettingsError(f"symbol {names.file_form}: {venue.name} has no such {venue.kind} market; {hint}")


def _market_options(venue: Venue) -> dict[str, Any]:
    types = _MARKET_TYPES.get((venue.name, venue.kind))
    chosen: dict[str, Any] = {"defaultType": venue.kind, "fetchCurrencies": False, "fetchMargins": False}
    return {**chosen, "fetchMarkets": {"types": types}} if types else chosen


def _told_rows(features: Mapping[str, Any], kind: Kind) -> int | None:
    known = features.get(kind) or {}
    for part in (known, known.get("linear") or {}):
        limit = (part.get("fetchOHLCV") or {}).get("limit")
        if limit:
            return int(limit)
    return None


def _plain(symbol: str | Iterable[str]) -> bool:
    try:
        symbol_names(str(symbol))
    except SettingsError:
        # Names that no file could have: tests and novelties of some venues.
        return False
    return True
