"""The question schedule against a plain walk over every minute of the frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.model import NEVER
from btk.engines.schedule import QuestionSchedule
from btk.model.intervals import MINUTE_MS

TEN_MS = 1_704_189_600_000
MINUTES = 400


def walked(interval: int, first: int, grid: int, grid_from: int, candidates: set[int] | None) -> list[int]:
    """The minutes (after TEN_MS) at which a slot that is always idle is asked, by the words of semantics.md."""
    asked_slot, asked = None, []
    for minute in range(MINUTES):
        epoch_minute = TEN_MS // MINUTE_MS + minute
        slot = epoch_minute - epoch_minute % interval
        on_grid = (minute - grid_from) % grid == 0
        wanted = candidates is None or slot - TEN_MS // MINUTE_MS in candidates
        if minute >= first and on_grid and wanted and slot != asked_slot:
            asked_slot = slot
            asked.append(minute)
    return asked


def schedule_of(
    interval: int, first: int, grid: int, grid_from: int, candidates: set[int] | None
) -> QuestionSchedule:
    schedule = QuestionSchedule(
        interval * MINUTE_MS, TEN_MS + first * MINUTE_MS, grid * MINUTE_MS, TEN_MS + grid_from * MINUTE_MS
    )
    if candidates is not None:
        schedule.only_at(
            np.array([TEN_MS + minute * MINUTE_MS for minute in sorted(candidates)], dtype=np.int64)
        )
    return schedule


schedules = st.fixed_dictionaries(
    {
        "interval": st.sampled_from((1, 3, 5, 15, 60)),
        "first": st.integers(0, 90),
        "grid": st.sampled_from((1, 1, 1, 5, 7, 60)),
        "grid_from": st.integers(0, 20),
        "candidates": st.none() | st.sets(st.integers(-2, 7).map(lambda hour: hour * 60)),
    }
)


@given(setup=schedules)
@settings(max_examples=200, deadline=None)
def test_next_tick_after_next_tick_is_the_plain_walk(setup):
    schedule, asked = schedule_of(**setup), []
    tick = schedule.next_tick(TEN_MS)
    while tick < TEN_MS + MINUTES * MINUTE_MS:
        asked.append((int(tick) - TEN_MS) // MINUTE_MS)
        schedule.mark(int(tick))
        tick = schedule.next_tick(int(tick))
    assert asked == walked(**setup)


@given(setup=schedules, length=st.integers(0, MINUTES - 1))
@settings(max_examples=200, deadline=None)
def test_a_run_of_ticks_is_the_same_as_one_after_the_other(setup, length):
    schedule = schedule_of(**setup)
    first = schedule.next_tick(TEN_MS)
    last = TEN_MS + length * MINUTE_MS
    if first > last:
        return
    ticks = [(tick - TEN_MS) // MINUTE_MS for tick in schedule.ticks(int(first), last)]
    assert ticks == [minute for minute in walked(**setup) if minute <= length]


def test_what_is_given_back_is_due_at_the_next_tick():
    schedule = schedule_of(5, 0, 1, 0, None)
    schedule.mark(TEN_MS)
    assert schedule.next_tick(TEN_MS + MINUTE_MS) == TEN_MS + 5 * MINUTE_MS
    schedule.give_back()
    assert schedule.next_tick(TEN_MS + MINUTE_MS) == TEN_MS + MINUTE_MS


def test_a_slot_that_had_been_asked_before_stays_asked():
    schedule = schedule_of(5, 0, 1, 0, None)
    schedule.mark(TEN_MS)
    schedule.mark(TEN_MS + MINUTE_MS)
    schedule.give_back()
    assert schedule.next_tick(TEN_MS + 2 * MINUTE_MS) == TEN_MS + 5 * MINUTE_MS


def test_without_candidates_left_there_is_no_next_tick():
    schedule = schedule_of(5, 0, 1, 0, {0, 15})
    assert schedule.next_tick(TEN_MS + 16 * MINUTE_MS) == TEN_MS + 16 * MINUTE_MS
    assert schedule.next_tick(TEN_MS + 20 * MINUTE_MS) == NEVER
    assert schedule_of(5, 0, 1, 0, set()).next_tick(TEN_MS) == NEVER


def test_what_was_found_for_later_or_without_candidates_is_forgotten():
    schedule = schedule_of(5, 0, 1, 0, None)
    later_ms = TEN_MS + 7 * MINUTE_MS
    assert schedule.next_tick(later_ms) == later_ms
    assert schedule.next_tick(TEN_MS) == TEN_MS
    schedule.only_at(np.array([TEN_MS + 10 * MINUTE_MS], dtype=np.int64))
    assert schedule.next_tick(TEN_MS) == TEN_MS + 10 * MINUTE_MS
