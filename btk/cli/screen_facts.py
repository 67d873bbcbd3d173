"""The facts below a screen's tables: a label, and its words wrapped beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

LABEL_WIDTH = 10
# A line break inside would be copied with them.
COPIED = ("Again", "Files")


def print_facts(console: Console, facts: Mapping[str, str]) -> None:
    """One fact after the other, in the width of the console; commands and paths stay whole."""
    for label, fact in facts.items():
        begin = f"{label:<{LABEL_WIDTH}}"
        text = Text(begin + fact if label in COPIED else _wrapped(begin, fact, console.width))
        text.stylize("bold", 0, len(label))
        console.print(text, soft_wrap=True)


def folder_text(folder: Path, root: Path) -> str:
    """Where the files of a run are: below the project as every path of the project is written, else whole."""
    return str(folder.relative_to(root) if folder.is_relative_to(root) else folder)


def _wrapped(begin: str, fact: str, width: int) -> str:
    return textwrap.fill(
        fact,
        width,
        initial_indent=begin,
        subsequent_indent=" " * LABEL_WIDTH,
        break_long_words=False,
        break_on_hyphens=False,
    )
