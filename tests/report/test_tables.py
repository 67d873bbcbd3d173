"""Cells as people read them, and tables as Markdown."""

import pytest

from btk.model.errors import UsageError
from btk.report.tables import (
    Column,
    Fact,
    Table,
    cell_text,
    inline,
    markdown_facts,
    markdown_table,
    price_text,
    statistic_column,
)

TABLE = Table(
    "things",
    (Column("name", "Name"), Column("pnl", "PNL", "signed_pct")),
    [{"name": f"row {number}", "pnl": float(number)} for number in range(5)],
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (65432.1, "65,432.10"),
        (1.4953, "1.4953"),
        (0.5, "0.50000"),
        (0.05, "0.050000"),
        (0.0, "0.00"),
        (1e-9, "0.00000000"),
    ],
)
def test_prices_have_as_many_decimals_as_their_size_asks_for(value: float, text: str) -> None:
    assert price_text(value) == text


@pytest.mark.parametrize(
    ("cell", "style", "text"),
    [
        (None, "price", "N/A"),
        (float("nan"), "ratio", "N/A"),
        (1.5, "signed_pct", "+1.50 %"),
        (-1.5, "signed_pct", "-1.50 %"),
        (-0.001, "signed_pct", "0.00 %"),
        (0.0, "signed_money", "0.00"),
        (0.25, "ratio", "0.250"),
        ("long", "upper", "LONG"),
        (True, "text", "yes"),
        (1704067200000, "time", "2024-01-01T00:00Z"),
        (1704067260000, "time", "2024-01-01T00:01Z"),
        (1234567, "whole", "1,234,567"),
    ],
)
def test_cells_read_as_their_style_says(cell: object, style: str, text: str) -> None:
    assert cell_text(cell, style) == text  # type: ignore[arg-type]


def test_a_table_is_cut_and_says_so() -> None:
    lines = markdown_table(TABLE, 2).splitlines()
    assert lines == [
        "| Name | PNL |",
        "| --- | ---: |",
        "| row 0 | 0.00 % |",
        "| row 1 | +1.00 % |",
        "",
        "*2 of 5 rows; the numbers cover all of them.*",
    ]
    assert "row 4" in markdown_table(TABLE)


def test_what_a_user_wrote_cannot_break_a_table() -> None:
    table = Table("notes", (Column("note", "Note"),), [{"note": "a|b\nc <b>\\"}])
    assert markdown_table(table).splitlines()[2] == "| a\\|b c &lt;b>\\\\ |"


def test_what_a_stranger_wrote_fetches_nothing_and_leads_nowhere() -> None:
    shown = inline("![x](https://example.com/x.png)\x1b[2J\x00 [1,2]")
    assert shown == "![x]\\(https://example.com/x.png)[2J [1,2]"


def test_columns_can_be_chosen_and_an_unknown_one_is_refused() -> None:
    assert [column.key for column in TABLE.chosen(["pnl", "name"]).columns] == ["pnl", "name"]
    with pytest.raises(UsageError, match="did you mean pnl"):
        TABLE.chosen(["pnk"])


@pytest.mark.parametrize(
    ("name", "label", "style"),
    [
        ("max_drawdown_pct", "Max drawdown", "pct"),
        ("avg_pnl_pct", "Avg PNL", "signed_pct"),
        ("win_rate_pct", "Win rate", "pct"),
        ("total_trades", "Total trades", "whole"),
        ("avg_duration_minutes", "Avg duration (min)", "minutes"),
        ("sharpe_daily", "Sharpe daily", "ratio"),
        ("drawdown_peak_ms", "Drawdown peak", "time"),
        ("profit_factor_cost", "Profit factor (money)", "ratio"),
    ],
)
def test_the_name_of_a_statistic_says_how_it_is_shown(name: str, label: str, style: str) -> None:
    assert statistic_column(name) == Column(name, label, style)


def test_facts_are_one_a_line() -> None:
    assert markdown_facts([Fact(Column("x", "Rate", "pct"), None)]) == "- **Rate:** N/A"
