"""The candle store: what was stored is read back, by whatever span, and nothing is made up or overwritten unasked."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.adapters.candle_index import CandleIndex, load_index
from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_reader import StoredCandles, at_one_moment
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_stretch import Counts, Hole
from btk.adapters.candle_window import rows_of
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.errors import AlreadyRunning, DataError, SettingsError
from btk.model.intervals import DAY_MS, MINUTE_MS
from tests.adapters.candle_samples import (
    APRIL_MS,
    JUNE_MS,
    MARCH_MS,
    MAY_MS,
    SERIES,
    candles,
    part,
    same_bytes,
    source,
    stored,
)

NOTHING = CandleRows(np.empty(0, np.int64), np.empty((5, 0)))


def _minute(number: int) -> int:
    return APRIL_MS + number * MINUTE_MS


def _span(first: int, last: int) -> Span:
    return Span(_minute(first), _minute(last))


def test_three_months_are_read_back_to_the_byte(tmp_path: Path) -> None:
    rows = candles(MARCH_MS, (JUNE_MS - MARCH_MS) // MINUTE_MS)
    summary = stored(tmp_path, rows)
    assert (summary.new, summary.same, summary.differing) == (len(rows.open_ms), 0, 0)
    whole = Span(MARCH_MS, JUNE_MS)
    assert source(tmp_path).missing("BTCUSDT", whole) == ()
    assert same_bytes(source(tmp_path).read("BTCUSDT", whole), rows)


@pytest.mark.parametrize("span", [_span(-3, 4), _span(0, 1), _span(10, 2000), _span(-1500, 1500)])
def test_a_span_is_cut_to_the_minute(tmp_path: Path, span: Span) -> None:
    rows = candles(_minute(-2000), 5000)
    stored(tmp_path, rows)
    start = (span.from_ms - _minute(-2000)) // MINUTE_MS
    bars = source(tmp_path).read("BTCUSDT", span)
    assert bars.first_ms == span.from_ms
    assert same_bytes(bars, part(rows, start, start + (span.to_ms - span.from_ms) // MINUTE_MS))


def test_rows_that_are_not_stored_are_nan_and_missing(tmp_path: Path) -> None:
    rows = candles(_minute(0), 30)
    stored(tmp_path, part(rows, 10, 20))
    stored(tmp_path, part(rows, 25, 30))
    wanted = _span(0, 40)
    assert source(tmp_path).missing("BTCUSDT", wanted) == (_span(0, 10), _span(20, 25), _span(30, 40))
    absent = np.isnan(source(tmp_path).read("BTCUSDT", wanted).volume)
    assert np.flatnonzero(~absent).tolist() == [*range(10, 20), *range(25, 30)]


def test_a_symbol_of_which_nothing_is_stored_misses_everything(tmp_path: Path) -> None:
    span = _span(0, 5)
    assert source(tmp_path).missing("ETHUSDT", span) == (span,)
    assert np.isnan(source(tmp_path).read("ETHUSDT", span).close).all()
    assert not any(tmp_path.iterdir())


def test_storing_the_same_again_writes_nothing(tmp_path: Path) -> None:
    rows = candles(_minute(-100), 200)
    stored(tmp_path, rows)
    before = {path: path.stat() for path in SERIES.folder(tmp_path).iterdir() if path.name != ".lock"}
    summary = stored(tmp_path, rows)
    assert (summary.new, summary.same) == (0, 200)
    assert before == {path: path.stat() for path in before}


def test_a_differing_candle_stops_the_whole_import_and_is_shown(tmp_path: Path) -> None:
    rows = candles(_minute(-100), 200)
    stored(tmp_path, part(rows, 0, 150))
    other = CandleRows(rows.open_ms, rows.table.copy())
    other.table[4, 149] += 1
    summary = stored(tmp_path, other)
    assert (summary.refused, summary.new, summary.differing) == (True, 0, 1)
    [difference] = summary.first_differences
    assert difference.open_ms == _minute(49)
    assert difference.offered[4] == difference.stored[4] + 1
    assert source(tmp_path).missing("BTCUSDT", _span(-100, 100)) == (_span(50, 100),)
    assert same_bytes(source(tmp_path).read("BTCUSDT", _span(-100, 50)), part(rows, 0, 150))


def test_overwriting_replaces_what_differs(tmp_path: Path) -> None:
    stored(tmp_path, candles(_minute(-100), 200, seed=1))
    new = candles(_minute(-50), 100, seed=2)
    summary = stored(tmp_path, new, overwrite=True)
    assert (summary.refused, summary.differing, summary.new) == (False, 100, 0)
    assert same_bytes(source(tmp_path).read("BTCUSDT", _span(-50, 50)), new)


def test_minutes_empty_at_the_venue_are_shown_flat_and_counted_but_never_stored_as_candles(
    tmp_path: Path,
) -> None:
    rows = candles(_minute(0), 10)
    with CandleWriter(tmp_path, SERIES) as writer:
        writer.store(part(rows, 0, 4), holes=[Hole(_span(4, 6), "empty"), Hole(_span(6, 7), "failed")])
    reader = source(tmp_path)
    bars = reader.read("BTCUSDT", _span(0, 7))
    for column in (bars.open, bars.high, bars.low, bars.close):
        assert column[4:6].tolist() == [rows.table[3, 3]] * 2
    assert bars.volume[4:6].tolist() == [0, 0]
    assert reader.missing("BTCUSDT", _span(0, 7)) == (_span(6, 7),)
    assert reader.counts("BTCUSDT", _span(0, 8)) == Counts(candles=4, empty=2, failed=1, unknown=1)


def test_an_empty_minute_is_shown_at_the_price_of_the_month_before(tmp_path: Path) -> None:
    rows = candles(_minute(-5), 5)
    with CandleWriter(tmp_path, SERIES) as writer:
        writer.store(rows, holes=[Hole(_span(0, 2), "empty")])
    reader = source(tmp_path)
    assert reader.read("BTCUSDT", _span(0, 2)).close.tolist() == [rows.table[3, 4]] * 2
    assert reader.missing("BTCUSDT", _span(0, 2)) == ()
    assert reader.empty_minutes("BTCUSDT", _span(-2, 1)) == 1


def test_empty_minutes_before_the_first_candle_are_missing(tmp_path: Path) -> None:
    with CandleWriter(tmp_path, SERIES) as writer:
        writer.store(candles(_minute(3), 2), holes=[Hole(_span(0, 3), "empty")])
    assert source(tmp_path).missing("BTCUSDT", _span(0, 5)) == (_span(0, 3),)
    assert source(tmp_path).empty_minutes("BTCUSDT", _span(0, 5)) == 0
    bars = source(tmp_path).read("BTCUSDT", _span(0, 3))
    assert all(np.isnan(column).all() for column in bars.columns)


def test_a_candle_fills_a_hole_but_no_hole_replaces_a_candle(tmp_path: Path) -> None:
    rows = candles(_minute(0), 3)
    with CandleWriter(tmp_path, SERIES) as writer:
        writer.store(NOTHING, holes=[Hole(_span(0, 2), "failed"), Hole(_span(2, 3), "empty")])
        writer.store(rows)
        writer.store(NOTHING, holes=[Hole(_span(0, 3), "empty")])
    assert same_bytes(source(tmp_path).read("BTCUSDT", _span(0, 3)), rows)


def test_a_span_within_a_month_is_a_view_on_the_file(tmp_path: Path) -> None:
    stored(tmp_path, candles(MARCH_MS, 3000))
    bars = source(tmp_path).read("BTCUSDT", Span(MARCH_MS + DAY_MS, MARCH_MS + 2 * DAY_MS))
    assert not bars.close.flags.owndata
    assert not bars.close.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        bars.close.base.flags.writeable = True


def test_candles_already_read_stay_as_they_were_when_the_file_is_replaced(tmp_path: Path) -> None:
    old, new = candles(MARCH_MS, 100, seed=1), candles(MARCH_MS, 100, seed=2)
    stored(tmp_path, old)
    bars = source(tmp_path).read("BTCUSDT", Span(MARCH_MS, MARCH_MS + 100 * MINUTE_MS))
    stored(tmp_path, new, overwrite=True)
    assert same_bytes(bars, old)


def test_a_month_of_minutes_takes_about_forty_bytes_each(tmp_path: Path) -> None:
    stored(tmp_path, candles(MARCH_MS, 44_640))
    size = sum(path.stat().st_size for path in SERIES.folder(tmp_path).iterdir())
    assert size * 12 < 30_000_000


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 4000), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
    first=st.integers(0, 3999),
    length=st.integers(1, 3000),
)
def test_equal_candles_have_an_equal_digest_however_they_came_in(
    cuts: list[int], order: object, first: int, length: int
) -> None:
    rows = candles(_minute(-2000), 4000)
    edges = sorted({0, 4000, *cuts})
    pieces = list(pairwise(edges))
    order.shuffle(pieces)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        stored(Path(one), rows)
        for start, stop in pieces:
            stored(Path(other), part(rows, start, stop))
        span = Span(_minute(first - 2000), _minute(min(4000, first + length) - 2000))
        assert source(Path(one)).digest("BTCUSDT", span) == source(Path(other)).digest("BTCUSDT", span)


def test_a_digest_does_not_depend_on_candles_outside_the_span(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    rows = candles(MARCH_MS, (MAY_MS - MARCH_MS) // MINUTE_MS)
    days = 31 * 1440
    stored(small, part(rows, 0, days))
    stored(large, rows)
    march = Span(MARCH_MS, APRIL_MS)
    assert source(small).digest("BTCUSDT", march) == source(large).digest("BTCUSDT", march)
    some = Span(MARCH_MS + DAY_MS, APRIL_MS - DAY_MS)
    assert source(small).digest("BTCUSDT", some) == source(large).digest("BTCUSDT", some)


@pytest.mark.parametrize("row", [0, 500, 1999])
@pytest.mark.parametrize("column", range(5))
def test_any_other_number_is_another_digest(tmp_path: Path, row: int, column: int) -> None:
    rows = candles(_minute(-1000), 2000)
    stored(tmp_path / "one", rows)
    rows.table[column, row] = np.nextafter(rows.table[column, row], 0)
    stored(tmp_path / "other", rows)
    span = _span(-1000, 1000)
    assert source(tmp_path / "one").digest("BTCUSDT", span) != source(tmp_path / "other").digest(
        "BTCUSDT", span
    )


def test_a_flat_minute_has_one_digest_whether_it_was_traded_or_empty(tmp_path: Path) -> None:
    rows = candles(MARCH_MS, 44_640)
    rows.table[:4, 100] = rows.table[3, 99]
    rows.table[4, 100] = 0.0
    stored(tmp_path / "traded", rows)
    hole = Hole(Span(MARCH_MS + 100 * MINUTE_MS, MARCH_MS + 101 * MINUTE_MS), "empty")
    keep = np.arange(44_640) != 100
    with CandleWriter(tmp_path / "empty", SERIES) as writer:
        writer.store(CandleRows(rows.open_ms[keep], rows.table[:, keep]), holes=[hole])
    march = Span(MARCH_MS, APRIL_MS)
    assert source(tmp_path / "traded").digest("BTCUSDT", march) == source(tmp_path / "empty").digest(
        "BTCUSDT", march
    )


def test_the_writer_before_is_named_and_the_series_free_again_afterwards(tmp_path: Path) -> None:
    with CandleWriter(tmp_path, SERIES) as first:
        with (
            pytest.raises(AlreadyRunning, match=r"binance BTCUSDT 1m: process \d+ on "),
            CandleWriter(tmp_path, SERIES),
        ):
            pass
        first.store(candles(MARCH_MS, 5))
        with CandleWriter(tmp_path, SeriesKey("binance", "ETHUSDT")):
            pass
    assert stored(tmp_path, candles(MARCH_MS, 5)).same == 5


def test_readers_need_no_lock(tmp_path: Path) -> None:
    rows = candles(MARCH_MS, 5)
    with CandleWriter(tmp_path, SERIES) as writer:
        writer.store(rows)
        assert same_bytes(source(tmp_path).read("BTCUSDT", Span(MARCH_MS, MARCH_MS + 5 * MINUTE_MS)), rows)


def test_a_file_replaced_while_it_was_looked_for_is_found_by_its_new_name(tmp_path: Path) -> None:
    new = candles(MARCH_MS, 5, seed=2)
    stored(tmp_path, candles(MARCH_MS, 5, seed=1))
    asked: list[CandleIndex] = []

    def work(folder: Path, index: CandleIndex) -> bytes:
        asked.append(index)
        if len(asked) == 1:
            stored(tmp_path, new, overwrite=True)
        return rows_of(folder, index, Span(MARCH_MS, MARCH_MS + 5 * MINUTE_MS)).table.tobytes()

    assert at_one_moment(SERIES.folder(tmp_path), SERIES, work) == new.table.tobytes()
    assert len(asked) == 2


def test_a_folder_of_another_series_is_not_read_as_this_one(tmp_path: Path) -> None:
    stored(tmp_path, candles(MARCH_MS, 5))
    SERIES.folder(tmp_path).parent.rename(tmp_path / "binance" / "ETHUSDT")
    with pytest.raises(DataError, match="belongs to binance BTCUSDT 1m, not to binance ETHUSDT 1m"):
        source(tmp_path).read("ETHUSDT", Span(MARCH_MS, MARCH_MS + MINUTE_MS))


def test_two_markets_with_one_file_name_are_not_mixed(tmp_path: Path) -> None:
    with CandleWriter(tmp_path, SERIES, unified_symbol="BTC/USDT") as writer:
        writer.store(candles(MARCH_MS, 5))
    with pytest.raises(DataError, match="holds BTC/USDT, not BTCU/SDT"):
        CandleWriter(tmp_path, SERIES, unified_symbol="BTCU/SDT").__enter__()


def test_the_unified_symbol_is_kept_when_it_is_told_later(tmp_path: Path) -> None:
    stored(tmp_path, candles(MARCH_MS, 5))
    with CandleWriter(tmp_path, SERIES, unified_symbol="BTC/USDT") as writer:
        writer.store(candles(MARCH_MS, 5))
    stored(tmp_path, candles(MARCH_MS, 10, seed=3), overwrite=True)
    assert load_index(SERIES.folder(tmp_path), SERIES).unified_symbol == "BTC/USDT"


@pytest.mark.parametrize("symbol", ["../BTC", "BTC/USDT", "", ".."])
def test_a_symbol_that_could_leave_the_cache_is_refused(tmp_path: Path, symbol: str) -> None:
    with pytest.raises(SettingsError, match="symbol"):
        source(tmp_path).read(symbol, Span(MARCH_MS, MARCH_MS + MINUTE_MS))


def test_other_intervals_are_series_of_their_own(tmp_path: Path) -> None:
    hourly = SeriesKey("binance", "BTCUSDT", "1h")
    rows = candles(MARCH_MS, 2000)
    hours = CandleRows(MARCH_MS + 60 * MINUTE_MS * np.arange(2000, dtype=np.int64), rows.table)
    with CandleWriter(tmp_path, hourly) as writer:
        writer.store(hours)
    span = Span(MARCH_MS, MARCH_MS + 2000 * 60 * MINUTE_MS)
    bars = StoredCandles(tmp_path, "binance", "1h").read("BTCUSDT", span)
    assert bars.step_ms == 60 * MINUTE_MS
    assert same_bytes(bars, hours)
    assert source(tmp_path).missing("BTCUSDT", span) == (span,)


def test_the_index_names_what_each_file_holds(tmp_path: Path) -> None:
    stored(tmp_path, candles(_minute(-10), 30))
    march, april = load_index(SERIES.folder(tmp_path), SERIES).blocks
    assert (march.facts.first_ms, march.facts.rows) == (_minute(-10), 10)
    assert (april.facts.first_ms, april.facts.rows) == (_minute(0), 20)
    assert april.counts == Counts(candles=20, empty=0, failed=0, unknown=0)
