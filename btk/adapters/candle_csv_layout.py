"""How a CSV file of candles is laid out: its separator, whether it has a header, which column is which."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from btk.model.bars import COLUMNS
from btk.model.errors import DataError

FIELDS = ("time", *COLUMNS)
_SEPARATORS = (",", ";", "\t")
# What pandas calls an index that nobody has named: in CSV, in Parquet, after reset_index().
_UNNAMED = ("", "index_level_0", "index")
_NAMES = {
    "time": (
        "open_time_ms",
        "open_time",
        "opentime",
        "open_ms",
        "timestamp",
        "time",
        "unix",
        "datetime",
        "date",
        "ts",
        *_UNNAMED,
    ),
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price"),
    "volume": ("volume", "v", "vol", "base_volume"),
}


class Layout(NamedTuple):
    """Where time, open, high, low, close and volume are; `dated` when the time is a date rather than a number."""

    separator: str
    header: bool
    columns: tuple[int, ...]
    dated: bool

    def fields(self, line: str) -> list[str]:
        """The six fields of a line, in order; `IndexError` when it has too few."""
        cells = _cells(line, self.separator)
        return [cells[column].strip() for column in self.columns]


def layout_of(path: Path, number: int, lines: list[str]) -> Layout:
    """The layout, from the first lines that are not blank (the first of them being line `number` of the file)."""
    separator = max(_SEPARATORS, key=lines[0].count)
    cells = _cells(lines[0], separator)
    header = not any(is_number(cell) or is_date(cell) for cell in cells)
    if len(cells) < (2 if header else len(FIELDS)):
        raise DataError(
            f"{path} line {number}: expected {', '.join(FIELDS)} in columns, got {lines[0].strip()[:60]!r}"
        )
    columns = columns_by_name(path, number, cells) if header else tuple(range(len(FIELDS)))
    layout = Layout(separator, header, columns, dated=False)
    return layout._replace(dated=_is_dated(layout, lines))


def is_number(text: str) -> bool:
    """Whether Python reads it as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_date(text: str) -> bool:
    """Whether it is an ISO date or time."""
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _is_dated(layout: Layout, lines: list[str]) -> bool:
    for line in lines[layout.header :][:1]:
        cells = _cells(line, layout.separator)
        return len(cells) > layout.columns[0] and not is_number(cells[layout.columns[0]])
    return False


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def columns_by_name(path: Path, number: int, cells: list[str]) -> tuple[int, ...]:
    """Where the six fields are by the names in line `number`; `DataError` for names that are not there."""
    names = [re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_") for cell in cells]
    found = {field: _place(field, names) for field in FIELDS}
    absent = [field for field, place in found.items() if place is None]
    if absent:
        raise DataError(
            f"{path} line {number}: the header names no column for {', '.join(absent)}; call them {', '.join(FIELDS)}"
        )
    return tuple(place for place in found.values() if place is not None)


def _place(field: str, names: list[str]) -> int | None:
    exact = [names.index(name) for name in _NAMES[field] if name in names]
    # "Volume BTC" beside "Volume USDT": the one in base currency comes first.
    volumes = [place for place, name in enumerate(names) if field == "volume" and name.startswith("volume_")]
    return next(iter((*exact, *volumes)), None)
