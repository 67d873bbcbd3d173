"""What a slot remembers over a restart: its record taken, and a new slot made to be what the record says."""

from __future__ import annotations

from collections.abc import Sequence

from btk.core.ledger import Ledger
from btk.core.risk import BookPosition
from btk.core.slot_record import NumberedEvent, SlotRecord
from btk.core.states import Idle, plan_of
from btk.engines.slot import Slot


def remembered(slot: Slot, ledger: Ledger, seen_ms: int, untold: Sequence[NumberedEvent]) -> SlotRecord:
    """The slot as it is after the tick `seen_ms`, with the events that observers have not been told of."""
    sightings, key = slot.sightings, slot.key
    return SlotRecord(
        symbol=key.symbol,
        strategy=key.strategy,
        exchange=key.exchange,
        state=slot.state,
        last_candle_ms=seen_ms,
        asked_slot_ms=slot.schedule.asked_slot_ms,
        extremes_ms=sightings.extremes_ms,
        milestones_ms=sightings.milestones_ms,
        used_ids=tuple(sorted(slot.used_ids)),
        paused=slot.paused,
        stopping=slot.stopping,
        flattening=slot.flattening,
        queued=slot.queued,
        refusal=slot.refusals.record(),
        error=slot.errors.record(),
        committed=ledger.committed_by(key),
        realised_part=ledger.realised_part_by(key),
        intents=slot.intents,
        untold=tuple(untold),
        needs_attention=slot.needs_attention,
        notes=slot.notes,
    )


def recall(slot: Slot, record: SlotRecord) -> None:
    """Make a slot that has just joined what its record says."""
    slot.state = record.state
    slot.schedule.asked_slot_ms = record.asked_slot_ms
    slot.sightings.begin(record.extremes_ms, record.milestones_ms)
    slot.used_ids = set(record.used_ids)
    slot.paused, slot.stopping, slot.queued = record.paused, record.stopping, record.queued
    slot.flattening = record.flattening
    slot.refusals.restore(record.refusal, slot.schedule.interval_ms)
    slot.errors.restore(record.error)
    slot.needs_attention = record.needs_attention
    slot.note_down(record.notes)
    if isinstance(slot.state, Idle):
        slot.forget_signal()
    slot.intents = record.intents


def place_of(record: SlotRecord) -> BookPosition | None:
    """The place that a slot takes in its risk profiles, or None."""
    plan = plan_of(record.state)
    if plan is None:
        return None
    return BookPosition(record.symbol, record.strategy, plan.position, record.committed)
