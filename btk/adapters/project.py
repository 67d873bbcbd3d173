"""The project root: the folder that has `config/btk.yaml`, on which every relative path hangs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from btk.model.errors import SettingsError

SETTINGS_FILE = Path("config", "btk.yaml")
ROOT_VARIABLE = "BTK_ROOT"

_WAY_OUT = (
    "`btk new DIR` makes a project, `btk config init` makes one of this folder, --root DIR names another"
)


def find_root(given: Path | None, environ: Mapping[str, str], start: Path) -> Path:
    """`--root`, else `BTK_ROOT`, else the nearest folder from `start` upwards; else `SettingsError`."""
    if given is not None:
        return _checked(given, "--root")
    if environ.get(ROOT_VARIABLE):
        return _checked(Path(environ[ROOT_VARIABLE]), ROOT_VARIABLE)
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise SettingsError(f"no {SETTINGS_FILE} here or in any folder above: {_WAY_OUT}")


def _checked(folder: Path, source: str) -> Path:
    if not (folder / SETTINGS_FILE).is_file():
        raise SettingsError(
            f"{source} {folder}: no {SETTINGS_FILE} there; `btk new {folder}` makes a project"
        )
    return folder.resolve()
