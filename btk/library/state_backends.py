"""Which backend keeps which kind of state: the settings' word for all, unless a class was chosen for one kind."""

from __future__ import annotations

from typing import Literal

from btk.adapters.state_factory import Factory, checked_factory
from btk.ports import StateBackend

Mode = Literal["live", "paper", "replay"]
Kind = Literal["signal", "schedule", "partial", "risk", "strategy", "run"]

FOLDERS: dict[Mode, str] = {"live": "data", "paper": "paper/data", "replay": "replay/data"}

_chosen: dict[Kind, Factory] = {}


def use_persist_signal_adapter(factory: Factory | None) -> None:
    """Keep open positions with `factory(entity_name, base_dir)`; None: as the settings say. The same for all below."""
    _choose("signal", factory)


def use_persist_schedule_adapter(factory: Factory | None) -> None:
    """Keep scheduled signals elsewhere."""
    _choose("schedule", factory)


def use_persist_partial_adapter(factory: Factory | None) -> None:
    """Keep milestones elsewhere."""
    _choose("partial", factory)


def use_persist_risk_adapter(factory: Factory | None) -> None:
    """Keep the places and books of risk profiles elsewhere."""
    _choose("risk", factory)


def use_persist_strategy_adapter(factory: Factory | None) -> None:
    """Keep the slots' records and the run's last commit, the truth that all else is computed from, elsewhere."""
    _choose("strategy", factory)
    _choose("run", factory)


class StateBackends:
    """The backends of one mode, one an entity, made when first asked for; `default` makes those nobody chose a class for."""

    def __init__(self, mode: Mode, default: Factory) -> None:
        self.mode = mode
        self._default = default
        self._made: dict[tuple[Kind, str, Factory], StateBackend] = {}

    async def of(self, kind: Kind, entity_name: str) -> StateBackend:
        """The backend of one entity, ready for use."""
        factory = _chosen.get(kind, self._default)
        made = self._made.get((kind, entity_name, factory))
        if made is None:
            made = factory(entity_name, f"{FOLDERS[self.mode]}/{kind}")
            self._made[kind, entity_name, factory] = made
        await made.wait_for_init()
        return made


def _choose(kind: Kind, factory: Factory | None) -> None:
    if factory is None:
        _chosen.pop(kind, None)
    else:
        _chosen[kind] = checked_factory(factory, f"use_persist_{kind}_adapter")
