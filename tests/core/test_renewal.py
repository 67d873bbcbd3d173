"""A stop follows its growing position: at once for what is material, a little later for the rest, and uncounted."""

from __future__ import annotations

import msgspec

from btk.core.protection import next_actions, placed
from btk.core.renewal import RENEW_MS, follows_a_fill
from btk.model.intents import Intent
from tests.core.order_samples import NOW_MS, SWAP, fill, intent
from tests.core.test_protection import at, standing


def bought(quantity: float, status: str = "partial") -> Intent:
    trade = fill(quantity=quantity)
    return intent(status=status, filled_quantity=quantity, filled_cost=100.0 * quantity, fills=(trade,))


def renewed(before: float, after: float, later_ms: int = 0, status: str = "partial") -> list[float]:
    """What is placed for an entry that has grown from one quantity to another."""
    orders = standing(at(SWAP, bought(before)))
    now = at(SWAP, bought(after, status), *orders, now_ms=NOW_MS + later_ms)
    return [one.intent.quantity for one in placed(next_actions(now))]


def test_a_part_that_is_small_against_what_is_protected_waits_a_little() -> None:
    assert renewed(0.5, 0.55) == []
    assert renewed(0.5, 0.55, RENEW_MS) == [0.55, 0.55]


def test_a_material_part_and_the_end_of_the_entry_are_never_waited_with() -> None:
    assert renewed(0.5, 0.56) == [0.56, 0.56]
    assert renewed(0.5, 0.55, status="done") == [0.55, 0.55]


def test_orders_that_only_follow_what_was_bought_are_not_counted_as_too_many() -> None:
    first = intent(leg="stop", order="stop", price_trigger=95.0, client_order_id="a")
    larger = msgspec.structs.replace(first, quantity=1.5, replaces="a")
    moved = msgspec.structs.replace(larger, price_trigger=96.0)
    same = msgspec.structs.replace(first, replaces="a")
    assert follows_a_fill(larger, (first,))
    assert not follows_a_fill(moved, (first,))
    assert not follows_a_fill(same, (first,))
    assert not follows_a_fill(larger, ())
