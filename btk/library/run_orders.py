"""Orders for a run from beside it: pause, resume, stop, flatten; kept as files until the run has carried them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import wiring
from btk.adapters.candle_series import symbol_names
from btk.adapters.command_files import Action, CommandFiles, Order
from btk.library.run_view import Found, found_runs, rank
from btk.library.state_backends import Mode
from btk.model.errors import UsageError
from btk.model.plain_words import did_you_mean
from btk.model.run_status import SlotStatus
from btk.model.settings import Settings


class Choice(NamedTuple):
    """Which slots are meant; None: of every symbol, of every strategy."""

    symbols: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None


class SlotName(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy on a symbol."""

    symbol: str
    strategy: str


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was given: to whom, and the tick at which it takes effect (None: when the run is started again)."""

    schema: str = "btk.order/1"
    id: str
    action: Action
    mode: str
    run_id: str | None
    alive: bool
    takes_effect_ms: int | None
    slots: tuple[SlotName, ...]


def give_order(action: Action, choice: Choice, settings: Settings, root: Path, mode: Mode | None) -> Given:
    """Leave an order for the run of the project; one that is not running finds it when it goes on.

    `UsageError` when there is no run to give it to, for slots it does not have, and where two could be meant.
    """
    view, status = run_meant(settings, root, mode)
    wanted = named(choice, settings)
    slots = meant_slots(status.slots, choice, settings)
    files = CommandFiles(view.data)
    order_id = files.drop(Order(action=action, symbols=wanted.symbols, strategies=wanted.strategies))
    if view.process() is None and not view.status().goes_on:
        files.remove(order_id)
        raise UsageError(f"the {view.mode} run has just ended")
    return Given(
        id=order_id,
        action=action,
        mode=view.mode,
        run_id=status.run_id,
        alive=status.alive,
        takes_effect_ms=status.next_tick_ms if status.alive else None,
        slots=tuple(SlotName(symbol=slot.symbol, strategy=slot.strategy) for slot in slots),
    )


def run_meant(settings: Settings, root: Path, mode: Mode | None) -> Found:
    """The run that an order without or with a mode is for; `UsageError` when there is none, or two."""
    found = found_runs(settings, root, mode)
    best = [one for one in found if rank(one.status) == rank(found[0].status)]
    if rank(found[0].status) > 1:
        where = ", ".join(str(one.view.data) for one in found)
        raise UsageError(f"nothing runs, and no run was left to go on with ({where})")
    if len(best) > 1:
        names = " and ".join(one.view.mode for one in best)
        raise UsageError(f"there are {names} runs; say which with --mode")
    return best[0]


def meant_slots(slots: Sequence[SlotStatus], choice: Choice, settings: Settings) -> list[SlotStatus]:
    """The slots of these symbols and strategies; `UsageError` for a name that none has, and when none is meant."""
    if not slots:
        # It is starting and nobody knows its slots yet; the order finds them.
        return []
    symbols, strategies = named(choice, settings)
    _check("symbol", symbols or (), [slot.symbol for slot in slots])
    _check("strategy", strategies or (), [slot.strategy for slot in slots])
    meant = [
        slot
        for slot in slots
        if (symbols is None or slot.symbol in symbols) and (strategies is None or slot.strategy in strategies)
    ]
    if not meant:
        raise UsageError("no slot has both that symbol and that strategy; `btk status` shows them")
    return meant


def named(choice: Choice, settings: Settings) -> Choice:
    """The same with symbols in the form that slots have them."""
    if choice.symbols is None:
        return choice
    names = [wiring.traded_name(symbol_names(one).file_form, settings) for one in choice.symbols]
    return choice._replace(symbols=tuple(names))


def _check(what: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            there = ", ".join(sorted(set(known)))
            hint = did_you_mean(name, known) or f" (there: {there})"
            raise UsageError(f"the run has no {what} {name}{hint}")
