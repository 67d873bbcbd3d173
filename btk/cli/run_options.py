"""The flags of commands about a run that is there already: which mode, symbols and strategies."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer


class RunModeChoice(StrEnum):
    """Modes whose runs go on for long."""

    paper = "paper"
    live = "live"


RunMode = Annotated[
    RunModeChoice | None, typer.Option("--mode", help="Which run; default: the one there is.")
]
OfSymbols = Annotated[
    list[str] | None,
    typer.Option("--symbols", metavar="LIST", help="Only these, as BTCUSDT,ETHUSDT; repeatable."),
]
OfStrategies = Annotated[
    list[str] | None, typer.Option("--strategy", metavar="NAME", help="Only of this strategy; repeatable.")
]


def names_in(lists: Sequence[str] | None) -> tuple[str, ...] | None:
    """Every name of lists with commas; None where nothing was given."""
    if lists is None:
        return None
    return tuple(name.strip() for names in lists for name in names.split(",") if name.strip())
