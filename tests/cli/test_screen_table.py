"""Tables on terminals that are too narrow for them."""

import io

from btk.cli.console import plain_console
from btk.cli.screen_table import Heading, Line, screen_table

HEADINGS = (
    Heading("Symbol", folds=True, left=True),
    Heading("Trades", 1),
    Heading("PnL\nUSDT"),
    Heading("Sharpe", 2),
)
LINES = (
    Line(["BTCUSDT", "12", "+1,234.56", "-0.123"]),
    Line(["and 3 more"]),
    Line(["Total", "15", "+1.00", "N/A"], style="bold", apart=True),
)


def drawn(width: int, headings: tuple[Heading, ...] = HEADINGS) -> list[str]:
    out = io.StringIO()
    plain_console(out, width).print(screen_table(headings, LINES, width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_with_room_every_column_is_shown_and_headings_stand_on_the_line() -> None:
    lines = drawn(60)
    assert lines[:2] == ["                          PnL", "Symbol      Trades       USDT  Sharpe"]
    assert lines[3] == "BTCUSDT         12  +1,234.56  -0.123"


def test_without_room_the_least_needed_columns_go_and_the_first_stays() -> None:
    assert drawn(36)[3] == "BTCUSDT         12  +1,234.56"
    assert drawn(28)[3] == "BTCUSDT     +1,234.56"


def test_a_line_that_has_fewer_cells_is_empty_there() -> None:
    assert drawn(60)[4] == "and 3 more"


def test_what_folds_is_folded_before_a_figure_is_cut() -> None:
    lines = drawn(17)
    assert lines[3] == "BTCUSD  +1,234.56"
    assert lines[4] == "T"
