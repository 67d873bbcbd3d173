"""New projects: the files of `btk new` and `btk config init`, from templates that are installed with btk."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from btk.adapters.disk import Disk, make_folder, save
from btk.adapters.project import SETTINGS_FILE
from btk.model.errors import DumpError, UsageError

DEMO_ENTRY = "strategies/sma_cross.py"
OWN_ENTRY = "strategies/my_strategy.py"


class _Ordinary(Disk):
    """Whoever the user's own umask lets may read and write these files: they are his, not btk's."""

    file_mode = 0o666
    folder_mode = 0o777


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
    try:
        for name, text in texts.items():
            _write(folder / name, text)
    except DumpError:
        _take_back(folder, texts)
        raise
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
    make_folder(_Ordinary(), path.parent)
    save(_Ordinary(), path, [text.encode()])


def _take_back(folder: Path, names: Iterable[str]) -> None:
    # Half a project could be neither used nor begun again.
    for path in (folder / name for name in names):
        with suppress(OSError):  # it was never made, or its folder has more
            path.unlink(missing_ok=True)
            if path.parent != folder:
                path.parent.rmdir()
