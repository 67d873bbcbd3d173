"""A run seen from beside it: whether its process is there and how it stands; without one, what it has left behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk.adapters.async_run import run_apart
from btk.adapters.file_lock import holder
from btk.adapters.state_factory import state_factory
from btk.adapters.state_lock import LOCK_NAME, this_process
from btk.adapters.status_file import NAME, read_status, why_not_renewed
from btk.core.rules import Rules
from btk.core.slot_view import equity, slot_status
from btk.library.state_backends import FOLDERS, Mode, StateBackends
from btk.library.state_store import Roster, StateStore
from btk.model.run_status import OLD, RunStatus
from btk.model.settings import Settings

TICK_SECONDS = 20.0
"""So long after its time a tick is over, its status written."""
WATCHED: tuple[Mode, ...] = ("live", "paper")


class RunView:
    """The run of `mode` in the project at `root`. Works beside it, and needs no network (but that of its state)."""

    def __init__(self, settings: Settings, root: Path, mode: Mode) -> None:
        self.mode = mode
        self.settings = settings
        self._root = root
        self._dump = root / settings.state.path
        self.data = self._dump / FOLDERS[mode]

    @property
    def exchange(self) -> str:
        """That of the run that was here last, or of the settings."""
        written = read_status(self.data)
        return (written.exchange if written else None) or self.settings.exchange.name

    def process(self) -> str | None:
        """The words of the process that runs it, or None."""
        return holder(self.data / LOCK_NAME)

    def status(self) -> RunStatus:
        """How it stands; `DamagedState` where nothing runs and what is left cannot be trusted."""
        process, written = self.process(), read_status(self.data)
        if process is None:
            return self._left(written)
        if written is None or not process.startswith(f"process {written.pid} on {written.host},"):
            return RunStatus(mode=self.mode, alive=True, process=process)
        return msgspec.structs.replace(
            written,
            alive=True,
            last_tick_age_seconds=_age(written.last_tick_ms),
            degraded={**written.degraded, **self._not_renewed(written)},
        )

    def _not_renewed(self, written: RunStatus) -> dict[str, str]:
        overdue = _age(written.next_tick_ms)
        why = why_not_renewed(self.data) if overdue is not None and overdue > TICK_SECONDS else ""
        if not why:
            return {}
        age = (_age(written.last_tick_ms) or 0.0) / 60
        return {
            OLD: f"this is how it stood {age:.0f} min ago, not how it stands: {self.data / NAME} cannot be renewed"
            f" ({why}); the run goes on as well as it can"
        }

    def store(self, command: str, sweeps: bool = True) -> StateStore:
        """The state of the run, to look at (without `sweeps` not even a dead writer's draft is touched), or to change
        while its lock is held."""
        factory = state_factory(self.settings.state.backend, self._dump, self._root, sweeps)
        roster = Roster(exchange=self.exchange, slots=())
        return StateStore(StateBackends(self.mode, factory), roster, this_process(command))

    def _left(self, written: RunStatus | None) -> RunStatus:
        commit, records = run_apart(self.store("btk status").look())
        mark = commit.change.run if commit else None
        if commit is None or mark is None:
            return RunStatus(mode=self.mode, alive=False)
        prices = _prices(written)
        rules = Rules.of(self.settings, market_can_short=self.settings.exchange.market == "swap")
        slots = tuple(slot_status(record, prices.get(record.symbol), rules) for record in records)
        wallet = commit.change.wallet
        return RunStatus(
            mode=self.mode,
            alive=False,
            goes_on=not mark.ended,
            run_id=mark.run_id,
            exchange=commit.exchange,
            last_tick_ms=commit.change.tick_ms,
            last_tick_age_seconds=_age(commit.change.tick_ms),
            currency=self.settings.wallet.currency,
            start_equity=wallet.start if wallet else None,
            equity=equity(wallet, records, slots) if wallet else None,
            slots=slots,
        )


class Found(NamedTuple):
    """A run and how it stands."""

    view: RunView
    status: RunStatus


def found_runs(settings: Settings, root: Path, mode: Mode | None) -> list[Found]:
    """The runs of the modes (None: of all), those that go on before those that were; where some run, only those."""
    modes = WATCHED if mode is None else (mode,)
    views = [RunView(settings, root, one) for one in modes]
    # What nobody runs has to be read from its state, which may be damaged or out of reach.
    running = [view for view in views if view.process() is not None]
    found = [Found(view, view.status()) for view in running or views]
    return sorted(found, key=lambda one: rank(one.status))


def rank(status: RunStatus) -> int:
    """0: it runs, 1: the next start goes on with it, 2: it has ended, 3: there was none."""
    if status.alive:
        return 0
    if status.goes_on:
        return 1
    return 2 if status.run_id else 3


def _prices(written: RunStatus | None) -> Mapping[str, float]:
    slots = written.slots if written else ()
    return {slot.symbol: slot.price for slot in slots if slot.price is not None}


def _age(tick_ms: int | None) -> float | None:
    return None if tick_ms is None else time.time() - tick_ms / 1000
