"""Ours against theirs: what is the same, what is taken in, what stops the start, and what is nobody's business."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from btk.core.order_course import LookedUp, Traded
from btk.core.order_ids import order_id
from btk.core.reconcile import OurSlot, Row, Theirs, compare
from btk.model.accounts import Balance, VenuePosition
from btk.model.intents import Intent
from tests.core.order_samples import KEY, NOW_MS, SPOT, SWAP, fill, intent, shown

BOUGHT = intent(status="done", ending="filled", filled_quantity=1.0, fills=(fill(),), order_id="v0")
STOP = intent(
    client_order_id=order_id(KEY, "s1", "stop"),
    kind="protect",
    leg="stop",
    side="sell",
    status="accepted",
    order_id="v9",
)


def ours(*intents: Intent, side: int = 1) -> OurSlot:
    return OurSlot(key=KEY, signal_id="s1", side=side, intents=intents)


def rows(slot: OurSlot, limits: Any = SWAP, **theirs: Any) -> list[tuple[str, str]]:
    return [(row.verdict, row.cause) for row in compare([slot], Theirs(**theirs), limits, NOW_MS).rows]


def held(quantity: float) -> VenuePosition:
    return VenuePosition(symbol=SWAP.symbol, quantity=quantity)


def test_what_agrees_is_the_same() -> None:
    assert rows(ours(BOUGHT, STOP), open_orders=(shown(STOP),), position=held(1.0)) == [("same", "order")]


def test_an_order_we_had_given_up_is_taken_in_again() -> None:
    absent = msgspec.structs.replace(STOP, status="absent")
    picture = compare(
        [ours(BOUGHT, absent)], Theirs(open_orders=(shown(STOP),), position=held(1.0)), SWAP, NOW_MS
    )
    assert [(row.verdict, row.cause) for row in picture.rows] == [("handle", "order")]
    [(slot, client_id, event)] = picture.adoptions
    assert (slot, client_id) == (KEY, STOP.client_order_id)
    assert isinstance(event, LookedUp)


def test_an_order_of_some_btk_that_nobody_here_knows_stops_the_start_with_the_way_out() -> None:
    unknown = shown(STOP, client_order_id=order_id(KEY, "s7", "stop"))
    picture = compare([ours()], Theirs(open_orders=(unknown,), position=held(0.0)), SWAP, NOW_MS)
    [row] = picture.mismatches
    assert row.cause == "unknown_order"
    assert row.remedy == "btk state adopt --symbols BTCUSDT.USDT | btk live --on-mismatch flatten"


def test_orders_of_others_are_shown_and_left_alone() -> None:
    picture = compare(
        [ours()], Theirs(open_orders=(shown(STOP, client_order_id="web_1"),), position=held(0.0)), SWAP, 0
    )
    assert [(row.verdict, row.cause) for row in picture.rows] == [("foreign", "foreign_order")]
    assert picture.adoptions == ()


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (1.0, []),
        (1.0004, []),
        (0.0, [("handle", "gone")]),
        (0.4, [("mismatch", "smaller")]),
        (1.6, [("mismatch", "larger")]),
        (-1.0, [("mismatch", "turned")]),
    ],
)
def test_a_position_is_what_we_hold_or_says_so(theirs: float, expected: list[tuple[str, str]]) -> None:
    assert rows(ours(BOUGHT), position=held(theirs)) == expected


def test_a_position_that_nobody_here_has_is_a_mismatch() -> None:
    assert rows(ours(), position=held(0.5)) == [("mismatch", "larger")]


@pytest.mark.parametrize(
    ("total", "expected"),
    [(1.0, []), (7.0, []), (0.4, [("mismatch", "smaller")]), (0.0, [("handle", "gone")])],
)
def test_on_spot_only_what_is_missing_counts(total: float, expected: list[tuple[str, str]]) -> None:
    balance = Balance(currency="BTC", free=total)
    assert rows(ours(BOUGHT), SPOT, balance=balance) == expected
    # Our own pair locks what it would sell.
    balance = Balance(currency="BTC", free=0.0, locked=total)
    assert rows(ours(BOUGHT), SPOT, balance=balance) == expected


def test_two_slots_share_what_the_account_holds() -> None:
    other = msgspec.structs.replace(ours(BOUGHT), key=KEY._replace(strategy="other"))
    picture = compare([ours(BOUGHT), other], Theirs(position=held(2.0)), SWAP, NOW_MS)
    assert picture.rows == ()


def test_trades_of_our_orders_that_we_missed_are_taken_in_once() -> None:
    new = fill("t2", 1.0, order_id="v9")
    theirs = Theirs(fills=(fill(), new, fill("t3", order_id="somebody's")), position=held(1.0))
    adoptions = compare([ours(BOUGHT, STOP)], theirs, SWAP, NOW_MS).adoptions
    assert [(one.client_order_id, one.event) for one in adoptions] == [
        (STOP.client_order_id, Traded((new,), NOW_MS))
    ]


def test_a_row_is_readable() -> None:
    [row] = compare([ours(BOUGHT)], Theirs(position=held(0.4)), SWAP, NOW_MS).rows
    assert row == Row(
        verdict="mismatch",
        cause="smaller",
        symbol="BTCUSDT.USDT",
        slot="BTCUSDT_probe_test",
        ours="1",
        theirs="0.4",
        remedy="btk state adopt --symbols BTCUSDT.USDT | btk live --on-mismatch flatten"
        " | btk state forget --symbols BTCUSDT --strategy probe --mode live",
    )
