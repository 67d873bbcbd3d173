"""Candles from a CSV file, packed or not: every row as it stands there, with its line number."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_csv_layout import FIELDS, Layout, is_date, is_number, layout_of
from btk.adapters.candle_stretch import Table
from btk.adapters.candle_text import opened_text
from btk.model.dates import EARLIEST_MS
from btk.model.errors import DataError

_LINES_AT_ONCE = 65_536
# Some sellers of candles put their address above the table.
_TITLE = re.compile(r"\s*https?://")
_EXPECTED = {"time": "milliseconds, seconds or an ISO date such as 2024-01-01 00:00"}
# What a number means is told by its size: seconds of this century, milliseconds, microseconds.
_UNITS = ((1e11, 1000.0), (1e14, 1.0), (1e17, 0.001))


class CsvRows(NamedTuple):
    """Rows in the order of the file: open times (UTC milliseconds), five columns, and their line numbers."""

    open_ms: NDArray[np.int64]
    table: Table
    lines: NDArray[np.int64]


class _Part(NamedTuple):
    numbers: NDArray[np.int64]
    lines: list[str]


def read_csv(path: Path) -> CsvRows:
    """All rows; `DataError` names the file, the line and the value that cannot be read."""
    with opened_text(path) as text:
        parts = _parts(text)
        first = _without_titles(next(parts, _Part(np.arange(0), [])))
        if not first.lines:
            raise DataError(f"{path}: holds no candles")
        layout = layout_of(path, int(first.numbers[0]), first.lines[:2])
        if layout.header:
            first = _Part(first.numbers[1:], first.lines[1:])
        pieces = [
            (part.numbers, _values(path, layout, part)) for part in chain((first,), parts) if part.lines
        ]
    if not pieces:
        raise DataError(f"{path}: holds a header, but no candles")
    numbers = np.concatenate([numbers for numbers, _ in pieces])
    values = np.concatenate([values for _, values in pieces])
    return CsvRows(_times_ms(path, values[:, 0], numbers), np.ascontiguousarray(values[:, 1:].T), numbers)


def _parts(text: io.TextIOBase) -> Iterator[_Part]:
    number = 1
    while lines := list(islice(text, _LINES_AT_ONCE)):
        numbers = np.arange(number, number + len(lines))
        number += len(lines)
        if any(map(str.isspace, lines)):
            kept = [place for place, line in enumerate(lines) if not line.isspace()]
            numbers, lines = numbers[kept], [lines[place] for place in kept]
        if lines:
            yield _Part(numbers, lines)


def _without_titles(part: _Part) -> _Part:
    titles = len(list(takewhile(_TITLE.match, part.lines)))
    return _Part(part.numbers[titles:], part.lines[titles:])


def _values(path: Path, layout: Layout, part: _Part) -> NDArray[np.float64]:
    times = _date_times(path, layout, part) if layout.dated else None
    wanted = layout.columns if times is None else layout.columns[1:]
    try:
        values = np.loadtxt(
            part.lines, delimiter=layout.separator, usecols=wanted, ndmin=2, comments=None, quotechar='"'
        )
    except ValueError as error:
        _complain(path, layout, part, error)
    return values if times is None else np.column_stack((times, values))


def _date_times(path: Path, layout: Layout, part: _Part) -> NDArray[np.float64]:
    column, separator = layout.columns[0], layout.separator
    try:
        return np.array([_date_ms(line.split(separator, column + 1)[column]) for line in part.lines])
    except (ValueError, IndexError) as error:
        _complain(path, layout, part, error)


def _date_ms(text: str) -> float:
    moment = datetime.fromisoformat(text.strip().strip('"'))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000.0


def _times_ms(path: Path, times: NDArray[np.float64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    factor = next((factor for below, factor in _UNITS if times[0] < below), 1.0)
    scaled = times * factor
    # The comparison is false for NaN, too.
    wrong = np.flatnonzero(~((scaled >= EARLIEST_MS) & (scaled < _UNITS[1][0])))
    if len(wrong):
        raise DataError(
            f"{path} line {numbers[wrong[0]]}: {times[wrong[0]]:.15g} is not the time of a candle"
        )
    return np.rint(scaled).astype(np.int64)


def _complain(path: Path, layout: Layout, part: _Part, error: Exception) -> NoReturn:
    for number, line in zip(part.numbers, part.lines, strict=True):
        try:
            fields = layout.fields(line)
        except IndexError:
            raise DataError(f"{path} line {number}: too few columns in {line.strip()[:60]!r}") from error
        for name, field in zip(FIELDS, fields, strict=True):
            fits = is_date if layout.dated and name == "time" else is_number
            if not fits(field):
                expected = _EXPECTED.get(name, "a number such as 42000.5")
                raise DataError(
                    f"{path} line {number}: {name} {field!r} cannot be read; expected {expected}"
                ) from error
    raise DataError(f"{path} near line {part.numbers[0]}: {error}") from error
