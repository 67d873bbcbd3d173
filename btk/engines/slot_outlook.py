"""The outlook of a slot: the next tick at which anything can happen to it; this is how a replay can jump."""

from __future__ import annotations

from btk.core.model import NEVER, next_candle
from btk.core.states import Idle, Open
from btk.engines.requests import Ask
from btk.engines.slot import Slot
from btk.model.intervals import MINUTE_MS


def plan_next(slot: Slot, now_ms: int) -> None:
    """Find the next tick at which a slot has to be looked at, and the next at which it has to be stepped."""
    if slot.changed or now_ms >= slot.hard_next_ms or type(slot.state) is Idle:
        slot.hard_next_ms, slot.touched_ms = outlook(slot, now_ms)
        slot.planned = slot.state
    every_minute = slot.watches or slot.hooks.due
    slot.next_ms = now_ms + MINUTE_MS if every_minute else slot.hard_next_ms


def outlook(slot: Slot, now_ms: int) -> tuple[float, float]:
    """The first tick after now at which anything but a minute that is only told of can happen to a slot as it is, and
    the first one whose candle means anything to it (infinite where there is none)."""
    state, soonest = slot.state, now_ms + MINUTE_MS
    if type(state) is Idle:
        return max(soonest, min(_next_question(slot, now_ms), slot.inbox.next_ms)), NEVER
    if slot.foresight.ahead:
        tick_ms = slot.foresight.ahead[0].tick_ms
        return tick_ms, tick_ms
    row = slot.row
    if row.touch is next_candle:
        return soonest, soonest
    minutes, deadline_ms = slot.minutes, row.deadline_ms(state, slot.terms)
    start, stop = minutes.row_at(now_ms) + 1, len(minutes)
    if deadline_ms != NEVER:
        # What it touches after its time is over is nothing to it; an end that nobody could decide on is yet to come.
        stop = min(stop, max(start, minutes.row_at(int(deadline_ms))) + 1)
    touched = row.touch(state, minutes, start, stop, slot.terms)
    heard = _next_heard(slot, start, touched)
    heard_ms = minutes.tick_of(heard) if heard < stop else NEVER
    # What is to be held no longer may have been opened between two ticks.
    hard_ms = soonest if slot.flattening else max(soonest, min(heard_ms, deadline_ms, slot.inbox.next_ms))
    return hard_ms, minutes.tick_of(touched) if touched < stop else NEVER


def has_more_at(slot: Slot, tick_ms: int) -> bool:
    """Whether a minute told of is not all at a tick: a question, or a milestone that a hook hears of."""
    if isinstance(slot.state, Idle):
        return _next_question(slot, tick_ms - MINUTE_MS) <= tick_ms
    row = slot.minutes.row_at(tick_ms)
    return _next_heard(slot, row, row + 1) == row


def is_sure_to_be_asked(slot: Slot, tick_ms: int) -> bool:
    """Whether nothing can come between a slot and the question at a tick."""
    if type(slot.state) is not Idle or not slot.asks or slot.queued or slot.hooks.due:
        return False
    asked = slot.prepared is None and slot.schedule.next_tick(tick_ms) == tick_ms
    return asked and slot.inbox.next_ms > tick_ms


def prepare(slot: Slot, tick_ms: int) -> Ask:
    """The question of a tick, to be put in the decide phase."""
    slot.market.now_ms = tick_ms
    slot.prepared = Ask(slot.question, slot.market, range(tick_ms, tick_ms + 1))
    return slot.prepared


def is_looked_at(slot: Slot, tick_ms: int) -> bool:
    """Whether the candle that closed at a tick counts for a position."""
    return not isinstance(slot.state, Open) or tick_ms - MINUTE_MS >= slot.sightings.milestones_ms


def _next_heard(slot: Slot, start: int, stop: int) -> int:
    state = slot.state
    if not slot.hooks.hear_milestones or not isinstance(state, Open):
        return stop
    return slot.sightings.next_milestone(state.holding, start, stop)


def is_asked(slot: Slot, tick_ms: int) -> bool:
    """Whether an idle slot has a question, or an answer that came ahead, at a tick."""
    return _next_question(slot, tick_ms - MINUTE_MS) <= tick_ms and slot.asks


def _next_question(slot: Slot, now_ms: int) -> float:
    if slot.answer is not None:
        return slot.answer.tick_ms
    if slot.prepared is not None:
        return now_ms + MINUTE_MS
    if not slot.asks:
        return NEVER
    if slot.queued is not None:
        return now_ms + MINUTE_MS
    return slot.schedule.next_tick(now_ms + MINUTE_MS)
