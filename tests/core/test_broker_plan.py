"""What a slot wants at a real exchange: no entry beyond its own stop or target, however late it comes to leave."""

from __future__ import annotations

import msgspec
import pytest

from btk.core.broker_plan import Attempts, GiveUp, Look, Wanted, wanted
from btk.core.brokered import Scene
from btk.core.protection import Drop, Place
from btk.core.rules import Rules, Terms
from btk.core.states import Opening
from btk.model.intents import Intent
from tests.core.order_samples import KEY, NOW_MS, SWAP, intent
from tests.core.position_samples import a_plan

TERMS = Terms(KEY.symbol, KEY.strategy, KEY.exchange, Rules())


def wishes(side: int, price: float, *intents: Intent) -> tuple[Wanted, ...]:
    """Of an entry at market at 100, whose stop and target are 5 and 10 away."""
    plan = msgspec.structs.replace(a_plan(side=side, stop=100 - 5 * side, take=100 + 10 * side), id="s1")
    return wanted(
        Look(KEY, Opening(plan, NOW_MS), intents, Scene(NOW_MS, price, SWAP, TERMS), NOW_MS, Attempts())
    )


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("away", [-5.0, -6.0, 10.0, 11.0])
def test_no_entry_is_made_where_the_price_is_at_its_stop_or_target(side: int, away: float) -> None:
    (wish,) = wishes(side, 100 + away * side)
    assert isinstance(wish, GiveUp)
    assert "not between the stop and the target" in wish.words


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("away", [-4.9, 0.0, 9.9])
def test_an_entry_is_made_where_the_price_is_between_them(side: int, away: float) -> None:
    (wish,) = wishes(side, 100 + away * side)
    assert isinstance(wish, Place)


def test_an_entry_that_waits_to_be_sent_again_is_dropped_once_the_price_is_beyond() -> None:
    assert wishes(1, 99.0, intent()) == ()
    assert wishes(1, 94.0, intent()) == (Drop(intent().client_order_id),)


def test_an_entry_that_may_have_left_is_kept_wherever_the_price_goes() -> None:
    for status in ("sent", "unknown"):
        assert wishes(1, 94.0, intent(status=status)) == ()
