"""Candles from CSV files: every usual form is read, everything doubtful is named with file, line and value."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from btk.adapters.candle_csv import read_csv
from btk.adapters.candle_import import FileCandles, read_minutes
from btk.model.bars import Span
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import MARCH_MS, candles

NOW_MS = 2_000_000_000_000
ROWS = candles(MARCH_MS, 200)
HEADER = "open_time_ms,open,high,low,close,volume"


def _lines(time: Callable[[int], object] = int, separator: str = ",") -> list[str]:
    columns = ROWS.table.T.tolist()
    return [
        separator.join(map(str, (time(at_ms), *row)))
        for at_ms, row in zip(ROWS.open_ms.tolist(), columns, strict=True)
    ]


def _file(folder: Path, lines: list[str], name: str = "candles.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")


def _is_whole(found: FileCandles) -> bool:
    return (
        np.array_equal(found.rows.open_ms, ROWS.open_ms)
        and found.rows.table.tobytes() == ROWS.table.tobytes()
    )


@pytest.mark.parametrize(
    "time",
    [
        int,
        float,
        lambda at_ms: at_ms // 1000,
        lambda at_ms: at_ms / 1000,
        lambda at_ms: at_ms * 1000,
        _iso,
        _offset,
        lambda at_ms: f'"{_iso(at_ms)}"',
        lambda at_ms: datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M"),
    ],
    ids=["ms", "ms.0", "s", "s.0", "us", "iso", "offset", "quoted", "minute"],
)
@pytest.mark.parametrize("header", [[], [HEADER]], ids=["bare", "header"])
def test_every_usual_form_of_time_is_read_to_the_byte(
    tmp_path: Path, time: Callable[[int], object], header: list[str]
) -> None:
    assert _is_whole(read_minutes(_file(tmp_path, header + _lines(time)), NOW_MS))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_recognised(tmp_path: Path, separator: str) -> None:
    header = HEADER.replace(",", separator)
    assert _is_whole(read_minutes(_file(tmp_path, [header, *_lines(separator=separator)]), NOW_MS))


def test_gzip_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_bytes(gzip.compress("\n".join([HEADER, *_lines()]).encode()))
    assert _is_whole(read_minutes(path, NOW_MS))


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    lines = _lines()
    text = "\r\n".join(["", HEADER, *lines[:50], "", "  ", *lines[50:], ""])
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert _is_whole(read_minutes(path, NOW_MS))


def test_blank_lines_are_counted_in_what_a_complaint_says(tmp_path: Path) -> None:
    lines = ["", HEADER, "", *_lines()[:3], "", "1,2,3"]
    with pytest.raises(DataError, match="line 8: too few columns"):
        read_minutes(_file(tmp_path, lines), NOW_MS)


def test_columns_are_found_by_their_names_wherever_they_are(tmp_path: Path) -> None:
    shuffled = ["Close,symbol,Volume BTC,Volume USDT,High,Low,Open,unix"]
    for at_ms, (opened, high, low, close, volume) in zip(ROWS.open_ms, ROWS.table.T, strict=True):
        shuffled.append(f"{close},BTC/USDT,{volume},1.0,{high},{low},{opened},{at_ms}")
    assert _is_whole(read_minutes(_file(tmp_path, shuffled), NOW_MS))


def test_columns_beyond_the_six_are_passed_over(tmp_path: Path) -> None:
    longer = [f"{line},1677628859999,12.5,7,0,0,0" for line in _lines()]
    assert _is_whole(read_minutes(_file(tmp_path, longer), NOW_MS))


def test_rows_out_of_order_and_repeated_are_put_right_and_counted(tmp_path: Path) -> None:
    lines = _lines()
    found = read_minutes(_file(tmp_path, [*lines[100:], *lines[:100], lines[7], lines[7]]), NOW_MS)
    assert _is_whole(found)
    assert found.repeated == 2
    assert found.unordered == 2


def test_gaps_are_found(tmp_path: Path) -> None:
    lines = _lines()
    found = read_minutes(_file(tmp_path, lines[:10] + lines[12:50] + lines[51:]), NOW_MS)
    assert found.gaps == (
        Span(MARCH_MS + 10 * MINUTE_MS, MARCH_MS + 12 * MINUTE_MS),
        Span(MARCH_MS + 50 * MINUTE_MS, MARCH_MS + 51 * MINUTE_MS),
    )


def test_the_candle_that_still_forms_is_left_out_and_counted(tmp_path: Path) -> None:
    found = read_minutes(_file(tmp_path, _lines()), int(ROWS.open_ms[-1]) + MINUTE_MS - 1)
    assert (len(found.rows.open_ms), found.forming) == (199, 1)


def test_more_lines_than_are_read_at_once_keep_their_numbers(tmp_path: Path) -> None:
    rows = candles(MARCH_MS, 70_000)
    lines = [f"{at_ms},1,2,0.5,1.5,3" for at_ms in rows.open_ms.tolist()]
    lines[69_000] = lines[69_000].replace("0.5", "x")
    with pytest.raises(DataError, match=r"line 69001: low 'x' cannot be read"):
        read_csv(_file(tmp_path, lines))


def _with(place: int, line: str) -> list[str]:
    lines = _lines()
    lines[place] = line
    return lines


AT = MARCH_MS + 5 * MINUTE_MS


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "holds no candles"),
        ([HEADER], "holds a header, but no candles"),
        (["hello"], "line 1: expected time, open, high, low, close, volume in columns, got 'hello'"),
        (["time,open,high,low,price,volume", "1"], "line 1: the header names no column for close"),
        (_with(5, f"{AT},1,2,x,1,1"), "line 6: low 'x' cannot be read"),
        (_with(5, f"{AT},1,2,,1,1"), "line 6: low '' cannot be read"),
        (_with(5, f"{AT},1,2"), "line 6: too few columns"),
        (_with(5, f"{AT},nan,101,99,100,1"), r"line 6 (2023-03-01T00:05): open nan is not a finite number"),
        (_with(5, f"{AT},100,101,99,0,1"), r"line 6 (2023-03-01T00:05): close 0 is not above 0"),
        (_with(5, f"{AT},100,99,101,100,1"), r"line 6 (2023-03-01T00:05): high 99 is below low 101"),
        (_with(5, f"{AT},100,101,99,100,-1"), r"line 6 (2023-03-01T00:05): volume -1 is below 0"),
        (_with(5, f"{AT},100,101,0.01,100,1"), "low 0.01 is less than a thousandth of the usual"),
        (
            _with(5, f"{AT + 30_000},100,101,99,100,1"),
            "line 6: 2023-03-01T00:05:30.000Z is not a whole minute",
        ),
        (_with(5, "0,100,101,99,100,1"), "line 6: 0 is not the time of a candle"),
        (_with(5, "nan,100,101,99,100,1"), "line 6: nan is not the time of a candle"),
        (_with(5, "soon,100,101,99,100,1"), "line 6: time 'soon' cannot be read"),
        (
            _with(5, f"{AT - MINUTE_MS},100,101,99,100,1"),
            "lines 5 and 6: two different candles for 2023-03-01T00:04",
        ),
        (_lines()[::5], "its candles are 5 minutes apart"),
        ([f"{place},1,2,1,1,1" for place in range(5)], "line 1: 0 is not the time of a candle"),
    ],
)
def test_what_cannot_be_a_candle_is_named_with_file_line_and_value(
    tmp_path: Path, lines: list[str], complaint: str
) -> None:
    path = _file(tmp_path, lines)
    with pytest.raises(DataError, match=f"candles.csv.*{re.escape(complaint)}") as caught:
        read_minutes(path, NOW_MS)
    assert "\n" not in str(caught.value)


def test_a_candle_of_the_future_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 11: 2023-03-01T00:10 lies in the future"):
        read_minutes(_file(tmp_path, _lines()), now_ms=MARCH_MS + 10 * MINUTE_MS - 1)


def test_a_cut_off_gzip_and_a_picture_are_named(tmp_path: Path) -> None:
    packed = tmp_path / "cut.csv.gz"
    packed.write_bytes(gzip.compress("\n".join(_lines()).encode())[:-20])
    with pytest.raises(DataError, match=r"cut.csv.gz: the gzip file is damaged or cut off"):
        read_minutes(packed, NOW_MS)
    picture = tmp_path / "candles.png"
    picture.write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match=r"candles.png: is not a table in text form"):
        read_minutes(picture, NOW_MS)


def test_one_endless_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"candles.csv: is not a table in text form"):
        read_minutes(_file(tmp_path, ["x" * 200_000]), NOW_MS)


def test_a_single_candle_has_no_spacing_to_complain_of(tmp_path: Path) -> None:
    assert len(read_minutes(_file(tmp_path, _lines()[:1]), NOW_MS).rows.open_ms) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.csv: cannot be read \(No such file or directory\)"):
        read_minutes(tmp_path / "none.csv", NOW_MS)


def test_the_file_that_pandas_writes_of_an_index_without_a_name_is_understood(tmp_path: Path) -> None:
    """`DataFrame.to_csv()` heads its index with nothing at all."""
    named = _file(tmp_path, [",open,high,low,close,volume", *_lines(_offset)])
    assert _is_whole(read_minutes(named, NOW_MS))
    numbered = _file(tmp_path, [f",{HEADER}", *(f"{row},{line}" for row, line in enumerate(_lines()))])
    assert _is_whole(read_minutes(numbered, NOW_MS))


def test_the_address_that_a_seller_puts_above_the_table_is_no_header(tmp_path: Path) -> None:
    titled = _file(tmp_path, ["https://www.example.com", HEADER, *_lines(), "nonsense"])
    with pytest.raises(DataError, match=f"line {len(ROWS.open_ms) + 3}: too few columns"):
        read_minutes(titled, NOW_MS)
    assert _is_whole(read_minutes(_file(tmp_path, ["https://www.example.com", HEADER, *_lines()]), NOW_MS))
    with pytest.raises(DataError, match="holds no candles"):
        read_minutes(_file(tmp_path, ["https://www.example.com"]), NOW_MS)


def test_a_zip_archive_as_exchanges_hand_them_out_is_read(tmp_path: Path) -> None:
    plain, packed = _file(tmp_path, _lines()), tmp_path / "candles.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "candles.csv")
    assert _is_whole(read_minutes(packed, NOW_MS))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.write(plain, "more.csv")
    with pytest.raises(DataError, match="holds 2 files, and one is expected; unpack it"):
        read_minutes(packed, NOW_MS)
    packed.write_bytes(packed.read_bytes()[:200])
    with pytest.raises(DataError, match=r"candles\.zip: the ZIP archive cannot be unpacked"):
        read_minutes(packed, NOW_MS)


def test_a_column_that_is_not_there_is_named_however_few_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: the header names no column for volume;"):
        read_minutes(_file(tmp_path, ["time,open,high,low,close", "1704067200,1,1,1,1"]), NOW_MS)


def test_a_time_in_another_form_is_told_the_forms_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"time '01/02/2024 00:00' cannot be read; expected milliseconds, sec"
    ):
        read_minutes(_file(tmp_path, [HEADER, "01/02/2024 00:00,1,1,1,1,1"]), NOW_MS)
