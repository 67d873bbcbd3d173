"""Projections: what the state files show of a slot in each of its states."""

from __future__ import annotations

import math

import msgspec
import pytest

from btk.core.projections import levels, risk_position, risk_positions, schedule_row, signal_row
from btk.core.slot_record import SlotRecord
from btk.core.states import Open, Opening, Scheduled
from btk.model.names import SlotKey
from tests.core.record_samples import START_MS, idle, in_every_state

IDLE, SCHEDULED, OPENING, OPEN, CLOSING = in_every_state()


@pytest.mark.parametrize(
    ("record", "shown"),
    [(IDLE, ""), (SCHEDULED, "schedule"), (OPENING, "schedule"), (OPEN, "signal"), (CLOSING, "signal")],
)
def test_a_slot_shows_a_position_or_a_waiting_signal_or_nothing(record: SlotRecord, shown: str) -> None:
    assert (signal_row(record) is not None) == (shown == "signal")
    assert (schedule_row(record) is not None) == (shown == "schedule")
    assert (risk_position(record) is not None) == (shown != "")
    assert bool(levels(record)) == (shown == "signal")


def test_an_open_position_shows_what_it_is_now_and_what_it_was_planned_to_be() -> None:
    row = signal_row(OPEN)
    assert row is not None
    assert isinstance(OPEN.state, Open)
    assert row.price_open == OPEN.state.holding.price_open
    assert (row.price_stop_loss, row.original_price_stop_loss) == (98.0, 95.0)
    assert (row.original_price_open, row.cost, row.lifetime_minutes) == (100.0, 100.0, math.inf)
    assert (row.scheduled_at_ms, row.pending_at_ms) == (START_MS, START_MS)
    assert [entry.price for entry in row.entries] == [100.0, 96.0]
    assert [partial.pct for partial in row.partials] == [25.0]
    assert row.closing is None


def test_a_position_whose_end_is_ordered_says_why() -> None:
    row = signal_row(CLOSING)
    assert row is not None
    assert row.closing == "user"


def test_an_ordered_entry_is_told_from_one_that_waits_for_its_price() -> None:
    waiting, ordered = schedule_row(SCHEDULED), schedule_row(OPENING)
    assert isinstance(SCHEDULED.state, Scheduled)
    assert isinstance(OPENING.state, Opening)
    assert waiting is not None
    assert waiting.ordered_at_ms is None
    assert ordered is not None
    assert ordered.ordered_at_ms == START_MS


def test_levels_are_every_step_up_to_the_highest_told() -> None:
    shown = levels(OPEN)["probe-1"]
    assert shown.profit_levels == (10, 20, 30)
    assert shown.loss_levels == (10,)
    assert shown.breakeven


def test_a_place_costs_what_the_slot_holds_and_is_pending_once_it_is_open() -> None:
    place, waiting = risk_position(OPEN), risk_position(SCHEDULED)
    assert place is not None
    assert waiting is not None
    assert (place.cost, place.pending_at_ms, waiting.pending_at_ms) == (75.0, START_MS, None)


def test_places_are_in_the_order_of_the_keys_without_the_idle() -> None:
    keys = [SlotKey(symbol, "probe", "test") for symbol in ("B", "A", "C")]
    records = [
        msgspec.structs.replace(OPEN, symbol=keys[0].symbol),
        msgspec.structs.replace(OPEN, symbol=keys[1].symbol),
        idle(keys[2]),
    ]
    assert [key for key, _ in risk_positions(records)] == ["A_probe_test", "B_probe_test"]
