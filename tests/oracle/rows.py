"""The common words of the comparison: one row for everything that happened to a signal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

MILESTONES = {"partial_profit", "partial_loss", "breakeven"}
COMMANDS = {"partial_closed", "stop_moved", "take_moved", "averaged"}


class Row(msgspec.Struct, frozen=True):
    """What happened (`kind`), when, to which signal, and every number of it."""

    at_ms: int
    kind: str
    id: str
    values: dict[str, Any]


class Refused(NamedTuple):
    """What a risk rule refused: when, at which price, with how many places taken, which signal, and its words."""

    at_ms: int
    price: float
    taken: int
    id: str
    rule_id: str | None
    note: str


class Extreme(NamedTuple):
    """The best or worst moment of a position."""

    id: str
    at_ms: int
    price: float
    pct: float


def in_common_order(rows: Iterable[Row]) -> list[Row]:
    """Rows with the commands of a candle before its milestones.

    The origin tells a command when it drains its queue, after the milestones of that candle; we tell it when it is done.
    Nothing else is moved.
    """
    ordered = list(rows)
    start = 0
    while start < len(ordered):
        stop = start
        while stop < len(ordered) and _belongs(ordered[stop], ordered[start]):
            stop += 1
        ordered[start:stop] = sorted(ordered[start:stop], key=lambda row: row.kind in MILESTONES)
        start = max(stop, start + 1)
    return ordered


def _belongs(row: Row, first: Row) -> bool:
    return row.kind in MILESTONES | COMMANDS and (row.at_ms, row.id) == (first.at_ms, first.id)
