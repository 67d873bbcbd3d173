"""Forgetting what a run remembers of some slots: for positions that a person has seen to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from btk.adapters.async_run import run_apart
from btk.adapters.state_lock import only_writer
from btk.core.slot_record import SlotRecord
from btk.core.states import plan_of
from btk.library.run_orders import Choice, named
from btk.library.run_view import RunView
from btk.library.state_backends import Mode
from btk.model.errors import DamagedState, UsageError
from btk.model.names import SlotKey
from btk.model.settings import Settings

COMMAND = "btk state forget"


class Forgetting:
    """The slots of a choice that can be forgotten; `words` says by slot what is stored of it."""

    def __init__(self, view: RunView, choice: Choice) -> None:
        self._view = view
        self.words = _stored(view, choice)

    def forget(self) -> None:
        """Let these slots begin anew."""
        run_apart(self._forget())

    async def _forget(self) -> None:
        for key in self.words:
            await self._view.store(COMMAND).forget(key)


@contextmanager
def forgetting(settings: Settings, root: Path, mode: Mode, choice: Choice) -> Iterator[Forgetting]:
    """While the block runs nobody else uses the state of the mode; `AlreadyRunning` where a run does.

    `UsageError` when nothing is stored of one of the slots.
    """
    view = RunView(settings, root, mode)
    with only_writer(view.data, COMMAND):
        yield Forgetting(view, named(choice, settings))


def _stored(view: RunView, choice: Choice) -> dict[SlotKey, str]:
    keys = [
        SlotKey(symbol, strategy, view.exchange)
        for symbol in choice.symbols or ()
        for strategy in choice.strategies or ()
    ]
    try:
        _, records = run_apart(view.store(COMMAND).look(keys))
    except DamagedState as damage:
        return dict.fromkeys(keys, str(damage))
    known = {record.key: record for record in records}
    return {key: _words(key, known) for key in keys}


def _words(key: SlotKey, known: dict[SlotKey, SlotRecord]) -> str:
    if key not in known:
        there = ", ".join(f"{one.symbol} {one.strategy}" for one in known) or "none"
        raise UsageError(
            f"nothing is stored of {key.symbol} {key.strategy} on {key.exchange} (there: {there})"
        )
    return state_words(known[key])


def state_words(record: SlotRecord) -> str:
    """`open long of 100 at 42000`, or `idle`."""
    word, plan = record.state.__struct_config__.tag, plan_of(record.state)
    return str(word) if plan is None else f"{word} {plan.position} of {plan.cost:g} at {plan.price_open:g}"


def look_at(view: RunView) -> Sequence[SlotRecord]:
    """The records of all slots that have one; while a run is at it, those of its last tick."""
    return run_apart(view.store("btk state show").look())[1]
