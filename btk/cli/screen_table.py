"""The tables of screens: one look, and columns that a terminal has no room for are left out, the least needed first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP = 2
FOLDED_WIDTH = 20
Cell = str | Text


class Heading(NamedTuple):
    """A column: `drop` says how soon it is left out, the highest first, 0 never; `folds` may be several lines."""

    text: str
    drop: int = 0
    folds: bool = False
    left: bool = False


class Line(NamedTuple):
    """A row; `apart` sets it off from those above. Cells that it does not have are empty."""

    cells: Sequence[Cell]
    style: str | None = None
    apart: bool = False


def screen_table(headings: Sequence[Heading], lines: Sequence[Line], width: int) -> Table:
    """A table of at most `width` characters, as far as leaving out columns can make it so."""
    shown = _fitting(headings, lines, width)
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
    height = max(heading.text.count("\n") for heading in headings)
    for place in shown:
        heading = headings[place]
        # Headings stand on the line below them; cells of many lines begin on their first.
        above = "\n" * (height - heading.text.count("\n"))
        table.add_column(
            above + heading.text,
            justify="left" if heading.left else "right",
            overflow="fold",
            no_wrap=not heading.folds,
        )
    for line in lines:
        if line.apart:
            table.add_section()
        table.add_row(*(_cell(line, place) for place in shown), style=line.style)
    return table


def _fitting(headings: Sequence[Heading], lines: Sequence[Line], width: int) -> list[int]:
    widths = [_width(heading, lines, place) for place, heading in enumerate(headings)]
    shown = list(range(len(headings)))
    for place in sorted(shown, key=lambda place: -headings[place].drop):
        if headings[place].drop and sum(widths[at] + GAP for at in shown) - GAP > width:
            shown.remove(place)
    return shown


def _width(heading: Heading, lines: Sequence[Line], place: int) -> int:
    texts = [heading.text, *(str(_cell(line, place)) for line in lines)]
    longest = max(cell_len(part) for text in texts for part in text.split("\n"))
    return min(longest, FOLDED_WIDTH) if heading.folds else longest


def _cell(line: Line, place: int) -> Cell:
    return line.cells[place] if place < len(line.cells) else ""
