"""New projects: the files of `btk new` and `btk config init`, from templates that are installed with btk."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from btk.adapters.project import SETTINGS_FILE
from btk.model.errors import SettingsError, UsageError

DEMO_ENTRY = "strategies/sma_cross.py"
OWN_ENTRY = "strategies/my_strategy.py"


def make_project(folder: Path) -> list[str]:
    """A whole project in `folder`, which must be empty or absent; the files written, relative to it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is not empty: give a new folder, or `btk config init` for the settings alone"
        )
    texts = {
        str(SETTINGS_FILE): settings_text(OWN_ENTRY),
        OWN_ENTRY: _template("my_strategy.py.txt"),
        "README.md": _template("README.md.txt"),
        ".gitignore": _template("gitignore.txt"),
    }
    for name, text in texts.items():
        _write(folder / name, text)
    return list(texts)


def write_settings(root: Path, overwrite: bool) -> Path:
    """`config/btk.yaml` with every default explained; `UsageError` if it is there, unless `overwrite`."""
    path = root / SETTINGS_FILE
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; --force overwrites it")
    _write(path, settings_text(OWN_ENTRY))
    return path


def settings_text(entry: str = DEMO_ENTRY) -> str:
    """The text of `config/btk.yaml`: every key with its default and, in its line, what it is for."""
    return _template("btk.yaml").replace(DEMO_ENTRY, entry)


def _template(name: str) -> str:
    return files("btk.adapters").joinpath("templates", name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})") from None
