"""What the events of a run without a result tell."""

import msgspec
import numpy as np
import pytest

from btk.model.bars import Span
from btk.model.dates import parse_date_ms
from btk.report.run_record import EventRecord
from btk.report.unfinished import Asked, ToldEquity, told_so_far
from tests.report.trade_samples import DAY, HOUR, MIDNIGHT, trade

MINUTE_MS = 60_000
ASKED = msgspec.convert(
    {
        "run_id": "r",
        "mode": "paper",
        "started_at_ms": MIDNIGHT,
        "settings": {
            "symbols": ["BTCUSDT", "ETHUSDT"],
            "exchange": {"name": "demo"},
            "execution": {"model": "candle"},
            "strategy": {"entry": ["strategies/sma_cross.py"], "params": {"fast": 5}},
            "wallet": {"currency": "USDT", "start": 500.0},
        },
    },
    Asked,
)


def event(kind: str, day: int, symbol: str = "BTCUSDT", **fields: object) -> EventRecord:
    at_ms = MIDNIGHT + day * DAY
    named = {"symbol": symbol, "strategy": "sma_cross", "id": f"signal-{day:06}"}
    return EventRecord(type=kind, at_ms=at_ms, tick_ms=at_ms + MINUTE_MS, **{**named, **fields})


def closed(day: int, pnl_pct: float = 1.0) -> EventRecord:
    return event("closed", day, trade=trade(day, pnl_pct))


def test_trades_refusals_and_cancelled_signals_are_those_of_the_events() -> None:
    events = [
        closed(0),
        event(
            "cancelled", 1, "ETHUSDT", position="long", price_open=9.0, scheduled_at_ms=5, reason="timeout"
        ),
        event("rejected", 2, "ETHUSDT", reason="cash", detail="none left", count=3),
        closed(3, -2.0),
    ]
    told = told_so_far(ASKED, events)
    assert [one.pnl_pct for one in told.trades()] == [1.0, -2.0]
    assert [one.reason for one in told.symbols["ETHUSDT"].cancelled] == ["timeout"]
    assert [one.count for one in told.symbols["ETHUSDT"].rejected] == [3]
    assert told.symbols["BTCUSDT"].statistics["total_trades"] == 2
    assert told.portfolio.statistics["total_pnl_cost"] == pytest.approx(-1.0)


def test_what_only_a_result_knows_is_missing_and_said_so() -> None:
    told = told_so_far(ASKED, [closed(0)])
    figures = told.portfolio.statistics
    assert (figures["start_equity"], figures.get("return_pct"), figures.get("max_drawdown_pct")) == (
        500.0,
        None,
        None,
    )
    assert told.status == "unfinished"
    assert "no result" in told.warnings[0]


def test_the_frame_ends_with_the_last_event_and_a_replay_begins_with_its_first() -> None:
    later = told_so_far(ASKED, [closed(2)])
    assert (later.frame.from_ms, later.frame.to_ms) == (MIDNIGHT, MIDNIGHT + 2 * DAY + MINUTE_MS)
    replay = told_so_far(msgspec.structs.replace(ASKED, started_at_ms=MIDNIGHT + 900 * DAY), [closed(2)])
    assert replay.frame.from_ms == MIDNIGHT + 2 * DAY


def test_the_frame_of_a_backtest_begins_where_it_was_asked_to() -> None:
    settings = {"frame": {"from": "2023-12-30", "to": "2024-03-01"}}
    wish = {"mode": "backtest", "started_at_ms": MIDNIGHT + 900 * DAY, "settings": settings}
    asked = msgspec.convert(wish, Asked)
    assert told_so_far(asked, []).frame.from_ms == parse_date_ms("2023-12-30")
    assert told_so_far(asked, [closed(2)]).frame.from_ms == parse_date_ms("2023-12-30")


def test_a_trade_that_was_told_again_after_a_kill_is_one_trade() -> None:
    assert len(told_so_far(ASKED, [closed(0), closed(0)]).trades()) == 1


def test_before_anything_happened_there_are_symbols_and_a_name_from_the_file() -> None:
    told = told_so_far(ASKED, [])
    assert list(told.symbols) == ["BTCUSDT", "ETHUSDT"]
    assert told.strategy == "sma_cross"
    assert told.frame.to_ms > told.frame.from_ms


def test_settings_from_another_world_are_no_reason_to_fail() -> None:
    told = told_so_far(Asked(), [closed(0)])
    assert (told.mode, told.exchange, list(told.symbols)) == ("unknown", "", ["BTCUSDT"])
    assert told.trades()[0].closed_at_ms == MIDNIGHT + HOUR


def test_with_the_equity_of_its_minutes_a_run_has_the_figures_of_the_wallet() -> None:
    minutes = Span(MIDNIGHT, MIDNIGHT + 3 * MINUTE_MS)
    equity = ToldEquity(
        minutes,
        {
            "BTCUSDT": (np.array([0.0, -50.0, 20.0]), np.array([100.0, 100.0, 0.0])),
            "ETHUSDT": (np.array([0.0, 0.0, 5.0]), np.array([0.0, 0.0, 10.0])),
        },
    )
    told = told_so_far(ASKED, [], equity)
    whole, eth = told.portfolio.statistics, told.symbols["ETHUSDT"].statistics
    assert (whole["start_equity"], whole["final_equity"], whole["return_pct"]) == (
        500.0,
        525.0,
        pytest.approx(5.0),
    )
    assert (whole["max_drawdown_pct"], whole["exposure_pct"]) == (pytest.approx(10.0), pytest.approx(100.0))
    assert (eth["final_equity"], eth["exposure_pct"]) == (505.0, pytest.approx(100 / 3))
    assert told.portfolio.equity.value[-1] == 525.0
    assert (told.frame.from_ms, told.frame.to_ms) == tuple(minutes)
    assert "gap_minutes" not in whole


def test_a_symbol_of_a_swap_market_has_one_name_however_the_settings_spell_it() -> None:
    swap = [event("rejected", 0, "BTCUSDT.USDT", reason="cash", detail="", count=1)]
    assert list(told_so_far(ASKED, swap).symbols) == ["BTCUSDT.USDT", "ETHUSDT"]
