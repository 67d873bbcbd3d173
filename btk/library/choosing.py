"""What a call from Python means: which project, and which symbols and strategies of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from btk import wiring
from btk.adapters.strategy_loader import load_strategies
from btk.core.strategy import Strategy
from btk.library.project import Project, open_project
from btk.model.errors import SettingsError, UsageError
from btk.model.plain_words import did_you_mean
from btk.model.settings import Settings

Names = str | Sequence[str] | None
Where = Project | Path | str | None
Changes = Mapping[str, object] | None


def project_of(where: Where, changes: Changes = None) -> Project:
    """The project at a folder (None: the one around), or the settings and the folder that were given as they are."""
    if not isinstance(where, Project):
        return open_project(where, changes)
    if changes:
        raise UsageError(
            "changes are for settings that are read; change a value with msgspec.structs.replace"
        )
    return where


def chosen_project(symbols: Names, strategies: Names, where: Where, changes: Changes) -> Project:
    """The project with these symbols and strategies alone (None: those of its settings).

    A strategy is a file, `strategies/sma_cross.py` or `strategies/sma_cross.py:SmaCross`, or the name of one.
    """
    settings, root = project_of(where, changes)
    if symbols is not None:
        settings = msgspec.structs.replace(settings, symbols=tuple(listed(symbols)))
    if strategies is not None:
        entries = tuple(_entry(name, settings, root) for name in listed(strategies))
        settings = msgspec.structs.replace(
            settings, strategy=msgspec.structs.replace(settings.strategy, entry=entries)
        )
    return Project(settings, root)


def listed(names: str | Sequence[str]) -> list[str]:
    """One name or several as a list."""
    return [names] if isinstance(names, str) else list(names)


def symbol_of(symbol: str | None, settings: Settings) -> str | None:
    """A symbol as runs name it."""
    if symbol is None:
        return None
    return wiring.symbols(msgspec.structs.replace(settings, symbols=(symbol,)))[0]


def _entry(name: str, settings: Settings, root: Path) -> str:
    if ".py" in name:
        return name
    files = dict.fromkeys(entry.partition(":")[0] for entry in settings.strategy.entry)
    beside = f"strategies/{name}.py"
    if (root / beside).is_file():
        files[beside] = None
    known = {cls.name: _place(file, cls) for file in files for cls in load_strategies(file, root)}
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise SettingsError(f"there is no strategy {name!r} in the settings, nor {beside}{hint}")
    return known[name]


def _place(file: str, cls: type[Strategy]) -> str:
    return f"{file}:{cls.__name__}"
