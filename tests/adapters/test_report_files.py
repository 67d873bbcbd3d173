"""Report files as the programs that open them read them."""

import csv
from pathlib import Path

import pytest

from btk.adapters.report_files import Titled, write_report
from btk.report.report import Report
from btk.report.tables import Column, Table


def read_back(note: str, folder: Path) -> list[list[str]]:
    columns = (Column("note", "Note"), Column("pnl_pct", "PNL"))
    report = Report(tables=(Table("trades", columns, [{"note": note, "pnl_pct": -1.5}]),))
    path = write_report(folder, "run", "csv", Titled(report, "backtest", "run", "Run"))
    with path.open(newline="") as lines:
        head, *rows = csv.reader(lines)
    assert head == ["note", "pnl_pct"]
    return rows


@pytest.mark.parametrize("note", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1", "\n=1"])
def test_a_text_of_a_stranger_is_no_formula_in_a_spreadsheet(note: str, tmp_path: Path) -> None:
    assert read_back(note, tmp_path) == [[f"'{note}", "-1.5"]]


@pytest.mark.parametrize(
    ("note", "text"), [("a\rb", "a\nb"), ("a\r\nb", "a\nb"), ('a,"b"\nc', 'a,"b"\nc'), ("\r=1", "'\n=1")]
)
def test_a_text_of_many_lines_is_one_cell(note: str, text: str, tmp_path: Path) -> None:
    assert read_back(note, tmp_path) == [[text, "-1.5"]]
