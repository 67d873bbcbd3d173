"""Books that are restored from what was recorded answer as those that were never interrupted, to the last bit."""

from __future__ import annotations

from itertools import permutations
from typing import cast

import msgspec
import pytest

from btk.core.ledger import Ledger
from btk.core.risk import BookPosition, Candidate, RiskBook, Standing
from btk.model.events import ClosedEvent, PartialClosedEvent
from btk.model.intervals import DAY_MS
from btk.model.names import SlotKey
from btk.model.settings import RiskProfile
from btk.model.trade import Trade

BTC, ETH = SlotKey("BTCUSDT", "probe", "test"), SlotKey("ETHUSDT", "probe", "test")
STANDING = Standing(1000.0, 1000.0, 1000.0, 0.0)
NO_TRADE = cast(Trade, None)
PROFILE = RiskProfile(max_exposure=100.0, cooldown_minutes=30, max_losing_streak=3, max_drawdown_pct=20.0)


def _stamp(key: SlotKey, at_ms: int) -> dict[str, object]:
    return {"at_ms": at_ms, "tick_ms": at_ms, "symbol": key.symbol, "strategy": key.strategy, "id": "a"}


def closed(key: SlotKey, pnl_cost: float, at_ms: int) -> ClosedEvent:
    """A trade that made so much; nobody looks at the rest of it."""
    return ClosedEvent(
        **_stamp(key, at_ms),  # type: ignore[arg-type]
        close_reason="stop_loss",
        price=1.0,
        pnl_pct=0.0,
        pnl_cost=pnl_cost,
        trade=NO_TRADE,
    )


def partly_closed(key: SlotKey, realised_cost: float) -> PartialClosedEvent:
    """A third of 33.3 sold."""
    return PartialClosedEvent(
        **_stamp(key, 0),  # type: ignore[arg-type]
        kind="profit",
        pct=100 / 3,
        price=1.0,
        cost_basis=33.3,
        realised_cost=realised_cost,
        pnl_pct=0.0,
        pnl_cost=0.0,
    )


def test_a_restored_ledger_has_the_same_money_and_goes_on_the_same() -> None:
    ledger = Ledger(1000.0)
    ledger.reserve(BTC, 33.3)
    ledger.reserve(ETH, 0.1 + 0.2)
    ledger.apply(BTC, partly_closed(BTC, 1.1))
    again = Ledger(1000.0)
    again.restore(
        ledger.realised,
        {key: (ledger.committed_by(key), ledger.realised_part_by(key)) for key in (BTC, ETH)},
    )
    for each in (ledger, again):
        each.apply(BTC, closed(BTC, 0.7, 1))
    assert (again.free, again.realised, again.committed) == (ledger.free, ledger.realised, ledger.committed)


def _lossy() -> RiskBook:
    book = RiskBook("careful", PROFILE, ())
    for key in (BTC, ETH):
        book.take(key, BookPosition(key.symbol, key.strategy, "long", 33.3))
    book.grow(BTC, -33.3 / 3)
    book.apply(ETH, closed(ETH, -1.0, DAY_MS))
    return book


@pytest.mark.parametrize("drawdown_pct", [0.0, 25.0])
def test_a_restored_profile_refuses_what_it_would_have_refused(drawdown_pct: float) -> None:
    book = _lossy()
    book.watch(msgspec.structs.replace(STANDING, worst_drawdown_pct=drawdown_pct))
    again = RiskBook("careful", PROFILE, ())
    again.restore(book.record(), book.places)
    assert again.record() == book.record()
    for each in (book, again):
        for number in (1, 2):
            each.apply(BTC, closed(BTC, -1.0, DAY_MS + number))
    for symbol, now_ms, cost in (
        ("ETHUSDT", DAY_MS + 1, 10.0),
        ("XRPUSDT", 3 * DAY_MS, 90.0),
        ("ETHUSDT", 3 * DAY_MS, 1.0),
    ):
        wish = _candidate(symbol, now_ms, cost)
        assert again.refusal(ETH, wish, STANDING, False) == book.refusal(ETH, wish, STANDING, False)
    assert again.record() == book.record()


def test_the_order_in_which_places_were_taken_is_in_no_answer() -> None:
    costs = {"AUSDT": 58.9724, "BUSDT": 18.4374, "CUSDT": 36.1977}
    places = {
        SlotKey(symbol, "probe", "test"): BookPosition(symbol, "probe", "long", cost)
        for symbol, cost in costs.items()
    }
    answers = set()
    for order in permutations(places):
        book = RiskBook("careful", PROFILE, ())
        for key in order:
            book.take(key, places[key])
        answers.add(book.room_for(BTC, 1.0))
    assert len(answers) == 1


def _candidate(symbol: str, now_ms: int, cost: float) -> Candidate:
    return Candidate(
        id="b",
        symbol=symbol,
        strategy="probe",
        position="long",
        price=100.0,
        price_open=100.0,
        price_take_profit=110.0,
        price_stop_loss=95.0,
        cost=cost,
        lifetime_minutes=60.0,
        now_ms=now_ms,
    )
