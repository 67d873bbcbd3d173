"""Which symbols an exchange has: asked from it, by the names they have in files and in settings."""

from __future__ import annotations

import asyncio
from pathlib import Path

from btk import wiring
from btk.adapters.candle_warmer import venue_markets
from btk.adapters.ccxt_venues import VenueMarket
from btk.model.settings import Settings


def symbols_of(settings: Settings, root: Path) -> list[VenueMarket]:
    """The markets of the settings' exchange and kind, in the order of their names; every error of the exchange is raised.

    The demo exchange makes a market of any name: of it, those of the settings.
    """
    if settings.exchange.name == wiring.DEMO:
        return sorted(VenueMarket(name, *_words(name, settings)) for name in wiring.symbols(settings))
    return asyncio.run(venue_markets(wiring.warming_plan(settings, root, {}, refetch=False)))


def _words(name: str, settings: Settings) -> tuple[str, str]:
    pair, dot, settled = name.partition(".")
    quote = settled or settings.wallet.currency
    if not pair.endswith(quote):
        return name, ""  # nobody says where its two currencies meet
    return f"{pair.removesuffix(quote)}/{quote}" + (f":{settled}" if dot else ""), quote
