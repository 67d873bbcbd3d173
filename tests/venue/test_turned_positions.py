"""A contract position that another hand turns round: ours is over, no order of ours opens anything, nor is anything new."""

from __future__ import annotations

from decimal import Decimal

import pytest

from btk import Market, Position, Signal, Strategy
from btk.core.states import Idle, Open
from btk.model.events import AveragedEvent, CancelledEvent, ClosedEvent, RejectedEvent
from tests.venue.story import Act, Stage, Told, told
from tests.venue.test_adversity import moves, probe, state_of
from tests.venue.test_live_orders import OneSignal
from tests.venue.trading_faults import HTML, Fault, Says
from tests.venue.trading_nouns import Side, Wish

both_sides = pytest.mark.parametrize("side", ["long", "short"])


def turn(side: str) -> Act:
    against: Side = "SELL" if side == "long" else "BUY"
    return lambda stage: stage.market.place(
        Wish("BTCUSDT", against, "MARKET", "web_1", Decimal("0.05"), owner="hand")
    )


def close_theirs(stage: Stage) -> None:
    stage.market.close_by_hand("BTCUSDT")


def opened_by_us(seen: Told) -> list[int]:
    """The seconds at which orders of ours were done."""
    return [(each.at_ms - seen.stage.bot.start_ms) // 1000 for each in seen.audit.done]


@both_sides
@pytest.mark.parametrize("end", [-900, 1_100, 0])
def test_a_position_that_is_turned_round_has_ended_at_the_price_that_turned_it(side: str, end: int) -> None:
    course = moves(side, (90, 300), (400, end))
    seen = told("swap", probe(side), course, [(100, turn(side))])
    (closed,) = seen.of(ClosedEvent)
    assert (closed.close_reason, closed.trade.note) == ("external", "")
    away = 300 if side == "long" else -300
    exit_fee = 0.02 * (50_000 + away) * 0.0005
    assert closed.trade.pnl_cost == pytest.approx(0.02 * 300 - 0.5 - exit_fee, abs=1e-6)
    assert any("turned" in words for words in seen.alarms)
    assert opened_by_us(seen) == [0]
    assert abs(seen.stage.held) == pytest.approx(0.03)
    assert seen.stage.market.book.open_orders("BTCUSDT", conditional=True) == []
    assert isinstance(state_of(seen), Idle)
    assert seen.audit.violations == []


@both_sides
@pytest.mark.parametrize("end", [-900, 1_100])
def test_levels_that_are_reached_before_anybody_has_looked_open_nothing(side: str, end: int) -> None:
    seen = told("swap", probe(side), moves(side, (102, end)), [(100, turn(side))])
    assert seen.closed == ["external"]
    assert opened_by_us(seen) == [0]
    assert abs(seen.stage.held) == pytest.approx(0.03)


class Again(Strategy):
    """At the market whenever it is asked."""

    name = "probe"
    interval = "1m"
    side = "long"

    def get_signal(self, market: Market) -> Signal | None:
        return Signal.bracket(self.side, market.price, 2, 1)


@both_sides
def test_nothing_is_opened_until_the_position_of_others_is_gone(side: str) -> None:
    again = type("Probe", (Again,), {"side": side})
    seen = told("swap", again, acts=[(100, turn(side)), (500, close_theirs)], until=900)
    assert len(seen.opened) == 2
    assert opened_by_us(seen)[0] == 0
    assert opened_by_us(seen)[1] > 500
    assert {event.reason for event in seen.of(CancelledEvent)} == {"rejected"}
    assert {event.note for event in seen.of(CancelledEvent)} == {
        "the account does not hold what is remembered of BTCUSDT.USDT; nothing is opened on it until it does"
    }
    assert isinstance(state_of(seen), Open)


@both_sides
def test_a_position_that_may_have_been_turned_is_not_added_to(side: str) -> None:
    class Doubling(OneSignal):
        def on_active(self, market: Market, position: Position) -> None:
            if market.now_ms >= seen_at_ms and len(position.entries) == 1:
                position.average_buy(500)

    seen_at_ms = 1_700_000_160_000
    strategy = type("Probe", (Doubling,), {"side": side})
    seen = told("swap", strategy, acts=[(150, turn(side))], until=400, dca_everywhere=True)
    assert seen.of(AveragedEvent) == []
    assert any("does not hold what is remembered" in event.detail for event in seen.of(RejectedEvent))
    assert seen.closed == ["external"]
    assert opened_by_us(seen) == [0]


@both_sides
def test_nothing_is_opened_on_a_contract_that_somebody_else_holds_a_position_of(side: str) -> None:
    class Later(Again):
        def get_signal(self, market: Market) -> Signal | None:
            return super().get_signal(market) if market.now_ms >= 1_700_000_160_000 else None

    later = type("Probe", (Later,), {"side": side})
    seen = told("swap", later, acts=[(30, turn(side)), (500, close_theirs)], until=900)
    assert {event.reason for event in seen.of(CancelledEvent)} == {"rejected"}
    assert len(seen.opened) == 1
    assert opened_by_us(seen)[0] > 500


@both_sides
def test_an_entry_waits_until_the_account_can_be_looked_at(side: str) -> None:
    def hide(stage: Stage) -> None:
        hidden = Fault("hidden", Says(502, HTML))
        stage.venue.plan(hidden, on=lambda request: request.path.endswith("/positionRisk"), times=2)

    seen = told("swap", probe(side), acts=[(0.4, hide)], until=200)
    assert sum(each.fault == "hidden" for each in seen.stage.venue.heard) == 2
    assert len(seen.opened) == 1
    assert opened_by_us(seen)[0] >= 1
