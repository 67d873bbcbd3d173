"""What is said once for a whole command line: which project, and whether to show tracebacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

import btk
from btk.model.secret import Secret


@dataclass(slots=True)
class Invocation:
    """Filled in while the command line is read; `secrets` by the command that reads some."""

    root: Path | None = None
    verbose: bool = False
    secrets: list[Secret] = field(default_factory=list)


def invocation(context: typer.Context) -> Invocation:
    """The invocation that a command belongs to."""
    found = context.find_root().obj
    assert isinstance(found, Invocation)
    return found


def _keep_root(context: typer.Context, root: Path | None) -> None:
    if root is not None:
        invocation(context).root = root


def _keep_verbose(context: typer.Context, verbose: bool) -> None:
    invocation(context).verbose |= verbose


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"btk {btk.__version__}")
        raise typer.Exit


Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        callback=_keep_root,
        expose_value=False,
        help="The project folder; without it BTK_ROOT, or the nearest with config/btk.yaml.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "-v",
        "--verbose",
        callback=_keep_verbose,
        expose_value=False,
        help="Show the traceback of an error.",
    ),
]
Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_show_version, expose_value=False, is_eager=True, help="Show the version."
    ),
]
