"""The performance report: how long things took, with percentiles, and how late events were recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from btk.model.names import SlotKey
from btk.report.gates import deviation, finite, mean
from btk.report.report import Report
from btk.report.run_record import RunRecord
from btk.report.tables import Column, Fact, Row, Table

COLUMNS = (
    Column("metric", "Metric Type"),
    Column("count", "Count", "whole"),
    *(
        Column(f"{key}_ms", f"{label} (ms)", "milliseconds")
        for key, label in (
            ("total", "Total"),
            ("avg", "Avg"),
            ("min", "Min"),
            ("max", "Max"),
            ("std_dev", "Std Dev"),
            ("median", "Median"),
            ("p95", "P95"),
            ("p99", "P99"),
        )
    ),
)
LEGEND = (
    "engine: the whole replay, without imports. late: from the minute that made an event known until it was"
    " recorded (paper and live). Percentiles by linear interpolation."
)


def performance_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Durations by what took them, the longest first."""
    timing = run.result.timing
    durations: dict[str, list[float]] = defaultdict(list)
    if timing.seconds is not None:
        durations["engine"].append(timing.seconds * 1000)
    if run.result.mode != "backtest":
        for event in run.events_of(slot):
            durations[f"late {event.type}"].append(float(event.recorded_at_ms - event.tick_ms))
    facts = (
        Fact(Column("seconds", "Engine seconds", "ratio"), timing.seconds),
        Fact(Column("candles_per_second", "Candles per second", "whole"), timing.candles_per_second),
        Fact(Column("events", "Events", "whole"), len(run.events_of(slot))),
    )
    return duration_report(durations, facts)


def duration_report(durations: Mapping[str, Sequence[float]], facts: tuple[Fact, ...] = ()) -> Report:
    """A row for each name with its durations in milliseconds."""
    rows = [_row(name, np.array(values)) for name, values in durations.items() if values]
    rows.sort(key=lambda row: -float(row["total_ms"] or 0))
    return Report(tables=(Table("timings", COLUMNS, rows),), facts=facts, legend=LEGEND)


def _row(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Row:
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
    }
