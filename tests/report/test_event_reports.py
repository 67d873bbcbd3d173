"""Reports made from events, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from btk.model.names import SlotKey
from btk.report.event_reports import event_report, partial_report, risk_report, schedule_report
from btk.report.report import Report
from btk.report.run_record import EventRecord, FramePart, ResultRecord, RunRecord
from tests.report.trade_samples import MIDNIGHT, trade

MINUTE = 60_000
SIGNAL = {"position": "long", "price_open": 100.0, "price_take_profit": 104.0, "price_stop_loss": 98.0}


def event(kind: str, minute: int, **fields: Any) -> EventRecord:
    at_ms = MIDNIGHT + minute * MINUTE
    head = {"at_ms": at_ms, "tick_ms": at_ms, "symbol": "BTCUSDT", "strategy": "sma"}
    return EventRecord(type=kind, **{**head, **fields})


def run_of(*events: EventRecord) -> RunRecord:
    result = ResultRecord(
        run_id="r1",
        mode="backtest",
        status="complete",
        strategy="sma",
        exchange="demo",
        model="candle",
        frame=FramePart(MIDNIGHT, MIDNIGHT + 60 * MINUTE),
    )
    return RunRecord(result, events)


def facts(report: Report) -> dict[str, Any]:
    return {fact.column.key: fact.value for fact in report.facts}


def scheduled(name: str, minute: int) -> EventRecord:
    return event("scheduled", minute, id=name, price=101.0, **SIGNAL)


def since(minute: int) -> dict[str, int]:
    return {"scheduled_at_ms": MIDNIGHT + minute * MINUTE}


def test_rates_and_waits_count_only_signals_that_waited() -> None:
    report = schedule_report(
        run_of(
            scheduled("a", 0),
            event("opened", 10, id="a", **SIGNAL, **since(0)),
            scheduled("b", 20),
            event("cancelled", 50, id="b", price=103.0, reason="timeout", **since(20)),
            scheduled("c", 60),
            event("opened", 80, id="c", **SIGNAL, **since(60)),
            event("opened", 90, id="at market", **SIGNAL, **since(90)),
            scheduled("still waiting", 95),
        ),
        None,
    )
    found = facts(report)
    assert (found["scheduled"], found["opened"], found["cancelled"]) == (4, 2, 1)
    assert found["activation_rate_pct"] == pytest.approx(200 / 3)
    assert found["cancellation_rate_pct"] == pytest.approx(100 / 3)
    assert found["avg_activation_minutes"] == 15
    assert found["avg_cancelled_wait_minutes"] == 30
    assert [(row["action"], row["wait_minutes"]) for row in report.rows][:3] == [
        ("scheduled", None),
        ("opened", 20),
        ("scheduled", None),
    ]
    cancelled = next(row for row in report.rows if row["action"] == "cancelled")
    assert cancelled["price_take_profit"] == 104
    assert cancelled["reason"] == "timeout"


def test_without_a_resolved_signal_rates_are_missing() -> None:
    found = facts(schedule_report(run_of(scheduled("a", 0)), None))
    assert found["activation_rate_pct"] is None
    assert found["avg_activation_minutes"] is None


def test_milestones_show_the_levels_in_force_and_those_of_the_beginning() -> None:
    report = partial_report(
        run_of(
            event("opened", 0, id="a", note="why", **SIGNAL),
            event("partial_profit", 5, id="a", level=50, price=102.0),
            event("stop_moved", 6, id="a", price=102.0, price_stop_loss=100.5),
            event("averaged", 7, id="a", price=99.0, price_open=99.5, entries=2),
            event("partial_closed", 8, id="a", price=99.0),
            event("partial_loss", 9, id="a", level=10, price=99.0),
        ),
        None,
    )
    loss, profit = report.rows
    assert (profit["level"], profit["price_stop_loss"], profit["entries"], profit["partials"]) == (
        50,
        98,
        1,
        0,
    )
    assert profit["move_pct"] == pytest.approx(2)
    assert (loss["price_stop_loss"], loss["original_price_stop_loss"]) == (100.5, 98)
    assert (loss["price_open"], loss["original_price_open"]) == (99.5, 100)
    assert (loss["entries"], loss["partials"], loss["note"]) == (2, 1, "why")
    found = facts(report)
    assert (found["total"], found["partial_profit"], found["partial_loss"], found["breakeven"]) == (
        2,
        1,
        1,
        0,
    )


def test_a_short_position_moves_the_other_way() -> None:
    report = partial_report(
        run_of(
            event("opened", 0, id="a", **{**SIGNAL, "position": "short"}),
            event("partial_profit", 5, id="a", level=50, price=98.0),
        ),
        None,
    )
    assert report.rows[0]["move_pct"] == pytest.approx(2)


def test_rejections_count_their_repetitions() -> None:
    report = risk_report(
        run_of(
            event("rejected", 0, id="a", reason="risk", detail="max_positions", count=3),
            event("rejected", 5, id="b", reason="validation", detail="stop too near", count=1),
            event("rejected", 6, id="c", reason="risk", detail="cooldown", count=2, symbol="ETHUSDT"),
        ),
        None,
    )
    assert facts(report)["total"] == 6
    reasons, symbols, strategies = report.tables[1:]
    assert [(row["group"], row["count"]) for row in reasons.rows] == [("risk", 5), ("validation", 1)]
    assert [(row["group"], row["count"]) for row in symbols.rows] == [("BTCUSDT", 4), ("ETHUSDT", 2)]
    assert [(row["group"], row["count"]) for row in strategies.rows] == [("sma", 6)]


def test_a_slot_has_only_its_own_events() -> None:
    run = run_of(
        event("rejected", 0, id="a", reason="risk", count=1),
        event("rejected", 1, id="b", reason="risk", count=1, symbol="ETHUSDT"),
    )
    assert [row["id"] for row in risk_report(run, SlotKey("ETHUSDT", "sma", "demo")).rows] == ["b"]


def test_everything_that_happened_is_listed_newest_first() -> None:
    report = event_report(
        run_of(
            event("opened", 0, id="a", **SIGNAL),
            event("error", 3, where="get_signal", message="oh"),
            event("closed", 5, id="a", price=104.0, pnl_pct=3.6, close_reason="take_profit"),
        ),
        None,
    )
    assert [(row["action"], row["reason"]) for row in report.rows] == [
        ("closed", "take_profit"),
        ("error", "oh"),
        ("opened", None),
    ]
    assert facts(report)["total_events"] == 3


def test_a_refused_signal_is_shown_with_what_it_wished_for() -> None:
    wish = {"position": "short", "price": 100.0, "price_take_profit": 98.0, "price_stop_loss": 102.0}
    [row] = risk_report(run_of(event("rejected", 0, reason="cash", count=1, **wish)), None).rows
    # At market: the price that the market showed.
    assert (row["position"], row["price_open"], row["price"]) == ("short", 100.0, 100.0)
    assert (row["price_take_profit"], row["price_stop_loss"]) == (98.0, 102.0)


def test_a_refused_signal_with_the_id_of_an_open_one_changes_nothing_of_it() -> None:
    report = partial_report(
        run_of(
            event("opened", 0, id="a", cost=100.0, **SIGNAL),
            event("rejected", 1, id="a", reason="duplicate_id", **{**SIGNAL, "price_open": 50.0}),
            event("partial_profit", 2, id="a", level=50, price=102.0),
        ),
        None,
    )
    assert (report.rows[0]["price_open"], report.rows[0]["move_pct"]) == (100.0, pytest.approx(2))


def test_the_same_id_on_two_symbols_is_two_signals() -> None:
    report = partial_report(
        run_of(
            event("opened", 0, id="a", **SIGNAL),
            event("opened", 0, id="a", symbol="ETHUSDT", **{**SIGNAL, "price_open": 50.0}),
            event("partial_profit", 2, id="a", level=50, price=102.0),
        ),
        None,
    )
    assert report.rows[0]["price_open"] == 100.0


def test_what_partial_closes_took_is_a_share_of_all_that_was_put_in() -> None:
    report = event_report(
        run_of(
            event("opened", 0, id="a", cost=100.0, **SIGNAL),
            event("averaged", 1, id="a", price=99.0, cost=100.0, price_open=99.5, entries=2),
            event("partial_closed", 2, id="a", price=102.0, pct=50.0, cost_basis=200.0),
            event("partial_closed", 3, id="a", price=103.0, pct=50.0, cost_basis=100.0),
        ),
        None,
    )
    assert [row["partial_executed_pct"] for row in report.rows] == [75.0, 50.0, 0.0, 0.0]
    assert [row["partials"] for row in report.rows] == [2, 1, 0, 0]


def test_an_event_says_how_far_target_and_stop_are_and_a_close_how_long_it_took() -> None:
    closing = trade(0, peak_profit_pct=3.0, max_drawdown_pct=-1.0)
    report = event_report(
        run_of(
            event("opened", 0, id="a", **SIGNAL),
            event("breakeven", 3, id="a", price=102.0),
            event("closed", 60, id="a", price=104.0, close_reason="take_profit", trade=closing),
        ),
        None,
    )
    closed, breakeven, _ = report.rows
    assert breakeven["to_take_pct"] == pytest.approx((104 / 102 - 1) * 100)
    assert breakeven["to_stop_pct"] == pytest.approx((1 - 98 / 102) * 100)
    assert (closed["duration_minutes"], closed["peak_profit_pct"], closed["max_drawdown_pct"]) == (
        60,
        3.0,
        -1.0,
    )
    assert breakeven.get("duration_minutes") is None
