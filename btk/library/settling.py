"""Where account and state do not match, and the user has said what then: what is ours is adopted, or it is closed.

What others have opened is never touched; what cannot be settled is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple

from btk.core.adoption import Adopted, Unadoptable, adopt, excess, strangers
from btk.core.states import Closing, Open
from btk.engines.trading import Trading
from btk.library.broker_work import BrokerWork
from btk.library.holdings import held_slots, reading_of, scene_of
from btk.model.names import SlotKey
from btk.model.orders import Found, OrderRequest, VenueOrder
from btk.ports import Broker

OnMismatch = Literal["halt", "adopt", "flatten"]
MOST_STEPS = 50
LONGEST_CLOSE_MS = 60_000
LOOK_MS = 1_000


class Wish(NamedTuple):
    """How to settle, of which symbols (None: all), and which strategies may be given what nobody remembers."""

    how: OnMismatch = "halt"
    symbols: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None


HALT = Wish()


class Settled(NamedTuple):
    """What was done, and what could not be, each in words."""

    done: tuple[str, ...]
    cannot: tuple[str, ...]


class Settling:
    """One settling of the orders of a run that has not begun."""

    def __init__(self, wish: Wish, orders: BrokerWork, trading: Trading, broker: Broker) -> None:
        self._wish = wish
        self._orders = orders
        self._trading = trading
        self._broker = broker
        self._done: list[str] = []
        self._cannot: list[str] = []

    async def settle(self, symbols: Sequence[str]) -> Settled:
        """Settle what does not match on these symbols."""
        chosen = [one for one in symbols if self._wish.symbols is None or one in self._wish.symbols]
        for symbol in chosen:
            await self._adopt(symbol)
            if self._wish.how == "flatten":
                await self._cancel_strangers(symbol)
                self._begin_to_close(symbol)
        if self._wish.how == "flatten":
            await self._close(chosen)
        return Settled(tuple(self._done), tuple(self._cannot))

    async def _adopt(self, symbol: str) -> None:
        flattens = self._wish.how == "flatten"
        for _ in range(MOST_STEPS):
            slots, theirs, scene = (
                held_slots(self._trading, symbol),
                await reading_of(self._broker, symbol),
                scene_of(self._broker, self._trading, symbol, self._wish.strategies),
            )
            more = excess(slots, theirs, scene.limits) > 0 and not strangers(slots, theirs)
            # Beyond our lot it is somebody else's, and what is somebody else's is not closed.
            found = None if flattens and more else adopt(slots, theirs, scene)
            if not isinstance(found, Adopted):
                if isinstance(found, Unadoptable) and not flattens:
                    self._cannot.append(f"{symbol}: {found.words}, so it cannot be adopted")
                return
            slot = found.slot
            self._trading.take_over(slot.key, slot.state, slot.intents, found.cost)
            self._orders.look()
            self._done.append(f"adopted {found.words}")

    async def _cancel_strangers(self, symbol: str) -> None:
        theirs = await reading_of(self._broker, symbol)
        for order in strangers(held_slots(self._trading, symbol), theirs):
            answer = await self._broker.cancel(_request_of(order, symbol))
            if isinstance(answer, Found) and answer.order.ended:
                self._done.append(f"cancelled order {order.order_id} of {symbol}, which nobody remembers")
            else:
                self._cannot.append(f"{symbol}: order {order.order_id} could not be cancelled")

    def _begin_to_close(self, symbol: str) -> None:
        for slot in held_slots(self._trading, symbol):
            if isinstance(slot.state, Open):
                state = Closing(slot.state.holding, "user", slot.state.orders, "flatten")
                self._trading.take_over(slot.key, state, slot.intents, 0.0)

    async def _close(self, symbols: Sequence[str]) -> None:
        until_ms = self._broker.now_ms() + LONGEST_CLOSE_MS
        closing = self._closing(symbols)
        while closing and self._broker.now_ms() < until_ms:
            left_ms = await self._orders.work(self._orders.tick_ms)
            closing, before = self._closing(symbols), closing
            self._done += [f"closed the position of {key}" for key in before if key not in closing]
            if closing:
                await asyncio.sleep(min(LOOK_MS, left_ms or LOOK_MS) / 1000)
        self._cannot += [f"{key} could not be closed in time; it is still being closed" for key in closing]

    def _closing(self, symbols: Sequence[str]) -> list[SlotKey]:
        slots = self._trading.slots.items()
        return [key for key, slot in slots if key.symbol in symbols and isinstance(slot.state, Closing)]


def _request_of(order: VenueOrder, symbol: str) -> OrderRequest:
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=symbol,
        side=order.side,
        kind=order.kind,
        quantity=order.quantity,
        price=order.price,
        price_trigger=order.price_trigger,
    )
