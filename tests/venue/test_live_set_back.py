"""A live position of a run whose exchange told tomorrow's time for a while: refused with a way on, then looked after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from btk.model.intervals import DAY_MS
from tests.venue.live_project import make_live_project, open_venue, soon_a_minute, start_at, until
from tests.venue.server import VenueServer
from tests.venue.test_live_kills import MARKETS, is_protected, is_reconciled, is_whole, leave
from tests.venue.trading_venue import TradingVenue


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    yield open_venue(venue, soon_a_minute())
    venue.trading = None


@pytest.mark.parametrize("market", MARKETS)
def test_a_position_of_tomorrow_is_gone_on_with_today(
    trading: TradingVenue, tmp_path: Path, market: str
) -> None:
    folder = make_live_project(tmp_path, market)
    trading.clock.skew_ms = DAY_MS
    ahead = start_at(folder, "live", "--yes")
    until(lambda: is_protected(trading, market), ahead)
    leave(ahead)
    trading.clock.skew_ms = 0
    refused = start_at(folder, "live", "--yes")
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 5, errors.decode()
    assert "--set-back goes on from now, with all it holds" in errors.decode().splitlines()[-1]
    heard = len(trading.heard)
    process = start_at(folder, "live", "--yes", "--set-back")
    until(lambda: (folder / "dump/data/status.json").exists() and is_reconciled(trading, heard), process)
    assert "the run was set back from " in leave(process)
    held = json.loads(next((folder / "dump/data/signal").rglob("BTCUSDT*.json")).read_bytes())["data"]
    assert held["pending_at_ms"] <= trading.clock.now_ms()
    assert is_protected(trading, market)
    is_whole(trading)
