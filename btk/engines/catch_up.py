"""Catching up: which ticks are still to be gone through, by whom, and at which of them something may be decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey

FRESH_MS = 2 * MINUTE_MS
"""A candle that closed longer ago is stale: nothing is decided at it."""


class Part(NamedTuple):
    """One tick of some slots; `drawn`: its minute is new to the equity tape."""

    tick_ms: int
    slots: frozenset[SlotKey]
    decides: bool
    drawn: bool


class Reached(NamedTuple):
    """The tick every slot has gone through, and the one the equity has been drawn to."""

    slots: Mapping[SlotKey, int]
    drawn_ms: int


def parts(reached: Reached, known: Mapping[str, int], now_ms: int) -> Iterator[Part]:
    """Every tick until `now_ms` that is new to a slot whose symbol is `known` so far, or to the tape; in order.

    Only the newest candle of a symbol is decided at, and only while it is fresh.
    """
    first_ms = min((*reached.slots.values(), reached.drawn_ms)) + MINUTE_MS
    for tick_ms in range(first_ms, now_ms - now_ms % MINUTE_MS + 1, MINUTE_MS):
        drawn = tick_ms > reached.drawn_ms
        present = [key for key, seen in reached.slots.items() if seen < tick_ms <= known[key.symbol]]
        fresh = now_ms - tick_ms < FRESH_MS
        deciding = frozenset(key for key in present if fresh and tick_ms == known[key.symbol])
        late = frozenset(present) - deciding
        if late or (drawn and not deciding):
            yield Part(tick_ms, late, decides=False, drawn=drawn)
        if deciding:
            yield Part(tick_ms, deciding, decides=True, drawn=drawn and not late)
