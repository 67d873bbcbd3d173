"""Which class keeps the state: the settings' word (`file`, `redis`, `module:Class`) becomes a maker of backends."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from btk.adapters.project_name import ProjectName
from btk.adapters.state_file import FileBackend
from btk.model.errors import SettingsError
from btk.ports import StateBackend

Factory = Callable[[str, str], StateBackend]
"""Makes the backend of (entity name, base folder), such as ("BTCUSDT_probe_demo", "data/signal")."""

METHODS = (
    "wait_for_init",
    "read_value",
    "write_value",
    "has_value",
    "remove_value",
    "remove_all",
    "keys",
    "values",
    "filter",
    "take",
)


def state_factory(backend: str, dump: Path, root: Path, sweeps: bool = True) -> Factory:
    """The maker for `state.backend`; files live under `dump`, a `module:Class` may live in the project at `root`."""
    if backend == "file":
        return lambda entity_name, base_dir: FileBackend(entity_name, dump / base_dir, sweeps=sweeps)
    if backend == "redis":
        return _redis_factory(dump)
    return checked_factory(_class(backend, root), "state.backend")


def checked_factory(factory: Factory, where: str) -> Factory:
    """The maker itself; `SettingsError` when it is a class that cannot be a backend."""
    absent = [name for name in METHODS if isinstance(factory, type) and not hasattr(factory, name)]
    if absent:
        name = getattr(factory, "__name__", str(factory))
        raise SettingsError(f"{where}: {name} is no state backend, it has no {', '.join(absent)}")
    return factory


def _redis_factory(dump: Path) -> Factory:
    try:
        from btk.adapters.state_redis import RedisBackend, connect
    except ModuleNotFoundError:
        raise SettingsError("state.backend: redis needs the extra; pip install 'btk[redis]'") from None
    client, project = connect(), ProjectName(dump)
    return lambda entity_name, base_dir: RedisBackend(entity_name, base_dir, client, project)


def _class(reference: str, root: Path) -> Factory:
    module_name, _, name = reference.partition(":")
    if str(root) not in sys.path:
        sys.path.append(str(root))
    try:
        found = getattr(importlib.import_module(module_name), name, None)
    except ImportError as error:
        raise SettingsError(f"state.backend: {reference} cannot be imported: {error}") from None
    if not callable(found):
        raise SettingsError(f"state.backend: there is no {name} in {module_name}")
    factory: Factory = found
    return factory
