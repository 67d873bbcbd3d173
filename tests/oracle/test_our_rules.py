"""Where our rules differ from the origin's: our outcome of the recorded scenarios that show each difference.

All with the vwap model and without the quirks. The expected numbers are worked out here, from the prices of the scenario.
A-n are the findings of origin-core.md, appendix A.
"""

from __future__ import annotations

import msgspec
import pytest

from btk.core.rules import ORIGIN, OURS, Quirks
from btk.model.errors import DataError
from btk.model.events import (
    AveragedEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    OpenedEvent,
    PartialClosedEvent,
    ProfitLevelEvent,
    RejectedEvent,
    StopMovedEvent,
    TakeMovedEvent,
)
from btk.model.trade import Trade
from tests.oracle import noted, recorded, replayed
from tests.oracle.replay import Mode, Replay, Told, only, replay, rules_of
from tests.oracle.rows import Refused, Row
from tests.oracle.scenarios import Scenario, scenario
from tests.oracle.scripted import Scripted

FIRST_MS = 1_704_067_800_000


def ours(name: str) -> tuple[Scenario, Replay]:
    one = scenario(name)
    assert one.first_tick_ms == FIRST_MS
    return one, replay(one, Mode(quirks=OURS))


def minute(event: Event) -> int:
    return (event.at_ms - FIRST_MS) // 60_000


def all_of(run: Replay, kind: type[Told]) -> list[Told]:
    return [event for event in run.events if isinstance(event, kind)]


def first_trade(run: Replay) -> Trade:
    return all_of(run, ClosedEvent)[0].trade


def answers(run: Replay) -> list[tuple[int, str, bool | None]]:
    assert isinstance(run.strategy, Scripted)
    return [((done.at_ms - FIRST_MS) // 60_000, done.op, done.accepted) for done in run.strategy.done]


def gross_long(opened: float, closed: float) -> tuple[float, float]:
    """(profit in percent before fees, closing value over opening value), slippage of 0.1 % on both sides."""
    paid, received = opened * 1.001, closed * 0.999
    return (received - paid) / paid * 100, received / paid


def net_long(opened: float, closed: float) -> float:
    """Net profit in percent of one entry and one exit, fee of 0.1 % on both sides."""
    gross, ratio = gross_long(opened, closed)
    return gross - 0.1 * (1 + ratio)


SHOWN_BY = {
    "commands_one_candle_late": "partial_profit_then_tp",
    "risk_before_validation": "risk_before_validation_order",
    "own_reservation_counts": "risk_max_active_one_scheduled",
    "no_tolerance": "validation_float_boundary",
    "first_trail_is_free": "trailing_stop_absorb",
    "breakeven_reports_without_improving": "breakeven_after_trailing",
    "only_last_id_remembered": "whipsaw_same_id",
    "extremes_by_price": "immediate_long_tp",
    "last_minute_may_be_missing": "tail_exactly_lifetime",
}


@pytest.mark.parametrize("quirk", Quirks.__struct_fields__)
def test_every_quirk_is_needed_to_repeat_a_recorded_scenario(quirk: str) -> None:
    one = scenario(SHOWN_BY[quirk])
    with_all, without = ORIGIN, msgspec.structs.replace(ORIGIN, **{quirk: False})
    assert seen(one, with_all) == (recorded.rows(one), recorded.refusals(one))
    try:
        without_it = seen(one, without)
    except DataError:
        return
    assert without_it != (recorded.rows(one), recorded.refusals(one))


def seen(one: Scenario, quirks: Quirks) -> tuple[list[Row], list[Refused]]:
    run = replay(one, Mode(quirks=quirks))
    return replayed.rows(run.events, rules_of(one.config, quirks)), noted.refusals(run)


def test_a2_a_scheduled_signal_does_not_count_its_own_place_when_it_activates() -> None:
    one, run = ours("risk_max_active_one_scheduled")
    assert recorded.rows(one)[1].values["reason"] == "risk"
    opened, second = all_of(run, OpenedEvent)
    assert (opened.id, minute(opened), opened.price_open) == ("a", 12, 99)
    trade = first_trade(run)
    assert (trade.close_reason, minute(all_of(run, ClosedEvent)[0])) == ("time_expired", 12 + 20)
    assert trade.price_close == pytest.approx(99.5)
    assert trade.pnl_pct == pytest.approx(net_long(99, 99.5))
    assert (second.id, minute(second)) == ("b", 40)
    assert run.refusals == []
    assert all_of(run, CancelledEvent) == []


def test_a4_commands_of_a_hook_are_priced_at_what_the_hook_saw() -> None:
    # The jump of 4 comes with candle 15; one fifth of it is in the average of minute 15, two fifths in that of minute 16.
    _, run = ours("partial_after_tp_level_of_lagging_price")
    assert answers(run) == [
        (15, "partialProfit", True),
        (15, "averageBuy", False),
        (15, "breakeven", True),
        (16, "partialProfit", True),
        (16, "breakeven", False),
    ]
    first, second = all_of(run, PartialClosedEvent)
    assert [minute(first), minute(second)] == [15, 16]
    assert [first.price, second.price] == pytest.approx([100 + 4 / 5, 100 + 8 / 5])
    moved = only(run.events, StopMovedEvent)
    assert minute(moved) == 15
    assert moved.price_stop_loss == pytest.approx(100)
    legs = [(0.1, 100.8), (0.09, 101.6), (0.81, 104.0)]
    gross = sum(weight * gross_long(100, price)[0] for weight, price in legs)
    fees = 0.1 + sum(0.1 * weight * gross_long(100, price)[1] for weight, price in legs)
    assert first_trade(run).pnl_pct == pytest.approx(gross - fees)


def test_a5_breakeven_behind_a_better_stop_is_refused_and_tells_nothing() -> None:
    _, run = ours("breakeven_after_trailing")
    assert answers(run) == [
        (15, "trailingStop", True),
        (20, "breakeven", True),
        (30, "trailingStop", True),
        (32, "breakeven", False),
    ]
    moved = [(minute(event), event.cause, event.price_stop_loss) for event in all_of(run, StopMovedEvent)]
    # original distance 5 %, minus 2 and minus 6 percentage points
    assert moved == [(15, "trail", 97), (20, "breakeven", 100), (30, "trail", 101)]
    trade = first_trade(run)
    assert (trade.close_reason, trade.price_close) == ("stop_loss", 101)
    assert trade.pnl_pct == pytest.approx(net_long(100, 101))


def test_a10_the_first_trailing_call_may_not_loosen_the_stop() -> None:
    _, run = ours("trailing_stop_absorb")
    assert [accepted for *_, accepted in answers(run)] == [False, True, False, True, False]
    # original distance 2 %, shifted by -0.5 and -1.5; +2, -0.3 and +3 would be looser than what stands
    stops = [(minute(event), event.price_stop_loss) for event in all_of(run, StopMovedEvent)]
    assert stops == [(12, 98.5), (16, 99.5)]
    trade = first_trade(run)
    assert (trade.close_reason, trade.price_close) == ("stop_loss", 99.5)
    assert trade.pnl_pct == pytest.approx(net_long(100, 99.5))


def test_a10_the_first_trailing_call_may_not_push_the_target_away() -> None:
    one, run = ours("trailing_take_first_looser")
    assert recorded.rows(one)[-1].values["price"] == 106
    assert answers(run) == [(20, "trailingTake", False)]
    assert all_of(run, TakeMovedEvent) == []
    trade = first_trade(run)
    assert (trade.close_reason, trade.price_close) == ("take_profit", 104)
    assert trade.pnl_pct == pytest.approx(net_long(100, 104))


def test_a11_a_signal_is_validated_before_any_risk_rule_sees_it() -> None:
    one, run = ours("risk_before_validation_order")
    assert len(recorded.refusals(one)) == 1
    assert run.refusals == []
    refused = [(minute(event), event.id, event.reason) for event in all_of(run, RejectedEvent)]
    assert refused == [(5, "a", "invalid"), (6, "b", "invalid")]
    assert all_of(run, OpenedEvent) == []


def test_a24_best_and_worst_are_profits_not_prices() -> None:
    # $100 at 100, $300 more at 96.978: from then on there is profit below the first entry, up to the exit at 100.
    one, run = ours("trailing_after_dca_original_distance")
    theirs = recorded.rows(one)[-1].values
    assert (theirs["best_pct"], theirs["pnl_pct"] > 0) == (0, True)
    bought = only(run.events, AveragedEvent)
    assert minute(bought) == 30
    assert [bought.price, bought.cost] == pytest.approx([96.978, 300])
    effective = 400 / (100 / 100 + 300 / bought.price)
    trade = first_trade(run)
    assert trade.price_open == pytest.approx(effective)
    assert trade.peak_profit_pct == trade.pnl_pct == pytest.approx(net_long(effective, 100))
    # the worst was seen by the first entry alone, in the minute of the second
    assert trade.max_drawdown_pct == pytest.approx(net_long(100, 96.978))


def test_a25_a_milestone_is_reached_although_a_float_falls_short_of_it() -> None:
    # Candle 15 has a typical price of (112 + 99 + 101) / 3 = 104, all before it 100, all after it 101.
    one, run = ours("high_touches_tp_but_vwap_does_not")
    reached = {event.level: event for event in all_of(run, ProfitLevelEvent)}
    assert [minute(reached[40]), minute(reached[80])] == [15, 19]
    averages = [(4 * 100 + 104) / 5, (104 + 4 * 101) / 5]
    assert [reached[40].price, reached[80].price] == pytest.approx(averages)
    theirs = {row.values["level"]: row.at_ms for row in recorded.rows(one) if row.kind == "partial_profit"}
    assert theirs[40] == FIRST_MS + 16 * 60_000
    assert 80 not in theirs


def test_a44_distances_exactly_at_their_limits_are_accepted() -> None:
    # At a market of 100.1: 0.5 % is 0.5005, 20 % is 20.02; all but b, d and e were refused there.
    one, run = ours("validation_float_boundary")
    assert [row.id for row in recorded.rows(one) if row.kind == "opened"] == ["b", "d", "e"]
    opened = [(minute(event), event.id) for event in all_of(run, OpenedEvent)]
    assert opened == [(2, "a"), (10, "b"), (20, "c"), (30, "d"), (40, "e"), (50, "f")]
    assert all_of(run, RejectedEvent) == []
    assert [minute(event) for event in all_of(run, ClosedEvent)] == [7, 15, 25, 35, 45, 55]


def test_a37_an_id_never_opens_twice_however_many_others_came_between() -> None:
    one, run = ours("whipsaw_same_id")
    assert [row.id for row in recorded.rows(one) if row.kind == "opened"] == ["dup", "other", "dup"]
    assert [(minute(event), event.id) for event in all_of(run, OpenedEvent)] == [(5, "dup"), (14, "other")]
    refused = [(minute(event), event.id, event.reason) for event in all_of(run, RejectedEvent)]
    assert refused == [(12, "dup", "duplicate_id"), (21, "dup", "duplicate_id")]
