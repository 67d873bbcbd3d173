"""A project from Python: its settings, read and checked as the command line reads them, and its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from btk.adapters.project import find_root
from btk.adapters.settings import load_settings
from btk.adapters.settings_document import leaf_text
from btk.adapters.settings_inline import Override
from btk.model.settings import Settings


class Project(NamedTuple):
    """Checked settings and the folder they belong to: `BacktestRun(*open_project()).run()`."""

    settings: Settings
    root: Path


def open_project(
    root: Path | str | None = None,
    changes: Mapping[str, object] | None = None,
    *,
    config: Sequence[Path | str] = (),
) -> Project:
    """The project at `root`, or around the working folder.

    `config` files are read over `config/btk.yaml` and the environment over both; `changes` win over all of
    them, by dotted key: `{"strategy.params.fast": 5, "frame.to": "2024-02-01"}`. `SettingsError` names every problem.
    """
    folder = find_root(None if root is None else Path(root), os.environ, Path.cwd())
    overrides = [Override(key, leaf_text(value), "changes") for key, value in (changes or {}).items()]
    return Project(load_settings(folder, list(map(Path, config)), os.environ, overrides).settings, folder)
