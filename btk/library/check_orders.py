"""The orders of a broker check: journalled, sent once, asked about until they are known, and cleared away again."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec

from btk.adapters.check_journal import CheckJournal
from btk.core.order_course import SURE_MS
from btk.core.order_ids import order_id
from btk.core.order_rounding import is_dust, safe_quantity
from btk.library.patience import patiently
from btk.model.errors import CheckFailed, Transient, Unknown
from btk.model.intents import Leg
from btk.model.names import SlotKey
from btk.model.orders import (
    Absent,
    Found,
    OrderRequest,
    RefusedOrder,
    UnknownOutcome,
    VenueOrder,
)
from btk.ports import Broker

STRATEGY = "broker-check"
ASK_SECONDS = 1.0
MOST_TRIES = 25


class CheckOrders:
    """The orders of one check in one market; those that an earlier check has left are among them."""

    def __init__(self, broker: Broker, key: SlotKey, journal: CheckJournal) -> None:
        self._broker = broker
        self._key = key
        self._journal = journal
        self._sent = [one for one in journal.read() if one.symbol == key.symbol]
        self._others = [one for one in journal.read() if one.symbol != key.symbol]
        self._parts: Counter[Leg] = Counter()
        self._sure_ms: dict[str, int] = {}
        self._signal_id = ""

    @property
    def are_left(self) -> bool:
        """Whether orders may be at the exchange that nobody has cleared away."""
        return bool(self._sent)

    async def send(self, leg: Leg, wish: OrderRequest) -> OrderRequest:
        """Send an order under an id of its own; `CheckFailed` when it is refused. Only `look_up` says that it is there."""
        self._signal_id = self._signal_id or f"check-{self._broker.now_ms()}"
        name = order_id(self._key, self._signal_id, leg, self._parts[leg])
        self._parts[leg] += 1
        request = msgspec.structs.replace(wish, client_order_id=name)
        self._sent.append(request)
        self._write()
        answer = await self._broker.send(request)
        self._sure_ms[name] = self._broker.now_ms() + SURE_MS
        if isinstance(answer, RefusedOrder):
            self._sent.remove(request)
            self._write()
            raise CheckFailed(f"refused: {answer.code} {answer.words}")
        return request

    async def look_up(self, request: OrderRequest) -> VenueOrder:
        """The order as the exchange shows it, asked for by our id; `CheckFailed` when it has none."""
        order = await self._known(request)
        if order is None:
            raise CheckFailed("the exchange was asked for the order by its id and does not know it")
        return order

    async def cancel(self, request: OrderRequest) -> VenueOrder:
        """Cancel an order; how it ended. `CheckFailed` when it stays open."""
        for _ in range(MOST_TRIES):
            await self._broker.cancel(request)
            order = await self.look_up(request)
            if order.ended:
                return order
            await asyncio.sleep(ASK_SECONDS)
        raise CheckFailed("the order is still open after it was cancelled")

    async def held(self) -> float:
        """What the orders of the check have bought and not sold again, fees in that currency taken off."""
        held = 0.0
        for request in self._sent:
            order = await self._known(request)
            if order is not None and order.filled:
                fees = await self._base_fees(order)
                held += (order.filled if order.side == "buy" else -order.filled) - fees
        return held

    async def clear_away(self, price: float) -> tuple[str, ...]:
        """Cancel what is open, sell what was bought; what is left all the same, in words."""
        left = []
        for request in list(self._sent):
            try:
                await self._end(request)
            except (CheckFailed, Transient, Unknown) as error:
                left.append(f"order {request.client_order_id} ({request.side} {request.quantity:g}): {error}")
        try:
            left += await self._sell_rest(price)
        except (CheckFailed, Transient, Unknown) as error:
            left.append(f"what was bought may not be sold: {error}")
        if not left:
            self._sent.clear()
            self._write()
        return tuple(left)

    async def _end(self, request: OrderRequest) -> None:
        order = await self._known(request)
        if order is not None and not order.ended:
            await self.cancel(request)

    async def _known(self, request: OrderRequest) -> VenueOrder | None:
        sure_ms = self._sure_ms.get(request.client_order_id, 0)
        for tries in range(MOST_TRIES):
            match await self._broker.look_up(request):
                case Found(order):
                    return order
                case Absent() if self._broker.now_ms() >= sure_ms:
                    return None
                case UnknownOutcome(words) if tries == MOST_TRIES - 1:
                    raise CheckFailed(f"the exchange does not say what became of it: {words}")
            await asyncio.sleep(ASK_SECONDS)
        raise CheckFailed("the exchange does not say what became of it")

    def _write(self) -> None:
        requests = (*self._others, *self._sent)
        if requests:
            self._journal.write(requests)
        else:
            self._journal.clear()

    async def _base_fees(self, order: VenueOrder) -> float:
        if self._broker.limits(self._key.symbol).contract:
            return 0.0
        since_ms = self._broker.now_ms() - 24 * 3_600_000
        fills = await patiently(lambda: self._broker.fills_since(self._key.symbol, since_ms))
        ids = (order.order_id, *order.trade_order_ids)
        return sum(fill.fee_base for fill in fills if fill.order_id in ids)

    async def _sell_rest(self, price: float) -> list[str]:
        limits, held = self._broker.limits(self._key.symbol), await self.held()
        if held <= 0 or is_dust(held, price, limits):
            return []
        request = await self.send(
            "close",
            OrderRequest(
                client_order_id="",
                symbol=self._key.symbol,
                side="sell",
                kind="market",
                quantity=safe_quantity(held, "market", limits),
                reduce_only=limits.contract,
            ),
        )
        order = await self.look_up(request)
        rest = held - order.filled
        return [] if is_dust(rest, price, limits) else [f"{rest:g} {limits.base}, bought and not sold"]
