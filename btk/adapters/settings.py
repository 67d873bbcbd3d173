"""Loading settings: files, environment and flags, layer over layer, into one checked value with origins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from btk.adapters.project import SETTINGS_FILE
from btk.adapters.settings_inline import Override
from btk.adapters.settings_layers import Layers
from btk.adapters.settings_reading import Reading
from btk.adapters.settings_tree import Complaint
from btk.model.errors import SettingsError
from btk.model.settings import Settings

DEFAULT = "default"


class BadSettings(SettingsError):
    """Settings that cannot be used; `complaints` has every problem, the message one line for each."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(map(str, self.complaints)))


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Checked settings, the project they belong to, and where each value that is no default was written."""

    settings: Settings
    root: Path
    files: tuple[str, ...]
    origins: dict[str, str]

    def origin(self, key: str) -> str:
        """Where a dotted key was written: `config/btk.yaml:12`, a variable, a flag, or `default`."""
        return self.origins.get(key, DEFAULT)


def load_settings(
    root: Path, config_files: Sequence[Path], environ: Mapping[str, str], overrides: Iterable[Override]
) -> Loaded:
    """`config/btk.yaml`, each of `config_files`, `CC_SYMBOL_LIST`, `BTK__*`, then `overrides`; later wins.

    Relative files hang on `root`, or else on the working folder. `BadSettings` names every problem.
    """
    files = [root / SETTINGS_FILE, *(_found(root, path) for path in config_files)]
    layers = Layers()
    for path in files:
        layers.add_file(path, _display(path, root))
    layers.add_environment(environ)
    for override in overrides:
        layers.add_override(override)
    if layers.complaints:
        raise BadSettings(layers.complaints)
    return _checked(layers, root, files)


def _checked(layers: Layers, root: Path, files: list[Path]) -> Loaded:
    reading = Reading(layers.tree)
    if reading.settings is None:
        raise BadSettings(reading.complaints)
    return Loaded(
        settings=reading.settings,
        root=root,
        files=tuple(_display(path, root) for path in files),
        origins={key: origin.place for key, origin in reading.origins.items()},
    )


def _found(root: Path, path: Path) -> Path:
    on_root = root / path
    return path.absolute() if path.exists() and not on_root.exists() else on_root


def _display(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
