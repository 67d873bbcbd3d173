"""The flags that paper and live have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class OnStopChoice(StrEnum):
    """What a stop means to open positions."""

    wait = "wait"
    leave = "leave"
    flatten = "flatten"


OnStop = Annotated[
    OnStopChoice,
    typer.Option(
        "--on-stop", help="On the first Ctrl-C and `btk stop`: wait for positions, leave or close them."
    ),
]

SetBack = Annotated[
    bool,
    typer.Option(
        "--set-back",
        help="Go on from now with a run that has followed a clock which was ahead; only when a start asks for it.",
    ),
]
