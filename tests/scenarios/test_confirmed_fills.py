"""A protective order that the broker filled: the position ends at its level, whatever the candle says."""

from __future__ import annotations

import pytest

from btk.model.commands import ConfirmFill, PartialClose, TrailStop
from tests.scenarios.harness import both_sides, play, scene
from tests.scenarios.script import long

SIGNAL = {"09:01": long(stop=95, take=110)}
every_model = pytest.mark.parametrize("model", ["candle", "vwap"])


@both_sides
@every_model
@pytest.mark.parametrize(("kind", "level"), [("take_profit", 110), ("stop_loss", 95)])
def test_a_confirmed_fill_closes_at_its_level(model: str, side: str, kind: str, level: float) -> None:
    played = play(
        scene(
            candles={"09:00": "100"},
            signals=SIGNAL,
            commands=[("09:05", ConfirmFill(kind))],  # type: ignore[arg-type]
            model=model,
            until="09:08",
        ),
        side,
    )
    assert played.lines == [("09:01", "opened long @100"), ("09:05", f"closed {kind} @{level}")]


@every_model
def test_the_level_is_the_one_that_stands(model: str) -> None:
    played = play(
        scene(
            candles={"09:00": "100"},
            signals=SIGNAL,
            commands=[("09:04", TrailStop(price=98)), ("09:05", ConfirmFill("stop_loss"))],
            model=model,
            until="09:08",
        )
    )
    assert played.lines[-1] == ("09:05", "closed stop_loss @98")


def test_what_was_ordered_before_the_fill_counts() -> None:
    played = play(
        scene(
            candles={"09:00": "100", "09:03": "102"},
            signals=SIGNAL,
            commands=[("09:05", PartialClose("profit", 25)), ("09:05", ConfirmFill("take_profit"))],
            until="09:08",
        )
    )
    assert played.lines[1:] == [("09:05", "closed 25 % in profit @102"), ("09:05", "closed take_profit @110")]


@every_model
def test_a_fill_without_a_position_is_refused(model: str) -> None:
    played = play(
        scene(
            candles={"09:00": "100"},
            commands=[("09:05", ConfirmFill("stop_loss"))],
            model=model,
            until="09:08",
        )
    )
    assert played.lines == [("09:05", "rejected x1 command: ConfirmFill: no position is open")]
