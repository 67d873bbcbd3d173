"""How long things took: ticks, their parts, and how late events were recorded."""

import numpy as np
import pytest

from btk.report.performance_report import Timed, duration_report, performance_report
from btk.report.run_record import EventRecord, FramePart, ResultRecord, RunRecord, TickRecord, TimingPart

MINUTE_MS = 60_000


def result(mode: str = "paper", seconds: float | None = None) -> ResultRecord:
    return ResultRecord(
        run_id="r", mode=mode, status="partial", strategy="s", exchange="demo", model="candle",
        frame=FramePart(0, MINUTE_MS), timing=TimingPart(seconds=seconds),
    )  # fmt: skip


def ticks(*fetches: float) -> list[TickRecord]:
    return [
        TickRecord(number * MINUTE_MS, {"fetch": fetch, "decide": 0.001})
        for number, fetch in enumerate(fetches)
    ]


def rows(run: RunRecord) -> dict[object, object]:
    return {row["metric"]: row for row in performance_report(run, None).rows}


def test_a_tick_is_its_parts_together_and_each_has_its_share() -> None:
    found = rows(RunRecord(result(), (), ticks(0.003, 0.009)))
    assert [found["tick"][key] for key in ("count", "total_ms", "share_pct")] == pytest.approx([2, 14, 100])
    assert found["tick fetch"]["share_pct"] == pytest.approx(12 / 14 * 100)
    assert found["tick decide"]["avg_ms"] == pytest.approx(1.0)


def test_percentiles_lie_on_the_line_between_neighbours() -> None:
    [row] = duration_report({"x": Timed([float(value) for value in range(1, 101)])}).rows
    expected = {"median_ms": 50.5, "p95_ms": 95.05, "p99_ms": 99.01, "min_ms": 1.0, "max_ms": 100.0}
    assert {key: row[key] for key in expected} == pytest.approx(expected)
    assert row["std_dev_ms"] == pytest.approx(np.std(range(1, 101), ddof=1))


def test_waits_are_from_one_tick_to_the_next_and_missing_of_a_single_one() -> None:
    found = rows(RunRecord(result(), (), ticks(0.001, 0.001, 0.001)))["tick"]
    assert [found[f"{key}_wait_ms"] for key in ("avg", "min", "max")] == [MINUTE_MS] * 3
    assert rows(RunRecord(result(), (), ticks(0.001)))["tick"]["avg_wait_ms"] is None


def test_a_part_that_not_every_tick_has_is_counted_where_it_was() -> None:
    told = [TickRecord(0, {"fetch": 0.001}), TickRecord(MINUTE_MS, {"fetch": 0.001, "save": 0.002})]
    found = rows(RunRecord(result(), (), told))
    assert (found["tick"]["count"], found["tick save"]["count"]) == (2, 1)


def test_events_of_a_live_run_are_late_by_what_recording_took() -> None:
    told = [EventRecord(type="opened", at_ms=0, tick_ms=MINUTE_MS, recorded_at_ms=MINUTE_MS + 40)]
    found = rows(RunRecord(result("live"), told))["late opened"]
    assert (found["max_ms"], found["share_pct"]) == (40.0, None)
    assert "late opened" not in rows(RunRecord(result("backtest"), told))


def test_in_a_replay_of_the_past_nothing_is_late() -> None:
    told = [EventRecord(type="opened", at_ms=0, tick_ms=MINUTE_MS, recorded_at_ms=900 * MINUTE_MS)]
    assert rows(RunRecord(result("paper"), told, started_at_ms=800 * MINUTE_MS)) == {}


def test_a_replay_is_its_engine_alone() -> None:
    found = rows(RunRecord(result("backtest", seconds=0.25)))
    assert list(found) == ["engine"]
    assert [found["engine"][key] for key in ("total_ms", "share_pct")] == [250.0, 100.0]
