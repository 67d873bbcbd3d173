"""The kinds of report: one row each, with what it is called, where it goes and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from btk.model.names import SlotKey
from btk.report.event_reports import event_report, partial_report, risk_report, schedule_report
from btk.report.heatmap_report import heatmap_report
from btk.report.performance_report import performance_report
from btk.report.report import Report
from btk.report.run_record import ResultRecord, RunRecord
from btk.report.trade_report import trade_report

Make = Callable[[RunRecord, SlotKey | None], Report]


class Kind(NamedTuple):
    """A kind of report; `name` is also its folder under `dump`.

    `each_slot`: a report for every strategy on every symbol, else one for the run. `mode`: only for such runs.
    `reads_events`: it tells nothing without the events of the run. `asked_only`: not among the reports that are
    written when none is named.
    """

    name: str
    title: str
    make: Make
    each_slot: bool = True
    mode: str | None = None
    reads_events: bool = False
    asked_only: bool = False

    def slots(self, result: ResultRecord) -> list[SlotKey | None]:
        """What the reports of a run are about; None is the whole run."""
        return list(result.slots) if self.each_slot else [None]

    def suits(self, result: ResultRecord) -> bool:
        """Whether there is such a report of a run."""
        return self.mode is None or self.mode == result.mode


def file_stem(result: ResultRecord, slot: SlotKey | None) -> str:
    """`<symbol>_<strategy>_<exchange>-<run_id>`, of a whole run without the symbol."""
    joined = "+".join(result.strategies)
    return f"{slot or f'{joined}_{result.exchange}'}-{result.run_id}"


def heading(kind: Kind, result: ResultRecord, slot: SlotKey | None) -> str:
    """`Risk Rejection Report: BTCUSDT:sma_cross`."""
    about = f"{slot.symbol}:{slot.strategy}" if slot else ", ".join(result.strategies)
    return f"{kind.title}: {about}"


WALKER = "walker"
WALKER_TITLE = "Walker Comparison Report"
_ROWS = (
    Kind("backtest", "Backtest Report", trade_report, mode="backtest"),
    Kind("paper", "Paper Trading Report", trade_report, mode="paper"),
    Kind("live", "Live Trading Report", trade_report, mode="live"),
    Kind("events", "Event Report", event_report, reads_events=True, asked_only=True),
    Kind("schedule", "Scheduled Signals Report", schedule_report, reads_events=True),
    Kind("partial", "Partial Profit/Loss Report", partial_report, reads_events=True),
    Kind("risk", "Risk Rejection Report", risk_report, reads_events=True),
    Kind("heatmap", "Portfolio Heatmap", heatmap_report, each_slot=False),
    Kind("performance", "Performance Report", performance_report, each_slot=False),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ROWS}
