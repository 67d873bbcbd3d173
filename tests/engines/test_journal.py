"""The journal tells events in the order of time, phase and slot, whatever the order in which they were found."""

from __future__ import annotations

from random import Random

from btk.engines.journal import Journal, Phase
from btk.model.events import PausedEvent
from btk.model.names import SlotKey

KEYS = [SlotKey("AAA", "s", "test"), SlotKey("BBB", "s", "test")]


def event(tick_ms: int, name: str) -> PausedEvent:
    return PausedEvent(at_ms=0, tick_ms=tick_ms, symbol=name, strategy="s")


def told(notes) -> list[str]:
    names: list[str] = []
    journal = Journal(lambda key, told: names.append(told.symbol))
    for phase, order, tick_ms, name in notes:
        journal.note(phase, order, KEYS[order], event(tick_ms, name))
    journal.flush()
    return names


def test_time_comes_before_phase_and_phase_before_slot():
    notes = [
        (Phase.EXITS, 0, 1, "a"),
        (Phase.EXITS, 1, 1, "b"),
        (Phase.ACTIVATIONS, 0, 1, "c"),
        (Phase.HOOKS, 1, 1, "d"),
        (Phase.DECISIONS, 0, 1, "e"),
        (Phase.DECISIONS, 1, 1, "f"),
        (Phase.EXITS, 0, 2, "g"),
    ]
    for seed in range(20):
        shuffled = list(notes)
        Random(seed).shuffle(shuffled)
        assert told(shuffled) == list("abcdefg")


def test_what_one_slot_does_in_one_phase_keeps_its_order():
    assert told([(Phase.HOOKS, 0, 1, name) for name in "zyx"]) == ["z", "y", "x"]


def test_nothing_is_told_twice_and_nothing_before_it_is_flushed():
    names: list[str] = []
    journal = Journal(lambda key, told: names.append(told.symbol))
    journal.note(Phase.EXITS, 0, KEYS[0], event(1, "a"))
    assert names == []
    journal.flush()
    journal.flush()
    assert names == ["a"]
