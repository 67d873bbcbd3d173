"""How much of our coins orders of others lock: only where an order of ours was refused for it, and nothing is on its way."""

from __future__ import annotations

from typing import Any

import msgspec

from btk.core.adoption import Held
from btk.core.states import Open
from btk.core.withheld import withheld
from btk.model.accounts import Balance
from btk.model.intents import Intent
from tests.core.order_samples import KEY, SPOT, intent
from tests.core.position_samples import Buy, a_position
from tests.core.test_protection import BOUGHT

REFUSED = intent(
    client_order_id="p", leg="pair", side="sell", status="unknown", cause="balance", prepared_at_ms=2
)
LOCKED = Balance(currency="BTC", free=0.7, locked=0.3)


def of(*orders: Intent, balance: Balance = LOCKED, before: float = 0.0) -> dict[str, Any]:
    state = Open(a_position(Buy(100.0)))
    own = [msgspec.structs.replace(one, signal_id=state.holding.plan.id) for one in (BOUGHT, *orders)]
    known = {KEY: before} if before else {}
    found = withheld([Held(KEY, state, tuple(own))], balance, known, SPOT)
    return {key.strategy: round(quantity, 9) for key, quantity in found.items()}


def test_what_others_lock_is_seen_once_an_order_was_refused_for_it() -> None:
    assert of() == {}
    assert of(REFUSED) == {"probe": 0.3}


def test_what_lies_in_the_account_beside_our_lot_may_be_locked() -> None:
    assert of(REFUSED, balance=Balance(currency="BTC", free=1.0, locked=0.3)) == {}


def test_what_is_gone_altogether_is_locked_by_nobody() -> None:
    assert of(REFUSED, balance=Balance(currency="BTC", free=0.7)) == {}


def test_what_our_own_orders_lock_is_not_withheld_and_what_is_on_its_way_tells_nothing() -> None:
    stands = msgspec.structs.replace(REFUSED, quantity=0.7, status="accepted", cause="other")
    both = Balance(currency="BTC", free=0.0, locked=1.0)
    assert of(stands, balance=both, before=0.3) == {"probe": 0.3}
    assert of(stands, balance=Balance(currency="BTC", free=0.3, locked=0.7), before=0.3) == {}
    leaves = msgspec.structs.replace(stands, status="sent")
    assert of(leaves, balance=both, before=0.25) == {"probe": 0.25}
