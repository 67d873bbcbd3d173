"""How far a limit order may be from the price, and where a target goes that is too far."""

from __future__ import annotations

import msgspec
import pytest

from btk.core.price_bands import too_far, within_reach
from btk.model.accounts import PriceBand
from tests.core.order_samples import SPOT

LIMITS = msgspec.structs.replace(
    SPOT,
    buy_band=PriceBand(name="PERCENT_PRICE_BY_SIDE", least=0.5, most=2.0),
    sell_band=PriceBand(name="PERCENT_PRICE_BY_SIDE", least=0.8, most=1.2),
)


def test_each_side_has_its_own_band_and_no_band_forbids_nothing() -> None:
    assert too_far("entry", 190.0, "buy", 100.0, LIMITS) == ""
    assert too_far("target", 121.0, "sell", 100.0, LIMITS) == (
        "the target 121 is more than 1.2 times 100, which PERCENT_PRICE_BY_SIDE of BTCUSDT forbids"
    )
    assert "less than 0.5 times 100" in too_far("entry", 49.0, "buy", 100.0, LIMITS)
    assert too_far("target", 1e9, "sell", 100.0, SPOT) == ""


@pytest.mark.parametrize(
    ("wish", "standing", "placed"),
    [
        (117.0, None, 117.0),
        (130.0, None, 118.0),
        (130.0, 112.0, 112.0),
        (130.0, 109.0, 118.0),
        (130.0, 130.0, 130.0),
    ],
)
def test_a_target_too_far_away_is_placed_as_far_as_is_sure_to_be_taken_and_seldom_moved(
    wish: float, standing: float | None, placed: float
) -> None:
    assert within_reach(wish, standing, 100.0, LIMITS) == pytest.approx(placed)
