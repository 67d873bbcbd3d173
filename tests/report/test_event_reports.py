"""Reports made from events, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from btk.model.names import SlotKey
from btk.report.event_reports import event_report, partial_report, risk_report, schedule_report
from btk.report.report import Report
from btk.report.run_record import EventRecord, FramePart, ResultRecord, RunRecord
from tests.report.trade_samples import MIDNIGHT

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
