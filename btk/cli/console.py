"""The console that screens are printed on: Rich, without its guesses at what numbers and brackets mean."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import NoReturn, TextIO

from rich.console import Console


class PlainConsole(Console):
    """Says that the reader of a pipe went away, where Rich would end the process."""

    def on_broken_pipe(self) -> NoReturn:
        """The same error that any other write to the pipe raises."""
        raise BrokenPipeError


def plain_console(out: TextIO | None = None, width: int | None = None) -> Console:
    """A console on `out` (stdout); `width` overrides the terminal's."""
    console = PlainConsole(file=out, width=width, highlight=False, markup=False, emoji=False)
    if console.width < 1:  # COLUMNS=0 says that nobody knows, which Rich takes at its word
        console.width = get_terminal_size().columns
    return console
