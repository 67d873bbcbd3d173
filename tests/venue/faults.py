"""What can go wrong with one answer of a venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.venue.candle_book import Row


class Answer(NamedTuple):
    """Something else than candles."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = {}


class Hang(NamedTuple):
    """No answer until the venue closes."""


class Reset(NamedTuple):
    """The connection is cut; with `torn`, in the middle of the answer."""

    torn: bool = False


class Altered(NamedTuple):
    """Candles, but not as they are."""

    change: Callable[[list[Row]], list[Row]]


Fault = Answer | Hang | Reset | Altered

HTML = "<html><body>Welcome to the hotel</body></html>"
FEWER = Altered(lambda rows: rows[: len(rows) // 3 or 1])
LAST_ONES = Altered(lambda rows: rows[len(rows) // 2 :])
SHUFFLED = Altered(lambda rows: rows[1::2] + rows[::2])
DOUBLED = Altered(lambda rows: [row for row in rows for _ in (1, 2)])
NONE = Altered(lambda rows: [])
IMPOSSIBLE = Altered(lambda rows: [(*rows[0][:2], "1.0", *rows[0][3:]), *rows[1:]])
