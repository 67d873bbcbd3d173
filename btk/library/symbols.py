"""Which symbols an exchange has: asked from it, by the names they have in files and in settings."""

from __future__ import annotations

import asyncio
from pathlib import Path

from btk import wiring
from btk.adapters.candle_warmer import venue_markets
from btk.adapters.ccxt_venues import VenueMarket
from btk.model.settings import Settings


def symbols_of(settings: Settings, root: Path) -> list[VenueMarket]:
    """The markets of the settings' exchange and kind, in the order of their names; every error of the exchange is raised."""
    return asyncio.run(venue_markets(wiring.warming_plan(settings, root, {}, refetch=False)))
