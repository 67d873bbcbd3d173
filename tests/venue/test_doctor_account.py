"""`btk doctor` at the venue that trades: clock, account, and what lies there against what is remembered."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.venue.live_project import KEYS, make_live_project, open_venue, soon_a_minute, start_at, until
from tests.venue.server import VenueServer
from tests.venue.trading_clock import running_clock
from tests.venue.trading_venue import TradingVenue


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    yield open_venue(venue, running_clock())
    venue.trading = None


def examined(folder: Path) -> tuple[int, dict[str, list[tuple[str, str]]], str]:
    """The exit code, (level, words) by check, and all that was printed."""
    process = start_at(folder, "doctor", "--json")
    output, errors = process.communicate(timeout=60)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(output)["findings"]:
        found.setdefault(one["check"], []).append((one["level"], one["words"]))
    return process.returncode, found, output.decode() + errors.decode()


def changing(trading: TradingVenue) -> list[Any]:
    return [heard.request.path for heard in trading.heard if heard.request.method != "GET"]


@pytest.mark.parametrize("market", ["spot", "swap"])
def test_a_sound_account_is_looked_over_without_changing_anything_at_it(
    trading: TradingVenue, tmp_path: Path, market: str
) -> None:
    code, found, told = examined(make_live_project(tmp_path, market))
    assert code == 0, told
    assert found["exchange"] == [("ok", "binance answers")]
    assert found["clock"][0][0] == "ok"
    assert found["account"][0][1].endswith(f"at binance {market}, real money")
    assert changing(trading) == []
    assert not [word for word in (*KEYS.values(), "signature") if word in told]


def test_orders_of_ours_that_no_state_knows_are_a_failure_with_the_way_out(
    venue: VenueServer, tmp_path: Path
) -> None:
    trading = open_venue(venue, soon_a_minute())
    folder = make_live_project(tmp_path)
    process = start_at(folder, "live", "--yes")
    until(lambda: len(trading.spot.book.open_orders("BTCUSDT")) == 2, process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    _, found, _ = examined(folder)
    assert [level for level, _ in found["account"]] == ["ok", "ok"]
    (folder / "dump/data").rename(folder / "dump/gone")
    code, found, told = examined(folder)
    venue.trading = None
    assert code == 7
    level, words = found["account"][-1]
    assert level == "failed"
    assert words.startswith("mismatch: BTCUSDT: unknown order: ours -, theirs sell ")
    assert "btk state adopt --symbols BTCUSDT" in told


def test_a_clock_that_is_off_is_told(trading: TradingVenue, tmp_path: Path) -> None:
    trading.clock.skew_ms = -5_000
    _, found, _ = examined(make_live_project(tmp_path))
    ((level, words),) = found["clock"]
    assert level == "warning"
    assert words.startswith("this machine's clock is +5.0 s off binance's")


def test_a_revoked_key_and_one_that_can_withdraw_are_told(trading: TradingVenue, tmp_path: Path) -> None:
    folder = make_live_project(tmp_path)
    trading.key.can_withdraw = True
    code, found, _ = examined(folder)
    assert (code, ("warning", "the key can withdraw") in found["account"]) == (0, True)
    trading.key.is_revoked = True
    code, found, told = examined(folder)
    assert (code, found["account"][0][0]) == (7, "failed")
    assert not [word for word in KEYS.values() if word in told]
