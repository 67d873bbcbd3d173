"""What a strategy wants remembered: kept as it was set, typed when it is read, gone with its signal."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from btk.core.notes import Notes, Pad
from btk.model.errors import InvalidInput


class Holder:
    def __init__(self, has_signal: bool = True) -> None:
        self.notes = Notes()
        self.has_signal = has_signal


class Ladder(msgspec.Struct):
    levels: list[float]


@pytest.mark.parametrize(
    ("value", "kind", "back"),
    [
        (3, int, 3),
        (2.5, float, 2.5),
        (None, type(None), None),
        ([1, 2], list[int], [1, 2]),
        ({"a": {"b": "c"}}, dict[str, Any], {"a": {"b": "c"}}),
        (np.float64(1.5), float, 1.5),
        (np.arange(3), list[int], [0, 1, 2]),
        (Ladder([1.0]), Ladder, Ladder([1.0])),
    ],
    ids=repr,
)
def test_what_was_set_comes_back(value: Any, kind: Any, back: Any) -> None:
    session = Pad(Holder(), "session")
    session.set("it", value)
    assert session.get("it", kind) == back


def test_what_was_never_set_or_was_dropped_is_the_default() -> None:
    session = Pad(Holder(), "session")
    session.set("other", 1)
    session.set("it", 1)
    session.drop("it")
    session.drop("never")
    assert (session.get("it", int), session.get("it", int, 7), session.get("other", int)) == (None, 7, 1)


def test_a_list_that_is_changed_after_it_was_set_or_read_changes_nothing() -> None:
    session, mine = Pad(Holder(), "session"), [1]
    session.set("it", mine)
    mine.append(2)
    session.get("it", list[int], []).append(3)
    assert session.get("it", list[int]) == [1]


@pytest.mark.parametrize(
    "value", [math.nan, [math.inf], {"a": (1.0, -math.inf)}, object(), {1, "a", None, object()}]
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    holder = Holder()
    with pytest.raises(InvalidInput, match="session 'it'"):
        Pad(holder, "session").set("it", value)
    assert holder.notes == Notes()


def test_a_value_of_another_kind_than_asked_for_is_named() -> None:
    session = Pad(Holder(), "session")
    session.set("it", "text")
    with pytest.raises(InvalidInput, match="session 'it' is \"text\""):
        session.get("it", int)


def test_a_state_needs_a_signal() -> None:
    with pytest.raises(InvalidInput, match="there is no signal"):
        Pad(Holder(has_signal=False), "state").set("it", 1)


def test_the_state_goes_with_its_signal_and_the_session_stays() -> None:
    holder = Holder()
    Pad(holder, "state").set("it", 1)
    Pad(holder, "session").set("it", 2)
    holder.notes = holder.notes.without_state()
    assert Pad(holder, "state").get("it", int) is None
    assert Pad(holder, "session").get("it", int) == 2
