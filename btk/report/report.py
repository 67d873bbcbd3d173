"""A report: tables, facts, warnings and a legend; as Markdown, as a document, and named as a file."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.report.price_profile import is_untold
from btk.report.tables import Cell, Fact, Row, Table, inline, markdown_facts, markdown_table, statistic_label

SCHEMA = "btk.report/1"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The first table is the report's own, the others and the facts sum it up; `empty` is said without rows."""

    tables: tuple[Table, ...]
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    legend: str = ""
    empty: str = "Nothing happened."

    @property
    def main(self) -> Table:
        """The table the report is about."""
        return self.tables[0]

    @property
    def rows(self) -> Sequence[Row]:
        """All rows of the main table; formatting cuts them, this does not."""
        return self.main.rows

    @property
    def figures(self) -> dict[str, Cell]:
        """The numbers about the whole, by name; a missing one is None."""
        return {fact.column.key: fact.value for fact in self.facts}

    def with_columns(self, keys: Sequence[str]) -> Report:
        """Only these columns of the main table; `UsageError` for one that is not there."""
        return msgspec.structs.replace(self, tables=(self.main.chosen(keys), *self.tables[1:]))


def markdown(report: Report, title: str, most_rows: int | None = None) -> str:
    """The report as Markdown: warnings first; tables are cut to `most_rows`, the numbers never are."""
    parts = [f"# {inline(title)}", *(f"> **Warning:** {inline(note)}" for note in report.notes)]
    parts.append(markdown_table(report.main, most_rows) if report.rows else report.empty)
    facts = [fact for fact in report.facts if not is_untold(fact.column.key, fact.value)]
    if facts:
        parts.append(markdown_facts(facts))
    for table in report.tables[1:]:
        if table.rows:
            parts += [f"## {statistic_label(table.name)}", markdown_table(table, most_rows)]
    if report.legend:
        parts.append(f"*{report.legend}*")
    return "\n\n".join(parts) + "\n"


def report_document(report: Report, kind: str, run_id: str, title: str) -> dict[str, object]:
    """The report as builtins that JSON can hold, every row of it."""
    keys = [column.key for column in report.main.columns]
    return {
        "schema": SCHEMA,
        "kind": kind,
        "run_id": run_id,
        "title": title,
        "warnings": list(report.notes),
        "columns": {column.key: column.label for column in report.main.columns},
        "rows": [{key: row.get(key) for key in keys} for row in report.rows],
        "facts": {fact.column.key: fact.value for fact in report.facts},
        **{table.name: [dict(row) for row in table.rows] for table in report.tables[1:]},
    }
