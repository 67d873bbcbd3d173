"""The flags that every command understands, and the settings that they choose."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from btk.adapters.project import find_root
from btk.adapters.settings import Loaded, load_settings
from btk.adapters.settings_inline import Override
from btk.cli.invocation import invocation
from btk.model.errors import SettingsError, UsageError

AsJson = Annotated[
    bool,
    typer.Option("--json", show_default=False, help="Print one JSON document on stdout and nothing else."),
]
ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        metavar="FILE",
        readable=False,
        help="Read this YAML file over config/btk.yaml; repeatable.",
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set one key, as execution.fee_pct=0.05; repeatable."),
]


def project_root(context: typer.Context) -> Path:
    """The project that a call belongs to; `SettingsError` without one."""
    try:
        return find_root(invocation(context).root, os.environ, Path.cwd())
    except FileNotFoundError:
        raise SettingsError("the folder you are in is gone: cd to one that exists") from None


def chosen_settings(
    context: typer.Context,
    config: Sequence[Path] | None,
    assignments: Sequence[str] | None,
    flags: Iterable[Override] = (),
) -> Loaded:
    """The settings of a call; `flags` win over `--set`. `SettingsError`; `UsageError` for a bad `--set`."""
    root = project_root(context)
    overrides = [*(_override(text) for text in assignments or ()), *flags]
    return load_settings(root, config or (), os.environ, overrides)


def _override(text: str) -> Override:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise UsageError(f"--set needs KEY=VALUE such as execution.fee_pct=0.05, got {text!r}")
    return Override(key.strip(), value, "--set")
