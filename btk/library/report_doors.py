"""Reports of the newest run of a strategy on a symbol: `Schedule.get_data("BTCUSDT", "sma_cross")` and its siblings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from btk.library.choosing import Where, project_of, symbol_of
from btk.library.reports import Choice, Reports
from btk.model.errors import UsageError
from btk.report.report import Report
from btk.report.run_facts import RunFacts


class ReportDoor:
    """The reports of one kind, of runs in some `modes` (none: in any).

    `symbol` and `strategy` name the part of a run, None stands for all of it where the run has one of them;
    `where` is the project. The newest run that has them is meant, unless `run` names another. `UsageError` without one.
    """

    def __init__(self, kind: str, modes: Sequence[str] = ()) -> None:
        self._kind = kind
        self._modes = modes

    def get_data(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        *,
        run: str | None = None,
        where: Where = None,
    ) -> Report:
        """The report as values: `rows` (all of them) and `figures`, a missing number None."""
        reports, run_id, choice = self._found(symbol, strategy, run, where)
        return reports[self._kind].get_data(run_id, choice)

    def get_report(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        *,
        run: str | None = None,
        where: Where = None,
    ) -> str:
        """The report as Markdown."""
        reports, run_id, choice = self._found(symbol, strategy, run, where)
        return reports[self._kind].get_report(run_id, choice)

    def dump(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        path: Path | str | None = None,
        *,
        file_format: str = "md",
        run: str | None = None,
        where: Where = None,
    ) -> list[Path]:
        """Write the report to a folder, by default `dump/<kind>`; the files."""
        reports, run_id, choice = self._found(symbol, strategy, run, where)
        folder = None if path is None else Path(path)
        return reports.write(self._kind, run_id, folder, file_format, choice)

    def _found(
        self, symbol: str | None, strategy: str | None, run: str | None, where: Where
    ) -> tuple[Reports, str, Choice]:
        settings, root = project_of(where)
        reports = Reports(root / settings.state.path)
        choice = Choice(symbol=symbol_of(symbol, settings), strategy=strategy)
        if run is None:
            run = self._newest(reports, choice)
        return reports, reports.archive.find(run), choice

    def _newest(self, reports: Reports, choice: Choice) -> str:
        for run_id in reports.archive.run_ids():
            if self._suits(reports.archive.facts(run_id), choice):
                return run_id
        what = " ".join(filter(None, (choice.symbol, choice.strategy))) or "anything"
        raise UsageError(f"there is no {'/'.join(self._modes)} run of {what} in {reports.archive.runs}")

    def _suits(self, facts: RunFacts, choice: Choice) -> bool:
        strategies = (facts.strategy,) if isinstance(facts.strategy, str) else facts.strategy
        return (
            (not self._modes or facts.mode in self._modes)
            and choice.symbol in (None, *facts.symbols)
            and choice.strategy in (None, *strategies)
        )


TRADING = ("backtest", "paper", "live")
Schedule = ReportDoor("schedule", TRADING)
Partial = ReportDoor("partial", TRADING)
Risk = ReportDoor("risk", TRADING)
Heat = ReportDoor("heatmap", TRADING)
Performance = ReportDoor("performance")
