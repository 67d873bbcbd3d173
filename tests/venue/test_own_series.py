"""A venue that keeps few minutes: its own bars of the strategy's interval are the warm-up, and the result says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from btk.cli.app import run
from btk.model.dates import format_date
from btk.model.intervals import MINUTE_MS
from tests.venue.candle_book import CandleBook
from tests.venue.server import VenueServer

Captured = pytest.CaptureFixture[str]
Kraken = Callable[..., Path]
HOUR_MS = 60 * MINUTE_MS
WARMUP = 40
STRATEGY = f"""
from btk import Signal, Strategy


class Noted(Strategy):
    interval, warmup = "1h", {WARMUP}

    def get_signal(self, market):
        note = repr([market.candles(interval, bars).open.tolist() for interval, bars in (("1h", {WARMUP}), ("4h", 5))])
        return Signal.bracket("long", market.price, take_profit_pct=2, stop_loss_pct=1, lifetime_minutes=30, note=note)
"""


@pytest.fixture
def kraken(venue: VenueServer, tmp_path: Path) -> Kraken:
    """A project on a venue that keeps 720 rows, whose frame is so many of the last hours."""
    # Plans are made by the wall clock, which the venue has to share.
    now_ms = time.time_ns() // 1_000_000
    venue.book = CandleBook(now_ms)

    def project(first_hour: int = 6, last_hour: int = 2) -> Path:
        from_ms, to_ms = (now_ms // HOUR_MS * HOUR_MS - hours * HOUR_MS for hours in (first_hour, last_hour))
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "btk.yaml").write_text(
            "exchange: {name: kraken}\nsymbols: [BTCUSDT]\nstrategy: {entry: [noted.py]}\n"
            f"frame: {{from: {format_date(from_ms)}, to: {format_date(to_ms)}}}\n"
            "cache: {retry_delay_seconds: 0.01}\n"
        )
        (tmp_path / "noted.py").write_text(STRATEGY)
        return tmp_path

    return project


def _btk(root: Path, *arguments: str) -> int:
    return run([*arguments, "--root", str(root)])


def _intervals(venue: VenueServer) -> set[str]:
    return {asked.query["interval"] for asked in venue.asked}


def _first_note(document: dict[str, Any]) -> Any:
    return json.loads(document["symbols"]["BTCUSDT"]["trades"][0]["note"])


def _opens(book: CandleBook, step_ms: int, count: int, end_ms: int) -> list[float]:
    rows = book.rows("BTCUSDT", step_ms, end_ms - count * step_ms, end_ms, count)
    return [float(row[1]) for row in rows]


def test_a_backtest_is_warmed_up_with_the_venues_own_bars_and_the_result_says_so(
    venue: VenueServer, kraken: Kraken, capsys: Captured
) -> None:
    root = kraken()
    assert _btk(root, "backtest", "--json") == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert _intervals(venue) == {"1", "60"}
    [warning] = [text for text in document["warnings"] if "kraken's own" in text]
    assert ": 1h before " in warning
    assert ", 4h before " in warning
    hours, four_hours = _first_note(document)
    from_ms = document["frame"]["from_ms"]
    own = document["symbols"]["BTCUSDT"]["own_bars"]
    assert set(own) == {"1h", "4h"}
    assert own["1h"]["from_ms"] == from_ms - WARMUP * HOUR_MS
    assert own["1h"]["to_ms"] < from_ms
    lost = WARMUP - 6
    assert hours[:lost] == _opens(venue.book, HOUR_MS, WARMUP, from_ms)[:lost]
    assert hours[-1] == _opens(venue.book, MINUTE_MS, 60, from_ms)[0]
    assert not any("too little history" in text for text in document["warnings"])
    assert len(four_hours) == 5


def test_what_is_stored_is_not_asked_for_again_but_by_a_refetch(
    venue: VenueServer, kraken: Kraken, capsys: Captured
) -> None:
    root = kraken()
    assert _btk(root, "cache", "warm") == 0
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert ["kraken", "BTCUSDT", "1m"] in lines
    assert ["kraken", "BTCUSDT", "1h"] in lines
    asked = len(venue.asked)
    assert _btk(root, "backtest", "--json") == 0
    assert _btk(root, "cache", "warm", "--quiet") == 0
    assert len(venue.asked) == asked
    venue.asked.clear()
    assert _btk(root, "cache", "check", "--refetch") == 0
    shown = capsys.readouterr().out
    assert "kraken BTCUSDT 1h: fetched again, 0 corrected, 0 new" in shown
    assert "kraken BTCUSDT 1h: whole" in shown
    assert _intervals(venue) == {"1", "60"}


def test_a_frame_whose_minutes_are_forgotten_is_exit_4_and_says_what_is_kept(
    venue: VenueServer, kraken: Kraken, capsys: Captured
) -> None:
    root = kraken(first_hour=30, last_hour=26)
    assert _btk(root, "backtest") == 4
    error = capsys.readouterr().err
    assert "among the newest 719" in error
    assert "btk cache import FILE --exchange kraken --symbol BTCUSDT" in error
    venue.asked.clear()
    assert _btk(root, "backtest") == 4
    assert venue.asked == []
