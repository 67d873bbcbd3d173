"""The slot's record survives being written as JSON, whatever is in it, and old versions are brought up to date."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from btk.core.documents import from_document, to_document
from btk.core.slot_record import AnyEvent, NumberedEvent, SlotRecord, migrated, slot_record
from btk.model.errors import InvalidInput
from btk.model.events import Event
from tests.core.record_samples import idle, in_every_state, intent, opened_event


def _through_json(record: SlotRecord) -> SlotRecord:
    return slot_record(msgspec.json.decode(msgspec.json.encode(to_document(record))))


@pytest.mark.parametrize("record", in_every_state(), ids=lambda record: type(record.state).__name__)
def test_a_record_in_any_state_comes_back_equal(record: SlotRecord) -> None:
    assert _through_json(record) == record


def test_an_unbounded_lifetime_is_spelled_out_and_a_note_of_that_word_is_left_alone() -> None:
    record = msgspec.structs.replace(
        idle(), untold=(NumberedEvent(1, opened_event()),), needs_attention="infinity"
    )
    document = to_document(record)
    assert document["untold"][0]["event"]["lifetime_minutes"] == "infinity"
    back = _through_json(record)
    assert back.untold[0].event == opened_event()
    assert back.needs_attention == "infinity"
    assert back.queued is not None
    assert back.queued.lifetime_minutes == math.inf


def test_every_event_there_is_can_be_kept_untold() -> None:
    assert set(AnyEvent.__args__) == set(Event.__subclasses__())


def test_only_intents_without_an_outcome_are_in_flight() -> None:
    of_status = [
        msgspec.structs.replace(intent(), status=status)
        for status in ("prepared", "sent", "accepted", "partial", "ended", "refused", "unknown", "done")
    ]
    record = msgspec.structs.replace(idle(), intents=tuple(of_status))
    in_flight = [each.status for each in record.in_flight]
    assert in_flight == ["prepared", "sent", "accepted", "partial", "ended", "unknown"]


def test_an_older_record_goes_through_every_migration_in_turn() -> None:
    steps: dict[int, Any] = {
        1: lambda document: {**document, "b": document["a"] + 1},
        2: lambda document: {**document, "c": document["b"] + 1},
    }
    assert migrated({"version": 1, "a": 1}, steps, to=3) == {"version": 3, "a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_version_nobody_can_read_is_refused_and_not_guessed(version: int) -> None:
    with pytest.raises(InvalidInput, match=f"version {version}, this btk reads 1"):
        slot_record({**to_document(idle()), "version": version})


@pytest.mark.parametrize("wrong", [None, [], "text", {}, {"version": 1}, {"version": "1"}])
def test_what_is_no_record_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput):
        slot_record(wrong)


def test_a_field_of_the_wrong_type_is_named() -> None:
    with pytest.raises(InvalidInput, match="paused"):
        from_document({**to_document(idle()), "paused": "yes"}, SlotRecord)
