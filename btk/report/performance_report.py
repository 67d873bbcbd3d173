"""The performance report: how long things took, with percentiles, and how late events were recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.model.names import SlotKey
from btk.report.gates import deviation, finite, mean
from btk.report.report import Report
from btk.report.run_record import EventRecord, RunRecord, TickRecord
from btk.report.tables import Column, Fact, Row, Table

LABELS = {
    "total": "Total",
    "avg": "Avg",
    "min": "Min",
    "max": "Max",
    "std_dev": "Std Dev",
    "median": "Median",
    "p95": "P95",
    "p99": "P99",
    "avg_wait": "Avg Wait",
    "min_wait": "Min Wait",
    "max_wait": "Max Wait",
}
COLUMNS = (
    Column("metric", "Metric Type"),
    Column("count", "Count", "whole"),
    *(Column(f"{key}_ms", f"{label} (ms)", "milliseconds") for key, label in LABELS.items()),
    Column("share_pct", "Share of Time", "pct"),
)
LEGEND = (
    "engine: the whole replay, without imports. tick: one minute of a paper or live run from its beginning to its end,"
    " and its parts. late: from the minute that made an event known until it was recorded (paper and live). Wait: from"
    " one to the next. Share: of a whole tick, or of all that is listed. Percentiles by linear interpolation."
)
TICK = "tick"
LATE = "late "


class Timed(msgspec.Struct, frozen=True):
    """Durations in milliseconds, and when each was taken where that is known."""

    durations_ms: list[float] = msgspec.field(default_factory=list)
    at_ms: list[int] = msgspec.field(default_factory=list)


def performance_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Durations by what took them, the longest first."""
    timing, events = run.result.timing, run.events_of(slot)
    timed = _ticks(run.ticks)
    if timing.seconds is not None:
        timed["engine"] = Timed([timing.seconds * 1000])
    if run.result.mode != "backtest":
        # In a replay of the past nothing can be late.
        timed |= _late([event for event in events if event.tick_ms >= run.started_at_ms])
    facts = (
        Fact(Column("seconds", "Engine seconds", "ratio"), timing.seconds),
        Fact(Column("candles_per_second", "Candles per second", "whole"), timing.candles_per_second),
        Fact(Column("ticks", "Ticks", "whole"), len(run.ticks)),
        Fact(Column("events", "Events", "whole"), len(events)),
    )
    return duration_report(timed, facts)


def duration_report(timed: Mapping[str, Timed], facts: tuple[Fact, ...] = ()) -> Report:
    """A row for each name with its durations, the largest total first."""
    rows = [_row(name, one) for name, one in timed.items() if one.durations_ms]
    rows.sort(key=lambda row: -float(row["total_ms"] or 0))
    return Report(tables=(Table("timings", COLUMNS, _with_shares(rows)),), facts=facts, legend=LEGEND)


def _ticks(ticks: Sequence[TickRecord]) -> dict[str, Timed]:
    timed: dict[str, Timed] = defaultdict(Timed)
    for tick in ticks:
        parts = {
            TICK: sum(tick.seconds.values()),
            **{f"{TICK} {name}": s for name, s in tick.seconds.items()},
        }
        for name, seconds in parts.items():
            timed[name].durations_ms.append(seconds * 1000)
            timed[name].at_ms.append(tick.tick_ms)
    return dict(timed)


def _late(events: Sequence[EventRecord]) -> dict[str, Timed]:
    timed: dict[str, Timed] = defaultdict(Timed)
    for event in events:
        late = timed[f"{LATE}{event.type}"]
        late.durations_ms.append(float(event.recorded_at_ms - event.tick_ms))
        late.at_ms.append(event.recorded_at_ms)
    return dict(timed)


def _row(name: str, timed: Timed) -> Row:
    values = np.array(timed.durations_ms)
    median, p95, p99 = np.percentile(values, (50, 95, 99))
    return {
        "metric": name,
        "count": len(values),
        "total_ms": finite(values.sum()),
        "avg_ms": mean(values),
        "min_ms": finite(values.min()),
        "max_ms": finite(values.max()),
        "std_dev_ms": deviation(values) or 0.0,
        "median_ms": finite(median),
        "p95_ms": finite(p95),
        "p99_ms": finite(p99),
        **_waits(np.diff(np.array(timed.at_ms, dtype=np.float64))),
    }


def _waits(waits: NDArray[np.float64]) -> Row:
    if not len(waits):
        return {"avg_wait_ms": None, "min_wait_ms": None, "max_wait_ms": None}
    return {
        "avg_wait_ms": mean(waits),
        "min_wait_ms": finite(waits.min()),
        "max_wait_ms": finite(waits.max()),
    }


def _with_shares(rows: Sequence[Row]) -> list[Row]:
    # Being late takes nobody's time, and what is in a tick is in it already.
    spent = {str(row["metric"]): float(row["total_ms"] or 0) for row in rows if not _is_late(row)}
    whole = spent.get(TICK, sum(spent.values()))
    return [
        {**row, "share_pct": None if _is_late(row) or whole <= 0 else spent[str(row["metric"])] / whole * 100}
        for row in rows
    ]


def _is_late(row: Row) -> bool:
    return str(row["metric"]).startswith(LATE)
