"""A signal: the prices that its two short forms make."""

from __future__ import annotations

import pytest

from btk.model.signal import PositionSide, Signal


@pytest.mark.parametrize(("side", "target", "stop"), [("long", 150, 98), ("short", 50, 102)])
def test_a_moonbag_has_its_target_half_the_price_away(side: PositionSide, target: float, stop: float) -> None:
    signal = Signal.moonbag(side, 100, 2, price_open=99, note="far")
    assert (signal.position, signal.price_open, signal.note) == (side, 99, "far")
    assert (signal.price_take_profit, signal.price_stop_loss) == (target, stop)
