"""The runs of this program: which strategy runs on which symbol, so that none is started twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from btk.adapters.candle_series import symbol_names
from btk.library.background import Background, Status
from btk.model.errors import AlreadyRunning
from btk.model.names import SlotKey


class InstanceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on one symbol: `id` is its slot, `run_id` names its last run."""

    id: str
    symbol: str
    strategy: str
    status: Status
    run_id: str


class Instances:
    """The last run of every strategy on every symbol, in one mode."""

    def __init__(self) -> None:
        self._runs: dict[SlotKey, Background[Any]] = {}
        self._changing = threading.Lock()

    def add(self, run: Background[Any]) -> None:
        """Remember a run that is about to begin; `AlreadyRunning` where one of its slots runs."""
        with self._changing:
            for key in run.keys:
                if key in self._runs and self._runs[key].status == "running":
                    raise AlreadyRunning(f"{key} is running already; stop it, or wait for it, first")
            self._runs.update(dict.fromkeys(run.keys, run))

    def statuses(self) -> list[InstanceStatus]:
        """Every strategy on every symbol that was asked for, in the order of their names."""
        return [
            InstanceStatus(
                id=str(key), symbol=key.symbol, strategy=key.strategy, status=run.status, run_id=run.run_id
            )
            for key, run in sorted(self._runs.items(), key=lambda item: item[0].order)
        ]

    def stop(self, symbol: str | None, strategy: str | None) -> None:
        """Ask what runs there to end (None: everywhere); nothing happens where nothing runs."""
        for run, keys in self._running(symbol, strategy):
            run.stop(keys)

    def _running(
        self, symbol: str | None, strategy: str | None
    ) -> list[tuple[Background[Any], Sequence[SlotKey]]]:
        form = None if symbol is None else symbol_names(symbol).file_form
        chosen: dict[int, tuple[Background[Any], list[SlotKey]]] = {}
        for key, run in self._runs.items():
            meant = _is_named(key.symbol, form) and strategy in (None, key.strategy)
            if meant and run.status == "running":
                chosen.setdefault(id(run), (run, []))[1].append(key)
        return list(chosen.values())


def _is_named(symbol: str, form: str | None) -> bool:
    # On swap BTCUSDT means BTCUSDT.USDT.
    return form in (None, symbol, symbol.partition(".")[0])
