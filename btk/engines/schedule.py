"""The question schedule: at which ticks an idle slot is asked for a signal."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from btk.core.model import NEVER
from btk.model.intervals import MINUTE_MS


class QuestionSchedule:
    """One question per aligned interval slot, on the ticks of the frame, not before the warm-up is there.

    `asked_slot_ms` is the start of the interval slot that was asked last; `give_back` makes the last one undone.
    """

    def __init__(
        self, interval_ms: int, first_ms: int, grid_ms: int = MINUTE_MS, grid_from_ms: int = 0
    ) -> None:
        self.interval_ms = interval_ms
        self.asked_slot_ms = -1
        self._asked_before_ms = -1
        self._first_ms = first_ms
        self._grid_ms = grid_ms
        self._grid_from_ms = grid_from_ms
        self._candidates: list[int] | None = None
        # The first due tick from a moment on, as long as the interval slot asked last is the same.
        self._known_ms: float = -1
        self._known_from_ms = 0
        self._known_after_ms = -1

    def only_at(self, bar_closes_ms: NDArray[np.int64]) -> None:
        """Ask only in interval slots that start at one of these bar closes (ascending)."""
        self._candidates = bar_closes_ms.tolist()
        self._known_ms = -1

    def next_tick(self, now_ms: int) -> float:
        """The first tick at or after `now_ms` at which the slot is due; infinite when there is none."""
        # What was found for an earlier moment holds until it comes: it is looked up several times a position.
        if self._known_after_ms != self.asked_slot_ms or not self._known_from_ms <= now_ms <= self._known_ms:
            self._known_ms, self._known_from_ms = self._found(now_ms), now_ms
            self._known_after_ms = self.asked_slot_ms
        return self._known_ms

    def _found(self, now_ms: int) -> float:
        tick = self._on_grid(max(now_ms, self._first_ms))
        while True:
            slot_ms = tick - tick % self.interval_ms
            if slot_ms == self.asked_slot_ms:
                tick = self._on_grid(slot_ms + self.interval_ms)
                continue
            wanted = self._candidate_slot(slot_ms)
            if wanted == slot_ms:
                return tick
            if wanted == NEVER:
                return NEVER
            tick = self._on_grid(int(wanted))

    def ticks(self, first_ms: int, last_ms: int) -> Iterable[int]:
        """Every due tick from the due tick `first_ms` to `last_ms`, if each is used up by its question."""
        if self._grid_ms != MINUTE_MS:
            return takewhile(lambda tick: tick <= last_ms, self._walk(first_ms))
        if self._candidates is None:
            return range(first_ms, first_ms + 1) if last_ms == first_ms else self._plain(first_ms, last_ms)
        row = bisect_right(self._candidates, first_ms)
        return [first_ms, *self._candidates[row : bisect_right(self._candidates, last_ms)]]

    def mark(self, tick_ms: int) -> None:
        """The interval slot of a tick was asked."""
        self._asked_before_ms, self.asked_slot_ms = self.asked_slot_ms, tick_ms - tick_ms % self.interval_ms

    def give_back(self) -> None:
        """The last mark does not count: ask again at the next tick, unless the slot had been asked before it."""
        self.asked_slot_ms = self._asked_before_ms

    def _plain(self, first_ms: int, last_ms: int) -> Iterable[int]:
        step = self.interval_ms
        if first_ms % step == 0:
            return range(first_ms, last_ms + 1, step)
        return _chained(first_ms, range(first_ms - first_ms % step + step, last_ms + 1, step))

    def _walk(self, first_ms: int) -> Iterator[int]:
        tick: float = first_ms
        while tick != NEVER:
            yield int(tick)
            asked, self.asked_slot_ms = self.asked_slot_ms, int(tick) - int(tick) % self.interval_ms
            tick = self.next_tick(int(tick))
            self.asked_slot_ms = asked

    def _on_grid(self, tick_ms: int) -> int:
        beyond = (tick_ms - self._grid_from_ms) % self._grid_ms
        return tick_ms if beyond == 0 else tick_ms + self._grid_ms - beyond

    def _candidate_slot(self, slot_ms: int) -> float:
        if self._candidates is None:
            return slot_ms
        row = bisect_left(self._candidates, slot_ms)
        return self._candidates[row] if row < len(self._candidates) else NEVER


def _chained(first: int, rest: range) -> Iterator[int]:
    yield first
    yield from rest
