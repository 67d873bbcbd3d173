"""Reports from Python: `Reports(dump)["schedule"].get_data()`, `.get_report()`, `.dump()`; `btk report` stands on this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from btk.adapters.report_files import TABLE_ROWS, Titled, write_report
from btk.adapters.run_archive import RunArchive
from btk.adapters.walk_folder import VARIANTS, read_variants
from btk.engines.walker import Score
from btk.model.errors import UsageError
from btk.model.names import SlotKey
from btk.model.plain_words import did_you_mean
from btk.report.kinds import KINDS, WALKER, WALKER_TITLE, file_stem, heading
from btk.report.performance_report import Timed, duration_report
from btk.report.report import Report, markdown
from btk.report.run_record import RunRecord
from btk.report.walk_report import walk_report


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a run (`symbol`, `strategy`; None: all of it) and which columns (none: all)."""

    symbol: str | None = None
    strategy: str | None = None
    columns: Sequence[str] = ()


EVERYTHING = Choice()


class KindReports:
    """The reports of one kind. `run` is a run id, the beginning of one, or None for the newest with a result."""

    def __init__(self, reports: Reports, kind: str) -> None:
        self._reports = reports
        self._kind = kind

    def get_data(self, run: str | None = None, choice: Choice = EVERYTHING) -> Report:
        """The report as values: tables with every row, and facts."""
        return self._titled(run, choice).report

    def get_report(
        self, run: str | None = None, choice: Choice = EVERYTHING, most_rows: int | None = TABLE_ROWS
    ) -> str:
        """The report as Markdown; its table is cut to `most_rows`, the numbers never are."""
        titled = self._titled(run, choice)
        return markdown(titled.report, titled.title, most_rows)

    def dump(
        self,
        run: str | None = None,
        path: Path | None = None,
        file_format: str = "md",
        choice: Choice = EVERYTHING,
    ) -> list[Path]:
        """Write a file for each strategy on each symbol (or one for the run) to `path`, default `dump/<kind>`."""
        return self._reports.write(self._kind, run, path, file_format, choice)

    def _titled(self, run: str | None, choice: Choice) -> Titled:
        return self._reports.titled(self._kind, run, choice)


class Reports:
    """All reports of the runs under `dump`; `reports[kind]` has those of one kind."""

    def __init__(self, dump: Path) -> None:
        self.archive = RunArchive(dump / "runs")
        self._dump = dump
        self._read: tuple[str, RunRecord] | None = None

    def __getitem__(self, kind: str) -> KindReports:
        return KindReports(self, check_kind(kind))

    def kinds(self, run: str | None = None, every: bool = False) -> list[str]:
        """The kinds that are written of a run when none is named; `every`: that can be."""
        run_id = self.archive.find(run)
        if self._is_walk(run_id):
            return [WALKER, "performance"]
        result = self._record(run_id).result
        return [row.name for row in KINDS.values() if row.suits(result) and (every or not row.asked_only)]

    def titled(self, kind: str, run: str | None, choice: Choice = EVERYTHING) -> Titled:
        """One report of one run."""
        run_id = self.archive.find(run)
        if self._is_walk(run_id):
            report, title, _ = self._of_walk(kind, run_id)
        else:
            slot = self._slot(run_id, choice)
            report, title, _ = self._of_run(kind, run_id, slot)
        chosen = report.with_columns(choice.columns) if choice.columns else report
        return Titled(chosen, kind, run_id, title)

    def write(
        self, kind: str, run: str | None, path: Path | None, file_format: str, choice: Choice = EVERYTHING
    ) -> list[Path]:
        """Write every report of one kind of one run to `path`, default `dump/<kind>`; the files."""
        run_id = self.archive.find(run)
        if self._is_walk(run_id):
            made = [self._of_walk(kind, run_id)]
        else:
            made = [self._of_run(kind, run_id, slot) for slot in self._slots(kind, run_id, choice)]
        folder = path or self._dump / kind
        return [
            write_report(
                folder,
                stem,
                file_format,
                Titled(
                    report.with_columns(choice.columns) if choice.columns else report, kind, run_id, title
                ),
            )
            for report, title, stem in made
        ]

    def _slots(self, kind: str, run_id: str, choice: Choice) -> list[SlotKey | None]:
        slots: list[SlotKey | None] = [None]
        if kind in KINDS:
            slots = KINDS[kind].slots(self._record(run_id).result)
        chosen = self._slot(run_id, choice)
        return slots if chosen is None or slots == [None] else [chosen]

    def _of_run(self, kind: str, run_id: str, slot: SlotKey | None) -> tuple[Report, str, str]:
        record = self._record(run_id)
        suiting = {row.name: row for row in KINDS.values() if row.suits(record.result)}
        if kind not in suiting:
            there = ", ".join(suiting)
            raise UsageError(
                f"run {run_id} is a {record.result.mode} run: it has no {kind} report, but {there}"
            )
        if suiting[kind].reads_events:
            self.archive.check_events(run_id)
        made = suiting[kind].make(record, slot)
        return made, heading(suiting[kind], record.result, slot), file_stem(record.result, slot)

    def _of_walk(self, kind: str, run_id: str) -> tuple[Report, str, str]:
        document = self.archive.document(run_id)
        names = "+".join(document["strategy"])
        stem, about = f"{names}_{document['exchange']}-{run_id}", ", ".join(document["strategy"])
        scores = read_variants(self.archive.runs, run_id, Score)
        if kind == WALKER:
            kept = ((score.number, trade) for score in scores for trade in score.trades)
            return walk_report(document, kept), f"{WALKER_TITLE}: {about}", stem
        if kind == "performance":
            variants = Timed([score.seconds * 1000 for score in scores])
            return duration_report({"variant": variants}), f"Performance Report: {about}", stem
        raise UsageError(f"run {run_id} is a walk, it has no {kind} report, but {WALKER}, performance")

    def _is_walk(self, run_id: str) -> bool:
        return (self.archive.runs / run_id / VARIANTS).is_file()

    def _record(self, run_id: str) -> RunRecord:
        if self._read is None or self._read[0] != run_id:
            self._read = (run_id, self.archive.record(run_id))
        return self._read[1]

    def _slot(self, run_id: str, choice: Choice) -> SlotKey | None:
        if choice.symbol is None and choice.strategy is None:
            return None
        result = self._record(run_id).result
        found = [
            slot
            for slot in result.slots
            if choice.symbol in (None, slot.symbol) and choice.strategy in (None, slot.strategy)
        ]
        if len(found) == 1:
            return found[0]
        slots = ", ".join(f"{slot.symbol}:{slot.strategy}" for slot in result.slots)
        raise UsageError(f"run {run_id}: name one symbol and one strategy of {slots}")


def check_kind(name: str) -> str:
    """The name of a kind of report, or `UsageError`."""
    known = (*KINDS, WALKER)
    if name in known:
        return name
    hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
    raise UsageError(f"there is no report {name!r}{hint}")
