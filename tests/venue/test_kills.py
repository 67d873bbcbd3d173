"""A killed warm is continued by the next one, which asks only for what was not stored; two at once do not mix."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_survey import check_series
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.intervals import MINUTE_MS
from tests.cli.btk_process import start_btk
from tests.venue.server import VenueServer
from tests.venue.warming import END_MS, is_stored, last_minutes, plan, warmed

BTC = SeriesKey("binance", "BTCUSDT")
REPOSITORY = Path(__file__).parents[2]
MINUTES = 30_000
SPAN = last_minutes(MINUTES)
LATER = last_minutes(MINUTES - 60)
STILL = """
from btk import Strategy

class Still(Strategy):
    interval, warmup = "1h", 0

    def get_signal(self, market):
        return None
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project on Binance whose cache is empty."""
    settings = tmp_path / "config" / "btk.yaml"
    settings.parent.mkdir()
    settings.write_text("exchange: {name: binance}\nsymbols: [BTCUSDT]\ncache: {retry_delay_seconds: 0.01}\n")
    return tmp_path


def _asked_minutes(venue: VenueServer) -> list[int]:
    return [minute for asked in venue.asked for minute in asked.opened]


def _completes_with_the_rest(venue: VenueServer, cache: Path) -> None:
    unknown = StoredCandles(cache, "binance").unknown("BTCUSDT", SPAN)
    missing = {minute for part in unknown for minute in range(part.from_ms, part.to_ms, MINUTE_MS)}
    venue.asked.clear()
    assert warmed(plan(cache, SPAN)).error is None
    asked = _asked_minutes(venue)
    assert len(asked) == len(set(asked))
    assert set(asked) == missing
    assert is_stored(cache, venue.book, SPAN, series=BTC)


# The first store writes the first index, two months and the index; the second one month, the index, and removes two.
@pytest.mark.parametrize("operation", [1, 5, 8, 12, 15, 19])
def test_a_kill_at_a_file_operation_costs_only_what_was_not_stored(
    venue: VenueServer, cache: Path, operation: int
) -> None:
    command = [sys.executable, "-m", "tests.crash.dying_warm", cache, str(operation), str(MINUTES)]
    done = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert done.returncode == -signal.SIGKILL
    _completes_with_the_rest(venue, cache)


def test_a_kill_between_requests_costs_only_the_pages_under_way(venue: VenueServer, project: Path) -> None:
    process = start_btk(*_warm_arguments(project))
    venue.on_candles = lambda count: os.kill(process.pid, signal.SIGKILL) if count == 26 else None
    assert process.wait(timeout=60) == -signal.SIGKILL
    venue.on_candles = lambda count: None
    cache = project / "dump/data/candle"
    stored = StoredCandles(cache, "binance").counts("BTCUSDT", SPAN).candles
    assert stored == 25_000  # a page to see where the listing is, and a batch
    _completes_with_the_rest(venue, cache)


def test_a_second_warm_of_the_same_symbol_leaves_at_once_with_exit_8_and_names_the_first(
    venue: VenueServer, project: Path
) -> None:
    first = start_btk(*_warm_arguments(project))
    seconds: list[subprocess.CompletedProcess[bytes]] = []

    def intrude(count: int) -> None:
        if count == 3:
            process = start_btk(*_warm_arguments(project))
            output, errors = process.communicate(timeout=60)
            seconds.append(subprocess.CompletedProcess([], process.returncode, output, errors))

    venue.on_candles = intrude
    assert first.wait(timeout=60) == 0
    [second] = seconds
    assert second.returncode == 8
    assert f"process {first.pid} on ".encode() in second.stderr
    assert second.stdout == b""
    assert is_stored(project / "dump/data/candle", venue.book, SPAN, series=BTC)


def test_a_backtest_waits_for_the_candles_that_a_warm_is_fetching_and_goes_on(
    venue: VenueServer, project: Path
) -> None:
    (project / "still.py").write_text(STILL)
    first = start_btk(*_warm_arguments(project))
    backtests: list[subprocess.Popen[bytes]] = []
    said: list[bytes] = []

    def intrude(count: int) -> None:
        if count == 3:
            backtest = start_btk(
                "backtest", "--entry", "still.py", "--json", *_frame(LATER), "--root", str(project)
            )
            assert backtest.stderr is not None
            backtests.append(backtest)
            said.append(backtest.stderr.readline())

    venue.on_candles = intrude
    assert first.wait(timeout=60) == 0
    [backtest] = backtests
    _, errors = backtest.communicate(timeout=60)
    assert backtest.returncode == 0
    assert said[0].startswith(b"btk: waiting for candles of binance BTCUSDT 1m: process %d on " % first.pid)
    assert errors == b""
    asked = _asked_minutes(venue)
    assert len(asked) == len(set(asked))


def test_who_waits_for_a_warm_that_is_killed_fetches_the_rest(venue: VenueServer, project: Path) -> None:
    (project / "still.py").write_text(STILL)
    first = start_btk(*_warm_arguments(project))
    backtests: list[subprocess.Popen[bytes]] = []

    def intrude(count: int) -> None:
        if count == 26:
            backtest = start_btk(
                "backtest", "--entry", "still.py", "--json", *_frame(LATER), "--root", str(project)
            )
            assert backtest.stderr is not None
            backtests.append(backtest)
            assert b"waiting" in backtest.stderr.readline()
            first.kill()

    venue.on_candles = intrude
    assert first.wait(timeout=60) == -signal.SIGKILL
    [backtest] = backtests
    _, errors = backtest.communicate(timeout=60)
    assert (backtest.returncode, errors) == (0, b"btk: fetched 5,000 candles (7 requests)\n")


def test_a_terminated_warm_keeps_what_it_has(venue: VenueServer, project: Path) -> None:
    process = start_btk(*_warm_arguments(project))
    venue.on_candles = lambda count: os.kill(process.pid, signal.SIGTERM) if count == 26 else None
    assert process.wait(timeout=60) == 143
    assert process.stderr is not None
    assert process.stderr.read() == b"btk: terminated\n"
    venue.on_candles = lambda count: None
    _completes_with_the_rest(venue, project / "dump/data/candle")


def test_a_reader_beside_a_warm_sees_every_candle_it_saw_before(venue: VenueServer, cache: Path) -> None:
    known = Span(END_MS - 3000 * MINUTE_MS, END_MS)
    warmed(plan(cache, known))
    source, seen = StoredCandles(cache, "binance"), set()
    before = source.digest("BTCUSDT", known)
    venue.on_candles = lambda count: seen.add(source.digest("BTCUSDT", known))
    assert warmed(plan(cache, SPAN)).series[0].new == MINUTES - 3000
    assert seen == {before}


def test_a_check_beside_a_warm_finds_nothing_to_mend(venue: VenueServer, cache: Path) -> None:
    warmed(plan(cache, last_minutes(3000)))
    found, before = [], len(venue.asked)
    venue.on_candles = lambda count: found.append(check_series(cache, BTC).set_aside)
    assert warmed(plan(cache, SPAN)).error is None
    assert found == [()] * (len(venue.asked) - before)


def _warm_arguments(project: Path) -> list[str]:
    return ["cache", "warm", *_frame(SPAN), "--root", str(project)]


def _frame(span: Span) -> list[str]:
    return ["--from", format_date(span.from_ms), "--to", format_date(span.to_ms)]
