"""`btk live` as a process of its own, over TLS: killed with an order on its way, and struck by every fault there is."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.venue.live_project import make_live_project, open_venue, soon_a_minute, start_at, until
from tests.venue.server import VenueServer
from tests.venue.trading_audit import audit
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_venue import TradingVenue

MARKETS = ("spot", "swap")
SOME_FAULTS = ["reset, executed", "torn", "429"]


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    yield open_venue(venue, soon_a_minute())
    venue.trading = None


def is_protected(trading: TradingVenue, market: str) -> bool:
    if market == "spot":
        return len(trading.spot.book.open_orders("BTCUSDT")) == 2
    return len(trading.contracts.book.open_orders("BTCUSDT", conditional=True)) == 2


def is_reconciled(trading: TradingVenue, since: int) -> bool:
    return any(each.request.path.lower().endswith("openorders") for each in trading.heard[since:])


def leave(process: subprocess.Popen[bytes]) -> str:
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 143, errors.decode()
    return output.decode() + errors.decode()


def is_whole(trading: TradingVenue) -> None:
    """One entry, protected, and nothing that may never be."""
    seen = audit(trading, flight_ms=2_000)
    assert seen.violations == []
    assert len(seen.done) == 1
    assert seen.orders_without_position == []


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(("nth", "arrives"), [(1, True), (2, True), (2, False)])
def test_a_process_killed_with_an_order_on_its_way_finds_it_again_and_protects_what_it_bought(
    trading: TradingVenue, tmp_path: Path, market: str, nth: int, arrives: bool
) -> None:
    folder = make_live_project(tmp_path, market)
    killed = start_at(folder, "live", "--yes")
    trading.meanwhile(killed.kill, nth)
    trading.plan(FAULTS["reset, executed" if arrives else "reset, not executed"], nth)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    killed.communicate()
    heard = len(trading.heard)
    process = start_at(folder, "live", "--yes")
    until(lambda: is_protected(trading, market) and is_reconciled(trading, heard), process)
    process.kill()
    process.communicate()
    is_whole(trading)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", SOME_FAULTS)
def test_a_process_whose_first_stop_is_struck_has_one_position_with_a_stop_in_the_end(
    trading: TradingVenue, tmp_path: Path, market: str, name: str
) -> None:
    struck(trading, tmp_path, market, name)


@pytest.mark.soak
@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", list(FAULTS))
def test_a_process_struck_by_any_fault_has_one_position_with_a_stop_in_the_end(
    trading: TradingVenue, tmp_path: Path, market: str, name: str
) -> None:
    if FAULTS[name].market in (None, "spot" if market == "spot" else "contracts"):
        struck(trading, tmp_path, market, name)


def struck(trading: TradingVenue, folder: Path, market: str, name: str) -> None:
    """The second order is struck: the first one that protects."""
    trading.plan(FAULTS[name], 2)
    process = start_at(make_live_project(folder, market), "-v", "live", "--yes")
    until(lambda: is_protected(trading, market), process)
    told = leave(process)
    is_whole(trading)
    assert "fakesecret" not in told
