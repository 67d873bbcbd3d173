"""Orders from other terminals: read from their folder, given to the slots they mean, removed once they are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from btk.adapters.command_files import Action, CommandFiles, Order
from btk.engines.trading import Trading
from btk.library.stop_control import OnStop, StopControl
from btk.model.commands import Command, Flatten, Pause, Resume, Stop
from btk.model.errors import DumpError
from btk.model.names import SlotKey

LOOK_EVERY_SECONDS = 1.0
COMMANDS: dict[Action, tuple[Command, ...]] = {
    "pause": (Pause(),),
    "resume": (Resume(),),
    # Whoever wants everything closed does not want it opened again at the next bar.
    "flatten": (Pause(), Flatten()),
}
STOPS: dict[OnStop, tuple[Command, ...]] = {
    "wait": (Stop(),),
    # A run can be left, one of its slots cannot: that one is waited for.
    "leave": (Stop(),),
    "flatten": (Stop(), Flatten()),
}


class OrdersFromOutside:
    """The orders in a folder; nothing in it is given twice."""

    def __init__(self, files: CommandFiles) -> None:
        self._files = files
        self._given: dict[str, list[SlotKey]] = {}

    def give(self, trading: Trading, tick_ms: int, control: StopControl) -> None:
        """Hand every new order to the slots it means; they obey at their next tick."""
        for order_id, order in self._files.waiting().items():
            if order_id not in self._given:
                self._given[order_id] = _meant(order, trading.slots)
                _give(order, self._given[order_id], trading, tick_ms, control)

    def done(self, trading: Trading) -> None:
        """The run is saved: orders that have been carried out everywhere go, the others are there after a kill too."""
        for order_id, keys in list(self._given.items()):
            if not trading.awaits(keys):
                self._remove(order_id)

    def end(self) -> None:
        """The run is over; what was meant for it means nothing to the next one."""
        with suppress(DumpError):  # it has ended all the same
            self._files.clear()

    async def look(self, wake: asyncio.Event) -> None:
        """Set `wake` when there is a new order; for ever."""
        while True:
            if self._files.waiting().keys() - self._given.keys():
                wake.set()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _remove(self, order_id: str) -> None:
        with suppress(DumpError):  # trading goes on; it is not given again, and removing it is tried again
            self._files.remove(order_id)
            self._given.pop(order_id, None)


def _give(order: Order, keys: list[SlotKey], trading: Trading, tick_ms: int, control: StopControl) -> None:
    stops = order.action == "stop"
    if stops and len(keys) == len(trading.slots):
        control.stop_for_good()
    if control.left_by is None:
        for command in STOPS[control.on_stop] if stops else COMMANDS[order.action]:
            trading.order(keys, command, tick_ms)


def _meant(order: Order, slots: Iterable[SlotKey]) -> list[SlotKey]:
    return [
        key
        for key in slots
        if (order.symbols is None or key.symbol in order.symbols)
        and (order.strategies is None or key.strategy in order.strategies)
    ]
