"""Damaged candle files: noticed, set aside under a telling name, never read as candles and never deleted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from btk.adapters.candle_block import HEADER_BYTES, DamagedBlock
from btk.adapters.candle_index import DamagedIndex, load_index
from btk.adapters.candle_survey import check_series, series_facts, stored_series
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import APRIL_MS, SERIES, candles, part, same_bytes, source, stored

ROWS = candles(APRIL_MS - 1000 * MINUTE_MS, 3000)
WHOLE = Span(APRIL_MS - 1000 * MINUTE_MS, APRIL_MS + 2000 * MINUTE_MS)
MARCH = Span(WHOLE.from_ms, APRIL_MS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    stored(tmp_path, ROWS)
    return tmp_path


def _march(root: Path) -> Path:
    return next(SERIES.folder(root).glob("2023-03.*.candles"))


def _flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def _flip_column(path: Path) -> None:
    _flip(path, HEADER_BYTES + 4321)


def _flip_state(path: Path) -> None:
    _flip(path, path.stat().st_size - 5)


def _flip_header(path: Path) -> None:
    _flip(path, 150)


def _cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


DAMAGES = [
    (_flip_column, "checksum"),
    (_flip_state, "checksum"),
    (_flip_header, "header"),
    (_cut_off, "size"),
    (_empty, "size"),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_a_reader_refuses_a_damaged_file_and_names_it(
    root: Path, damage: Callable[[Path], None], reason: str
) -> None:
    path = _march(root)
    damage(path)
    with pytest.raises(
        DamagedBlock, match=rf"{path.name}: damaged candles \({reason}\); run 'btk cache check'"
    ):
        source(root).read("BTCUSDT", WHOLE)
    april = Span(APRIL_MS, WHOLE.to_ms)
    assert same_bytes(source(root).read("BTCUSDT", april), part(ROWS, 1000, 3000))


@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_a_check_sets_a_damaged_file_aside_and_leaves_a_hole(
    root: Path, damage: Callable[[Path], None], reason: str
) -> None:
    path = _march(root)
    damage(path)
    content = path.read_bytes()
    findings = check_series(root, SERIES)
    assert findings.set_aside == (f"{path.name}.damaged-{reason}",)
    assert findings.gaps == (MARCH,)
    assert path.with_name(findings.set_aside[0]).read_bytes() == content
    assert source(root).missing("BTCUSDT", WHOLE) == (MARCH,)
    again = check_series(root, SERIES)
    assert (again.ok, again.set_aside, again.set_aside_earlier) == (False, (), findings.set_aside)


def test_candles_brought_in_again_fill_the_hole_of_a_damaged_file(root: Path) -> None:
    _flip_column(_march(root))
    summary = stored(root, ROWS)
    assert (summary.new, summary.same) == (1000, 2000)
    assert len(summary.set_aside) == 1
    assert same_bytes(source(root).read("BTCUSDT", WHOLE), ROWS)
    assert check_series(root, SERIES).ok


def test_a_second_damage_of_the_same_kind_keeps_both_files(root: Path) -> None:
    for _ in range(2):
        _flip_column(_march(root))
        stored(root, ROWS)
    assert len(list(SERIES.folder(root).glob("*.damaged-checksum*"))) == 2


def test_a_file_that_vanished_is_an_error_for_readers_and_a_hole_after_a_check(root: Path) -> None:
    path = _march(root)
    path.unlink()
    with pytest.raises(DataError, match=rf"{path.name}: the file is gone"):
        source(root).read("BTCUSDT", WHOLE)
    findings = check_series(root, SERIES)
    assert findings.set_aside == (f"{path.name} (gone)",)
    assert findings.gaps == (MARCH,)


def test_another_whole_file_under_the_same_name_is_not_taken_for_it(root: Path, tmp_path: Path) -> None:
    stored(tmp_path / "other", candles(APRIL_MS - 1000 * MINUTE_MS, 1000, seed=9))
    _march(root).write_bytes(_march(tmp_path / "other").read_bytes())
    with pytest.raises(DamagedBlock, match="header"):
        source(root).read("BTCUSDT", MARCH)


def test_a_block_of_another_series_is_named_as_such(root: Path) -> None:
    with CandleWriter(root, type(SERIES)("binance", "ETHUSDT")) as writer:
        writer.store(ROWS)
    stranger = next((root / "binance" / "ETHUSDT" / "1m").glob("2023-03.*.candles"))
    stranger.replace(_march(root))
    with pytest.raises(DataError, match="holds candles of binance ETHUSDT 1m, not of binance BTCUSDT 1m"):
        source(root).read("BTCUSDT", MARCH)


def test_a_file_touched_behind_the_store_is_verified_and_still_read(root: Path) -> None:
    path = _march(root)
    os.utime(path, (1, 1))
    assert same_bytes(source(root).read("BTCUSDT", WHOLE), ROWS)
    assert check_series(root, SERIES).ok
    index = load_index(SERIES.folder(root), SERIES)
    assert index.blocks[0].stamp.mtime_ns == path.stat().st_mtime_ns


def _lose(path: Path) -> None:
    path.unlink()


def _scribble(path: Path) -> None:
    path.write_text("{")


def _flip_index(path: Path) -> None:
    _flip(path, 200)


@pytest.mark.parametrize("damage", [_lose, _scribble, _flip_index])
def test_a_lost_or_damaged_index_is_rebuilt_from_the_files_beside_it(
    root: Path, damage: Callable[[Path], None]
) -> None:
    damage(SERIES.folder(root) / "index.json")
    with pytest.raises(DamagedIndex, match="'btk cache check' rebuilds it"):
        source(root).read("BTCUSDT", WHOLE)
    assert series_facts(root, SERIES).problem is not None
    assert check_series(root, SERIES).gaps == ()
    assert same_bytes(source(root).read("BTCUSDT", WHOLE), ROWS)


def test_a_rebuilt_index_takes_the_newest_file_of_a_month(root: Path) -> None:
    old, content = _march(root), _march(root).read_bytes()
    new = candles(WHOLE.from_ms, 3000, seed=5)
    stored(root, new, overwrite=True)
    old.write_bytes(content)
    _lose(SERIES.folder(root) / "index.json")
    check_series(root, SERIES)
    assert same_bytes(source(root).read("BTCUSDT", WHOLE), new)


def test_an_index_of_a_newer_btk_is_refused(root: Path) -> None:
    path = SERIES.folder(root) / "index.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    with pytest.raises(DamagedIndex, match="version 2, this btk reads 1"):
        source(root).read("BTCUSDT", WHOLE)


def test_a_survey_lists_series_and_passes_over_strange_folders(root: Path) -> None:
    (root / "notes" / "my own" / "things").mkdir(parents=True)
    (root / "readme.txt").write_text("hello")
    assert stored_series(root) == [SERIES]
    facts = series_facts(root, SERIES)
    assert (facts.from_ms, facts.to_ms, facts.candles, facts.holes) == (*WHOLE, 3000, 0)


def test_months_without_a_file_count_as_holes(root: Path) -> None:
    stored(root, candles(APRIL_MS + 3000 * MINUTE_MS, 5))
    assert series_facts(root, SERIES).holes == 1000
    assert check_series(root, SERIES).gaps == (Span(WHOLE.to_ms, APRIL_MS + 3000 * MINUTE_MS),)
