"""A run that has followed a clock which was ahead: refused with a way on, and gone on with from now with what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.library.state_backends import Mode
from btk.model.errors import Transient
from btk.model.intervals import DAY_MS, MINUTE_MS
from tests.cli.strategy_project import events
from tests.library.trading_project import OPENED, START_MS, Killed, killed, leave, traded, trading_project

HELD = OPENED + 3
"""Minutes after the start, when positions are open that are held until twenty minutes after they were opened."""


def a_day_ahead(root: Path, mode: Mode) -> None:
    """A run that has positions, and has come to tomorrow."""
    with pytest.raises(Killed):
        traded(root, {HELD: killed}, mode=mode, start_ms=START_MS + DAY_MS)


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_it_is_refused_with_both_clocks_and_the_way_on(tmp_path: Path, mode: Mode) -> None:
    root = trading_project(tmp_path)
    a_day_ahead(root, mode)
    with pytest.raises(Transient) as refused:
        traded(root, {1: leave}, mode=mode)
    assert str(refused.value) == (
        "demo says it is 2024-01-03T00:29, but the run has come to 2024-01-04T01:04: one of the two clocks was wrong."
        " Where it is this one, set it right and start again; where it was the run's, --set-back goes on from now,"
        " with all it holds"
    )


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_set_back_it_holds_what_it_held_and_looks_after_it(tmp_path: Path, mode: Mode) -> None:
    root, notes = trading_project(tmp_path), list[str]()
    a_day_ahead(root, mode)
    opened = [event["id"] for event in events(root) if event["type"] == "opened"]
    assert len(opened) == 2
    ended = traded(
        root, {25: leave}, mode=mode, set_back=True, started=lambda start: notes.extend(start.notes)
    )
    assert notes == [
        "the run was set back from 2024-01-04T01:04 to 2024-01-03T00:28: what happened meanwhile has that time now"
    ]
    told = events(root)
    closed = [event for event in told if event["type"] == "closed"]
    assert sorted(event["id"] for event in closed) == sorted(opened)
    # It was opened before the run was set back, and is held for its twenty minutes from then on.
    assert {(event["close_reason"], event["at_ms"]) for event in closed} == {
        ("time_expired", START_MS + 18 * MINUTE_MS)
    }
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert ended.document["frame"]["to_ms"] < START_MS + 30 * MINUTE_MS


def test_after_it_was_set_back_it_goes_on_as_any_other(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    a_day_ahead(root, "paper")
    traded(root, {5: leave}, set_back=True)
    ended = traded(root, {HELD: leave}, start_ms=START_MS + 8 * MINUTE_MS)
    types = [event["type"] for event in events(root)]
    assert types.count("closed") == 2
    assert types.count("opened") == 4
    assert len(ended.document["symbols"]["BTCUSDT"]["trades"]) == 1


def test_what_a_kill_kept_from_being_told_is_told_before_it_is_set_back(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    with pytest.raises(Killed):
        traded(root, {OPENED: killed}, start_ms=START_MS + DAY_MS)
    (lines,) = (root / "dump/runs").glob("*/events.jsonl")
    opened = events(root)
    assert {event["type"] for event in opened} == {"opened"}
    lines.write_bytes(b"")  # killed between the change and its events
    traded(root, {5: leave}, set_back=True)
    told = events(root)[: len(opened)]
    assert [(event["seq"], event["id"]) for event in told] == [
        (event["seq"], event["id"]) for event in opened
    ]
