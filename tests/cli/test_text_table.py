"""Plain tables: whole where nobody looks, and no wider than a terminal where somebody does."""

from __future__ import annotations

import pytest

from btk.cli.text_table import Heading, text_table

HEADINGS = (
    Heading("symbol"),
    Heading("from", 1),
    Heading("MB", 2, number=True),
    Heading("holes", number=True),
)
ROWS = [("BTCUSDT", "2024-01-01", "11.8", "0"), ("ETH", "2024-01-01T10:00", "0.2", "10")]


@pytest.mark.parametrize("width", [None, 38])
def test_with_room_for_all_columns_all_are_shown(width: int | None) -> None:
    assert list(text_table(HEADINGS, ROWS, width)) == [
        "symbol   from                MB  holes",
        "BTCUSDT  2024-01-01        11.8      0",
        "ETH      2024-01-01T10:00   0.2     10",
    ]


@pytest.mark.parametrize(
    ("width", "headings"),
    [(37, "symbol   from              holes"), (31, "symbol   holes"), (3, "symbol   holes")],
)
def test_columns_are_left_out_the_least_needed_first(width: int, headings: str) -> None:
    first, *_ = text_table(HEADINGS, ROWS, width)
    assert first == headings
