"""Report files: one report written as Markdown, JSON, JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from btk.adapters.disk import SharedDisk, make_folder, save
from btk.model.errors import UsageError
from btk.report.report import Report, markdown, report_document

TABLE_ROWS = 1000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")


class Titled(NamedTuple):
    """A report with what it is called in a file."""

    report: Report
    kind: str
    run_id: str
    title: str


def write_report(folder: Path, stem: str, file_format: str, titled: Titled) -> Path:
    """Write `<folder>/<stem>.<format>`, whole or not at all, and answer its path; `DumpError`."""
    disk, path = SharedDisk(), folder / f"{stem}.{file_format}"
    make_folder(disk, folder)
    save(disk, path, [FORMATS[file_format](titled)])
    return path


def _markdown(titled: Titled) -> bytes:
    return markdown(titled.report, titled.title, TABLE_ROWS).encode()


def _json(titled: Titled) -> bytes:
    return orjson.dumps(_document(titled), option=orjson.OPT_INDENT_2)


def _json_lines(titled: Titled) -> bytes:
    head = {"kind": titled.kind, "run_id": titled.run_id}
    return b"".join(orjson.dumps({**head, **row}) + b"\n" for row in _rows(titled.report))


def _csv(titled: Titled) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in titled.report.main.columns)
    writer.writerows(map(_inert, row.values()) for row in _rows(titled.report))
    return text.getvalue().encode()


def _inert(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # The csv module leaves a bare carriage return unquoted, and readers take it for the end of the row.
    text = "\n".join(cell.splitlines()) if "\r" in cell else cell
    # A spreadsheet runs a text that begins so, and notes may come from strangers (a Telegram channel).
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _parquet(titled: Titled) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("--format parquet needs pyarrow: pip install 'btk[parquet]'") from None
    keys = [column.key for column in titled.report.main.columns]
    table = pa.table({key: [row.get(key) for row in titled.report.rows] for key in keys})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    keys = [column.key for column in report.main.columns]
    for row in report.rows:
        yield {key: row.get(key) for key in keys}


def _document(titled: Titled) -> dict[str, Any]:
    return report_document(titled.report, titled.kind, titled.run_id, titled.title)


FORMATS: Mapping[str, Callable[[Titled], bytes]] = {
    "md": _markdown,
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
    "parquet": _parquet,
}
