"""Candles from Python: checked without a socket, fetched when they are missing, refused when nobody has them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import btk
from btk.library.candles import warm_what_is_missing
from btk.model.bars import Span
from btk.model.errors import DataError, SettingsError, UsageError
from btk.model.intervals import MINUTE_MS
from btk.model.settings import Exchange, Frame, Settings, StrategyChoice
from tests.venue.server import VenueServer
from tests.venue.warming import END_MS

START = datetime.fromtimestamp(END_MS / 1000, UTC) - timedelta(minutes=300)
END = datetime.fromtimestamp(END_MS / 1000, UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text("exchange: {name: binance}\n")
    strategy = "from btk import Strategy\nclass Still(Strategy):\n    interval, warmup = '15m', 4\n"
    (tmp_path / "still.py").write_text(f"{strategy}    def get_signal(self, market):\n        return None\n")
    return tmp_path


def test_missing_candles_are_named_then_fetched_then_there(venue: VenueServer, root: Path) -> None:
    span = Span(END_MS - 300 * MINUTE_MS, END_MS)
    assert btk.check_candles("BTC/USDT", START, END, root=root) == (span,)
    assert venue.asked == []
    btk.cache_candles("BTC/USDT", START, END, root=root)
    assert btk.check_candles("BTC-USDT", span.from_ms, "2023-03-28T10:40", root=root) == ()
    assert len(venue.asked) == 1


def test_a_notebook_whose_loop_is_running_can_fetch_too(venue: VenueServer, root: Path) -> None:
    async def cell() -> None:
        btk.warm_candles("BTCUSDT", START, END, root=root)

    asyncio.run(cell())
    assert btk.check_candles("BTCUSDT", START, END, root=root) == ()


def test_what_the_exchange_does_not_have_is_an_error(venue: VenueServer, root: Path) -> None:
    venue.book.listed_ms = END_MS - 100 * MINUTE_MS
    with pytest.raises(DataError, match="BTCUSDT: the exchange has no candles for"):
        btk.cache_candles("BTCUSDT", START, END, root=root)


def test_a_symbol_that_is_not_traded_is_an_error(venue: VenueServer, root: Path) -> None:
    with pytest.raises(SettingsError, match="NOPEUSDT"):
        btk.warm_candles("NOPEUSDT", START, END, root=root)


def test_an_end_before_the_start_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="is not before"):
        btk.check_candles("BTCUSDT", END, START, root=root)


def test_a_frame_is_warmed_with_the_warm_up_of_its_strategies_and_then_costs_nothing(
    venue: VenueServer, root: Path
) -> None:
    frame = Frame(from_ms=END_MS - 200 * MINUTE_MS, to_ms=END_MS)
    chosen = StrategyChoice(entry=("still.py",))
    settings = Settings(exchange=Exchange(name="binance"), symbols=("BTCUSDT",), frame=frame, strategy=chosen)
    outcome = warm_what_is_missing(settings, root)
    assert outcome is not None
    warm_up = frame.from_ms // (15 * MINUTE_MS) * 15 * MINUTE_MS - 60 * MINUTE_MS
    assert outcome.series[0].from_ms == warm_up
    assert outcome.series[0].new == (END_MS - warm_up) // MINUTE_MS
    assert warm_what_is_missing(settings, root) is None


def test_the_demo_exchange_needs_no_candles(root: Path) -> None:
    assert warm_what_is_missing(Settings(), root) is None
