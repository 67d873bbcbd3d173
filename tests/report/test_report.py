"""A report as Markdown."""

from btk.report.report import Report, markdown
from btk.report.tables import Fact, Table, statistic_column


def test_a_warning_that_quotes_a_strategy_stays_one_line_of_text() -> None:
    report = Report(tables=(Table("trades", (), []),), notes=("raised:\n# <img src=x> | y",))
    assert markdown(report, "Run").splitlines()[2] == "> **Warning:** raised: # &lt;img src=x> \\| y"


def test_what_trades_of_several_symbols_cannot_have_is_no_line_of_a_report() -> None:
    facts = (Fact(statistic_column("trend"), None), Fact(statistic_column("drawdown_recovered_ms"), None))
    report = Report(tables=(Table("trades", (), []),), facts=facts)
    assert "Trend" not in markdown(report, "Run")
    assert "- **Drawdown recovered:** N/A\n" in markdown(report, "Run")
    assert report.figures == {"trend": None, "drawdown_recovered_ms": None}
