"""Flatten: whatever a slot holds or is about to hold ends, and nothing is refused for not being there."""

from __future__ import annotations

from btk.model.commands import Flatten, Pause
from tests.scenarios.harness import both_sides, play, scene
from tests.scenarios.script import long

MARKET = {"09:01": long(stop=95, take=110)}


@both_sides
def test_an_open_position_is_closed_at_the_next_open(side: str) -> None:
    played = play(
        scene(candles={"09:00": "100"}, signals=MARKET, commands=[("09:05", Flatten())], until="09:08"), side
    )
    assert played.lines == [("09:01", "opened long @100"), ("09:05", "closed user @100")]


@both_sides
def test_a_waiting_entry_is_cancelled(side: str) -> None:
    waiting = {"09:01": long(price_open=98.0, stop=95, take=110)}
    played = play(
        scene(candles={"09:00": "100"}, signals=waiting, commands=[("09:05", Flatten())], until="09:08"), side
    )
    assert [line.split(" @")[0] for _, line in played.lines][-1].startswith("cancelled user")


def test_a_slot_that_holds_nothing_is_told_nothing() -> None:
    played = play(
        scene(candles={"09:00": "100"}, commands=[("09:03", Pause()), ("09:03", Flatten())], until="09:08")
    )
    assert [line for _, line in played.lines] == ["paused"]
