"""A lot is what was really traded: quantities, fees, profit and the way out."""

from __future__ import annotations

import msgspec
import pytest

from btk.core.lot import executed, lot_of
from btk.core.real_exit import real_exit, slippage_cost
from btk.model.intents import Intent, Leg
from tests.core.order_samples import NOW_MS, fill, intent

BOUGHT = intent(status="done", filled_quantity=1.0, fills=(fill(fee_quote=0.1),))


def left(leg: Leg, price: float, quantity: float = 1.0, at_ms: int = NOW_MS + 1, **changes: object) -> Intent:
    trade = fill(f"{leg}{at_ms}", quantity, price=price, fee_quote=0.1, at_ms=at_ms)
    plain = intent(leg=leg, side="sell", status="done", filled_quantity=quantity, fills=(trade,))
    return msgspec.structs.replace(plain, **changes)


def test_a_lot_is_what_was_bought_less_what_was_sold_and_paid_in_kind() -> None:
    bought = msgspec.structs.replace(BOUGHT, fills=(fill(fee_base=0.001),))
    assert lot_of([bought], "s1").quantity == pytest.approx(0.999)
    assert lot_of([bought, left("partial", 110.0, 0.4)], "s1").quantity == pytest.approx(0.599)
    assert lot_of([bought, left("stop", 95.0, 0.999)], "s1").quantity == 0.0


def test_other_signals_are_other_lots() -> None:
    assert lot_of([BOUGHT], "s2").quantity == 0.0


def test_without_its_trades_an_order_is_known_by_its_sums_and_the_lot_is_not_complete() -> None:
    untold = msgspec.structs.replace(BOUGHT, fills=(), filled_cost=100.0)
    assert (executed(untold).quantity, executed(untold).price) == (1.0, 100.0)
    assert not lot_of([untold], "s1").complete
    assert lot_of([BOUGHT], "s1").complete


def test_profit_is_cash_after_fees() -> None:
    lot = lot_of([BOUGHT, left("target", 110.0)], "s1")
    assert lot.profit(1) == pytest.approx(110 - 100 - 0.2)
    assert lot.profit(-1) == pytest.approx(100 - 110 - 0.2)


def test_a_fee_in_kind_is_paid_by_selling_less_and_not_twice() -> None:
    bought = msgspec.structs.replace(BOUGHT, fills=(fill(fee_base=0.001),))
    assert lot_of([bought, left("target", 110.0, 0.999)], "s1").profit(1) == pytest.approx(
        0.999 * 110 - 100 - 0.1
    )


def test_a_fee_in_kind_of_a_sale_of_all_there_was_counts_at_the_price_of_that_sale() -> None:
    sold = left("target", 110.0)
    sold = msgspec.structs.replace(sold, fills=(fill("t2", price=110.0, fee_base=0.001),))
    assert lot_of([BOUGHT, sold], "s1").profit(1) == pytest.approx(110 - 100 - 0.1 - 0.11)
    part = msgspec.structs.replace(sold, fills=(fill("t2", 0.999, price=110.0, fee_base=0.001),))
    part = msgspec.structs.replace(part, filled_quantity=0.999)
    assert lot_of([BOUGHT, part], "s1").profit(1) == pytest.approx(0.999 * 110 - 100 - 0.1)


def test_a_fee_in_a_third_currency_is_told_beside_the_profit() -> None:
    paid = msgspec.structs.replace(BOUGHT, fills=(fill(fee_other=0.01, fee_currency="BNB"),))
    assert executed(paid).fees_other == {"BNB": 0.01}


@pytest.mark.parametrize(
    ("leg", "half", "reason"),
    [
        ("stop", "", "stop_loss"),
        ("target", "", "take_profit"),
        ("pair", "stop", "stop_loss"),
        ("pair", "target", "take_profit"),
        ("close", "", None),
    ],
)
def test_the_order_that_took_the_last_of_it_is_the_reason(leg: Leg, half: str, reason: str | None) -> None:
    early = left("partial", 105.0, 0.5, at_ms=NOW_MS + 1)
    last = left(leg, 95.0, 0.5, at_ms=NOW_MS + 2, filled_half=half)
    exit_ = real_exit([BOUGHT, last, early], "s1")
    assert (exit_.reason, exit_.price, exit_.at_ms) == (reason, 95.0, NOW_MS + 2)


def test_a_position_none_of_our_orders_has_ended_was_ended_by_another_hand() -> None:
    assert real_exit([BOUGHT], "s1").reason == "external"


def test_slippage_is_what_a_fill_cost_against_the_model() -> None:
    assert slippage_cost(101.0, 100.0, 2.0, 1) == 2.0
    assert slippage_cost(101.0, 100.0, 2.0, -1) == -2.0
