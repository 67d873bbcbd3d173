"""Tables and facts of reports: what a column is called and how its cells read, as text and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from btk.model.dates import format_date
from btk.model.errors import UsageError
from btk.model.plain_words import did_you_mean, one_line

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
MISSING = "N/A"


class Column(NamedTuple):
    """One column, or one fact: `key` in data, `label` for people, `style` is a key of `STYLES`."""

    key: str
    label: str
    style: str = "text"


class Table(NamedTuple):
    """Rows under columns; a cell that a row leaves out is missing. One that `sums_up` is shown whole."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    sums_up: bool = False

    def chosen(self, keys: Sequence[str]) -> Table:
        """Only the columns named, in that order; `UsageError` for one that is not there."""
        known = {column.key: column for column in self.columns}
        for key in keys:
            if key not in known:
                hint = did_you_mean(key, known) or f"; there are {', '.join(known)}"
                raise UsageError(f"columns: {self.name} has no column {key!r}{hint}")
        return self._replace(columns=tuple(known[key] for key in keys))


class Fact(NamedTuple):
    """One number about a whole run."""

    column: Column
    value: Cell


def price_text(value: float) -> str:
    """A price with as many decimals as its size asks for, 2 to 8; five figures of it at least."""
    if not value:
        return "0.00"
    size = math.floor(math.log10(abs(value)))
    return f"{value:,.{min(8, max(2, 4 - size, 2 - 2 * size))}f}"


def _signed(value: float) -> str:
    text = f"{value:+,.2f}"
    return text if text.strip("+-0.,") else text[1:]


def _time(value: float) -> str:
    text = format_date(int(value))
    if len(text) == len("2024-01-01"):
        text += "T00:00"
    return text if text.endswith("Z") else f"{text}Z"


STYLES: Mapping[str, Callable[[float], str]] = {
    "price": price_text,
    "signed_pct": lambda value: f"{_signed(value)} %",
    "pct": lambda value: f"{value:,.2f} %",
    "money": lambda value: f"{value:,.2f}",
    "signed_money": _signed,
    "minutes": lambda value: f"{value:,.1f}",
    "whole": lambda value: f"{value:,.0f}",
    "ratio": lambda value: f"{value:,.3f}",
    "milliseconds": lambda value: f"{value:,.3f}",
    "time": _time,
}


def cell_text(cell: Cell, style: str) -> str:
    """A cell for people; `N/A` for a missing one."""
    match cell:
        case None:
            return MISSING
        case bool():
            return "yes" if cell else "no"
        case int() | float() if style in STYLES:
            return STYLES[style](cell) if math.isfinite(cell) else MISSING
        case str() if style == "upper":
            return cell.upper()
        case _:
            return str(cell)


def markdown_table(table: Table, most_rows: int | None = None) -> str:
    """A pipe table; after `most_rows` a line says how many more there are."""
    lines = [
        _pipes(column.label for column in table.columns),
        _pipes("---" if column.style in ("text", "upper", "time") else "---:" for column in table.columns),
    ]
    shown = table.rows if most_rows is None or table.sums_up else table.rows[:most_rows]
    lines += [
        _pipes(cell_text(row.get(column.key), column.style) for column in table.columns) for row in shown
    ]
    if len(shown) < len(table.rows):
        lines += ["", f"*{len(shown):,} of {len(table.rows):,} rows; the numbers cover all of them.*"]
    return "\n".join(lines)


def markdown_facts(facts: Iterable[Fact]) -> str:
    """One bold label and its value a line."""
    return "\n".join(
        f"- **{inline(fact.column.label)}:** {inline(cell_text(fact.value, fact.column.style))}"
        for fact in facts
    )


def statistic_column(name: str) -> Column:
    """How a statistic of the result document is shown: its name says its unit."""
    return _NAMED.get(name) or Column(name, statistic_label(name), _statistic_style(name))


def statistic_label(name: str) -> str:
    """`max_drawdown_pct` as `Max drawdown`: the unit stands with the number."""
    words = name.removesuffix("_pct").removesuffix("_ms").replace("_minutes", " (min)").replace("_", " ")
    spelled = " ".join(_SPELLED.get(word, word) for word in words.split(" "))
    return spelled[0].upper() + spelled[1:]


_NAMED = {
    column.key: column
    for column in (
        Column("profit_factor", "Profit factor (percent)", "ratio"),
        Column("profit_factor_cost", "Profit factor (money)", "ratio"),
    )
}
_SPELLED = {
    **{word: word.upper() for word in ("pnl", "sqn", "cagr", "mfe", "mae")},
    **{word: word.capitalize() for word in ("sharpe", "sortino", "calmar", "kelly", "ulcer")},
}
_WHOLE = (
    "trades",
    "wins",
    "losses",
    "breakevens",
    "days",
    "exits",
    "touches",
    "streak",
    "signals",
    "resamples",
)
_SIGNED = ("pnl", "return", "returns", "cagr", "expectancy", "buy", "win", "loss", "trade", "mfe", "mae")


def _statistic_style(name: str) -> str:
    words = name.split("_")
    signed = any(word in _SIGNED for word in words) and "rate" not in words
    match words[-1]:
        case "pct":
            return "signed_pct" if signed else "pct"
        case "cost":
            return "signed_money" if signed else "money"
        case "equity":
            return "money"
        case "ms":
            return "time"
        case "minutes":
            return "minutes"
        case last if last in _WHOLE or name == "periods_per_year":
            return "whole"
        case _:
            return "ratio"


def _pipes(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(inline, cells))} |"


def inline(text: str) -> str:
    """Text within a line of Markdown: no line of its own, no column, no HTML, no link, nothing a terminal obeys."""
    line = one_line(text).replace("\\", "\\\\").replace("|", "\\|")
    return line.replace("<", "&lt;").replace("](", "]\\(")
