"""Orders from other terminals: read from their folder, given to the slots they mean, removed once they are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from btk.adapters.command_files import Action, CommandFiles, Order
from btk.engines.trading import Trading
from btk.model.commands import CancelScheduled, ClosePosition, Command, Pause, Resume, Stop
from btk.model.names import SlotKey

LOOK_EVERY_SECONDS = 1.0
COMMANDS: dict[Action, tuple[Command, ...]] = {
    "pause": (Pause(),),
    "resume": (Resume(),),
    "stop": (Stop(),),
    # Whoever wants everything closed does not want it opened again at the next bar.
    "flatten": (Pause(), CancelScheduled("flatten"), ClosePosition("flatten")),
}


class OrdersFromOutside:
    """The orders in a folder; nothing in it is given twice."""

    def __init__(self, files: CommandFiles) -> None:
        self._files = files
        self._given: set[str] = set()

    def give(self, trading: Trading, tick_ms: int) -> None:
        """Hand every new order to the slots it means; they obey at their next tick."""
        for order_id, order in self._files.waiting().items():
            if order_id in self._given:
                continue
            self._given.add(order_id)
            for command in COMMANDS[order.action]:
                trading.order(_meant(order, trading.slots), command, tick_ms)

    def done(self) -> None:
        """What the orders did is saved."""
        for order_id in sorted(self._given):
            self._files.remove(order_id)
        self._given.clear()

    async def look(self, wake: asyncio.Event) -> None:
        """Set `wake` when there is a new order; for ever."""
        while True:
            if self._files.waiting().keys() - self._given:
                wake.set()
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def _meant(order: Order, slots: Iterable[SlotKey]) -> list[SlotKey]:
    return [
        key
        for key in slots
        if (order.symbols is None or key.symbol in order.symbols)
        and (order.strategies is None or key.strategy in order.strategies)
    ]
