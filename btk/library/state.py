"""State from scripts: what a live, paper or replayed run has written down, read beside it and without disturbing it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from btk import wiring
from btk.adapters.async_run import run_apart
from btk.adapters.project import find_root
from btk.adapters.settings import load_settings
from btk.adapters.state_factory import state_factory
from btk.core.documents import from_document
from btk.core.slot_record import SlotRecord, slot_record
from btk.library.state_backends import Kind, Mode, StateBackends
from btk.library.state_files import BOOK_ID, LEVELS_ID, POSITIONS_ID, STRATEGY_ID
from btk.model.names import SlotKey, check_exchange_name, check_strategy_name
from btk.model.records import BookRow, Levels, RiskPosition, ScheduleRow, SignalRow
from btk.model.settings import Settings


class _View(NamedTuple):
    exchange: str | None
    mode: Mode
    root: Path | None


def read_signal_data(
    symbol: str,
    strategy: str,
    exchange: str | None = None,
    *,
    mode: Mode = "live",
    root: Path | None = None,
) -> SignalRow | None:
    """The open position of a slot, or None.

    `exchange` is that of the settings and `root` the project around the working folder, if None. For all functions
    here: `DamagedState` when what is stored cannot be trusted, `SettingsError` for names that cannot be.
    """
    found = _of_slot("signal", (symbol, strategy), _View(exchange, mode, root))
    return None if found is None else from_document(found, SignalRow)


def read_schedule_data(
    symbol: str,
    strategy: str,
    exchange: str | None = None,
    *,
    mode: Mode = "live",
    root: Path | None = None,
) -> ScheduleRow | None:
    """The signal of a slot that is not open yet, or None."""
    found = _of_slot("schedule", (symbol, strategy), _View(exchange, mode, root))
    return None if found is None else from_document(found, ScheduleRow)


def read_partial_data(
    symbol: str,
    strategy: str,
    exchange: str | None = None,
    *,
    mode: Mode = "live",
    root: Path | None = None,
) -> dict[str, Levels]:
    """The milestones that the open position of a slot has reached, by signal id."""
    found = _of_slot("partial", (symbol, strategy), _View(exchange, mode, root), LEVELS_ID)
    return {} if found is None else from_document(found, dict[str, Levels])


def read_strategy_data(
    symbol: str,
    strategy: str,
    exchange: str | None = None,
    *,
    mode: Mode = "live",
    root: Path | None = None,
) -> SlotRecord | None:
    """The whole record of a slot, or None where it has never run."""
    found = _of_slot("strategy", (symbol, strategy), _View(exchange, mode, root), STRATEGY_ID)
    return None if found is None else slot_record(found)


def read_position_data(
    risk: str, exchange: str | None = None, *, mode: Mode = "live", root: Path | None = None
) -> list[tuple[str, RiskPosition]]:
    """The places taken in a risk profile, by slot key."""
    found = _of_profile(risk, POSITIONS_ID, _View(exchange, mode, root))
    return [] if found is None else from_document(found, list[tuple[str, RiskPosition]])


def read_book_data(
    risk: str, exchange: str | None = None, *, mode: Mode = "live", root: Path | None = None
) -> BookRow | None:
    """What a risk profile remembers: halt, streak, cool-downs, the day's equity; None where it has never run."""
    found = _of_profile(risk, BOOK_ID, _View(exchange, mode, root))
    return None if found is None else from_document(found, BookRow)


def _of_slot(kind: Kind, slot: tuple[str, str], view: _View, entity_id: str | None = None) -> Any:
    settings, root = _project(view)
    strategy, exchange = check_strategy_name(slot[1]), _exchange(settings, view)
    symbol = wiring.symbols(msgspec.structs.replace(settings, symbols=(slot[0],)))[0]
    entity = str(SlotKey(symbol, strategy, exchange))
    return run_apart(_value(_backends(settings, root, view), kind, entity, entity_id or symbol))


def _of_profile(risk: str, entity_id: str, view: _View) -> Any:
    settings, root = _project(view)
    entity = f"{check_strategy_name(risk)}_{_exchange(settings, view)}"
    return run_apart(_value(_backends(settings, root, view), "risk", entity, entity_id))


def _project(view: _View) -> tuple[Settings, Path]:
    root = find_root(view.root, os.environ, Path.cwd())
    return load_settings(root, (), os.environ, ()).settings, root


def _exchange(settings: Settings, view: _View) -> str:
    return check_exchange_name(settings.exchange.name if view.exchange is None else view.exchange)


def _backends(settings: Settings, root: Path, view: _View) -> StateBackends:
    return StateBackends(view.mode, state_factory(settings.state.backend, root / settings.state.path, root))


async def _value(backends: StateBackends, kind: Kind, entity: str, entity_id: str) -> Any:
    stored = await (await backends.of(kind, entity)).read_value(entity_id)
    return None if stored is None else stored.value
