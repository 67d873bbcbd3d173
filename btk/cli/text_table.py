"""Plain tables, for people and for grep: whole in a file or a pipe, at a terminal as many columns as it has room for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from typing import NamedTuple

GAP = 2


class Heading(NamedTuple):
    """A column: a `number` stands on the right; `drop` says how soon it is left out, the highest first, 0 never."""

    text: str
    drop: int = 0
    number: bool = False


def room() -> int | None:
    """The width of the terminal that stdout is, None where it is none."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def text_table(
    headings: Sequence[Heading], rows: Sequence[Sequence[str]], width: int | None
) -> Iterator[str]:
    """The lines of a table of at most `width` characters, as far as leaving out columns can make it so."""
    cells = [[heading.text for heading in headings], *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    shown = list(range(len(headings)))
    for place in sorted(shown, key=lambda place: -headings[place].drop):
        if width is None or sum(widths[at] + GAP for at in shown) - GAP <= width or not headings[place].drop:
            break
        shown.remove(place)
    for row in cells:
        padded = [
            row[at].rjust(widths[at]) if headings[at].number else row[at].ljust(widths[at]) for at in shown
        ]
        yield (" " * GAP).join(padded).rstrip()
