"""`btk new DIR`: a project of one's own."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from btk.adapters.scaffold import make_project
from btk.cli.invocation import invocation
from btk.cli.options import AsJson
from btk.cli.output import print_document
from btk.model.errors import UsageError


def new(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; empty if it exists.")],
    as_json: AsJson = False,
) -> None:
    """Make a project: settings, a first strategy, a README. `cd` there and `btk backtest` runs it."""
    if invocation(context).root is not None:
        raise UsageError("--root is for the commands of a project; btk new makes the project DIR")
    written = make_project(folder)
    if as_json:
        print_document({"schema": "btk.new/1", "root": str(folder.resolve()), "files": written})
        return
    typer.echo(f"{folder}: {', '.join(written)}\nNow: cd {quote(str(folder))} && btk backtest")
