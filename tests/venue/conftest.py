"""One venue server for all tests of this folder, forgetful between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.venue.candle_book import CandleBook
from tests.venue.server import NOW_MS, VenueServer
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_clock import running_clock
from tests.venue.trading_venue import TradingVenue


@pytest.fixture(scope="session")
def running_venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueServer]:
    with VenueServer(tmp_path_factory.mktemp("venue")) as server:
        yield server


@pytest.fixture
def venue(running_venue: VenueServer, monkeypatch: pytest.MonkeyPatch) -> VenueServer:
    """The server, and an environment that leads every request to it."""
    for name, value in running_venue.environment.items():
        monkeypatch.setenv(name, value)
    running_venue.book = CandleBook(NOW_MS)
    running_venue.faults.clear()
    running_venue.asked.clear()
    running_venue.on_candles = lambda count: None
    return running_venue


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    """The venue that trades, behind that server."""
    venue.trading = stocked_venue(running_clock())
    yield venue.trading
    venue.trading = None


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty candle cache."""
    return tmp_path / "candle"
