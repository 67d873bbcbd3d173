"""`btk config`: show, check, describe and start the settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from btk.adapters.project import ROOT_VARIABLE
from btk.adapters.scaffold import write_settings
from btk.adapters.settings import BadSettings, Loaded
from btk.adapters.settings_document import document_leaves, settings_document
from btk.adapters.settings_schema import settings_schema
from btk.adapters.settings_secrets import unset_names
from btk.adapters.settings_yaml import scalar
from btk.cli.invocation import invocation
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.model.address import shown_address

ORIGIN_COLUMN = 60

_NEEDS_NO_QUOTES = re.compile(r"[\w./$][\w./${}*@+:-]*(?<!:)( [\w./*@+-]+)*")

app = command_group("Show, check and start the settings.")


@app.command()
def show(
    context: typer.Context,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Every setting, and where it comes from."""
    loaded = chosen_settings(context, config, assignments)
    document = settings_document(loaded.settings)
    document["notify"]["urls"] = [shown_address(url) for url in loaded.settings.notify.urls]
    if as_json:
        print_document(_shown_document(loaded, document))
        return
    for line in _table(loaded, document):
        typer.echo(line)


@app.command()
def check(
    context: typer.Context,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Read all settings and name every problem.

    Exit 3 when they cannot be used.
    """
    try:
        loaded = chosen_settings(context, config, assignments)
    except BadSettings as bad:
        if as_json:
            print_document({"schema": "btk.config-check/1", "ok": False, "problems": bad.complaints})
        raise
    if as_json:
        print_document({"schema": "btk.config-check/1", "ok": True, "problems": []})
        return
    typer.echo(f"{', '.join(loaded.files)}: no problem found")


@app.command()
def schema(as_json: AsJson = True) -> None:
    """The JSON schema of config/btk.yaml, for editors."""
    print_document(settings_schema())


@app.command()
def init(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write config/btk.yaml with every default, explained."""
    root = invocation(context).root or Path(os.environ.get(ROOT_VARIABLE) or ".")
    path = write_settings(root, force)
    if as_json:
        print_document({"schema": "btk.config-init/1", "path": str(path)})
        return
    typer.echo(f"{path} written; point strategy.entry at your strategy, then: btk backtest")


def _shown_document(loaded: Loaded, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "btk.config/1",
        "root": str(loaded.root),
        "files": loaded.files,
        "settings": document,
        "origins": {key: loaded.origin(key) for key, _ in document_leaves(document)},
    }


def _table(loaded: Loaded, document: dict[str, Any], key: str = "") -> Iterator[str]:
    for name, value in document.items():
        dotted = f"{key}.{name}" if key else name
        indent = "  " * dotted.count(".")
        if isinstance(value, dict) and value:
            yield f"{indent}{name}:"
            yield from _table(loaded, value, dotted)
        else:
            yield f"{f'{indent}{name}: {_written(value)}':<{ORIGIN_COLUMN}}  # {_note(loaded, dotted, value)}"


def _note(loaded: Loaded, key: str, value: Any) -> str:
    unset = unset_names(value, os.environ) if isinstance(value, str) else ()
    return f"{loaded.origin(key)}{' (not set)' if unset else ''}"


def _written(value: Any) -> str:
    if isinstance(value, str) and _NEEDS_NO_QUOTES.fullmatch(value) and scalar(value) == value:
        return value
    return msgspec.json.encode(value).decode()
