"""A report as Markdown."""

from btk.report.report import Report, markdown
from btk.report.tables import Table


def test_a_warning_that_quotes_a_strategy_stays_one_line_of_text() -> None:
    report = Report(tables=(Table("trades", (), []),), notes=("raised:\n# <img src=x> | y",))
    assert markdown(report, "Run").splitlines()[2] == "> **Warning:** raised: # &lt;img src=x> \\| y"
