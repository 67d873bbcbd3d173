"""A small exchange of one market: it takes what arrives, moves its price when told, and forgets nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from btk.core.order_rounding import safe_quantity
from btk.model.accounts import MarketLimits
from btk.model.orders import (
    RECV_WINDOW_MS,
    Absent,
    Accepted,
    Answer,
    Fill,
    Found,
    LookUp,
    OrderRequest,
    RefusalCause,
    RefusedOrder,
    UnknownOutcome,
    VenueOrder,
)

EPSILON = 1e-9


class ModelExchange:
    """`held` is the position (or balance) in base currency; `arrivals` counts what was accepted by our id."""

    def __init__(self, limits: MarketLimits, price: float, now_ms: int, fee_rate: float = 0.0) -> None:
        self.limits = limits
        self.price = price
        self.now_ms = now_ms
        self.held = 0.0
        self.orders: dict[str, VenueOrder] = {}
        self.arrivals: Counter[str] = Counter()
        self.refuse_next: RefusalCause | None = None
        self._fee_rate = fee_rate
        self._trades = 0

    def arrive(self, request: OrderRequest, stamped_ms: int) -> Answer:
        """A request reaches the exchange."""
        refusal = self._refusal(request, stamped_ms)
        if refusal is not None:
            return refusal
        self.arrivals[request.client_order_id] += 1
        self.orders[request.client_order_id] = VenueOrder(
            client_order_id=request.client_order_id,
            order_id=f"v{len(self.orders)}",
            symbol=request.symbol,
            side=request.side,
            kind=request.kind,
            status="open",
            quantity=request.quantity,
            price=request.price,
            price_trigger=request.price_trigger,
            reduce_only=request.reduce_only,
        )
        self._match()
        return Accepted(self._told(self.orders[request.client_order_id]))

    def look_up(self, client_order_id: str) -> LookUp:
        """What became of it."""
        order = self.orders.get(client_order_id)
        return Found(self._told(order)) if order is not None else Absent()

    def fills_of(self, client_order_id: str) -> tuple[Fill, ...]:
        """The trades of an order."""
        order = self.orders.get(client_order_id)
        return order.fills if order is not None else ()

    def cancel(self, client_order_id: str) -> LookUp:
        """It is no more, if it was."""
        order = self.orders.get(client_order_id)
        if order is None or order.ended:
            return UnknownOutcome("-2011 Unknown order sent.")
        return Found(self._told(self._set(order, status="cancelled")))

    def move(self, price: float) -> None:
        """The market trades at another price."""
        self.price = price
        self._match()

    def fill_part(self, client_order_id: str, share: float) -> None:
        """Somebody trades with a part of a resting order."""
        order = self.orders[client_order_id]
        quantity = safe_quantity((order.quantity - order.filled) * share, "limit", self.limits)
        if quantity:
            self._trade(order, order.price or self.price, quantity)

    @property
    def open_orders(self) -> list[VenueOrder]:
        """What rests here."""
        return [order for order in self.orders.values() if not order.ended]

    def _told(self, order: VenueOrder) -> VenueOrder:
        # Contract markets answer with sums; their trades have to be asked for.
        return msgspec.structs.replace(order, fills=()) if self.limits.contract else order

    def _refusal(self, request: OrderRequest, stamped_ms: int) -> RefusedOrder | None:
        if self.now_ms - stamped_ms > RECV_WINDOW_MS:
            return RefusedOrder(code="-1021", words="outside of the recvWindow", cause="clock")
        if self.refuse_next is not None:
            cause, self.refuse_next = self.refuse_next, None
            return RefusedOrder(code="-1", words="no", cause=cause)
        if request.kind in ("stop", "target", "pair") and self._half(request) != "":
            return RefusedOrder(code="-2021", words="would trigger", cause="would_trigger")
        if request.reduce_only and abs(self.held) < EPSILON:
            return RefusedOrder(code="-2022", words="nothing to reduce", cause="nothing_to_reduce")
        locked = sum(order.quantity - order.filled for order in self.open_orders if order.side == "sell")
        if self._is_spot_sale(request) and request.quantity > self.held - locked + EPSILON:
            return RefusedOrder(code="-2010", words="insufficient balance", cause="balance")
        return None

    def _is_spot_sale(self, request: OrderRequest) -> bool:
        return request.side == "sell" and not self.limits.contract

    def _match(self) -> None:
        for order in self.open_orders:
            match order.kind:
                case "market":
                    self._trade(order, self.price, order.quantity)
                case "limit":
                    sign = 1 if order.side == "buy" else -1
                    if (self.price - (order.price or 0.0)) * sign <= 0:
                        self._trade(order, order.price or 0.0, order.quantity - order.filled)
                case _ if self._half(order) != "":
                    self._trade(order, self.price, order.quantity - order.filled)

    def _half(self, order: OrderRequest | VenueOrder) -> Any:
        sign = 1 if order.side == "sell" else -1
        if order.kind != "target" and (self.price - (order.price_trigger or 0.0)) * sign <= 0:
            return "stop"
        level = order.price_trigger if order.kind == "target" else order.price
        if order.kind != "stop" and level is not None and (self.price - level) * sign >= 0:
            return "target"
        return ""

    def _trade(self, order: VenueOrder, price: float, quantity: float) -> None:
        if order.reduce_only:
            quantity = min(quantity, abs(self.held))
            if quantity < EPSILON:
                self._set(order, status="expired")
                return
        self._trades += 1
        fee_base = quantity * self._fee_rate if order.side == "buy" and not self.limits.contract else 0.0
        fill = Fill(
            trade_id=str(self._trades),
            order_id=order.order_id,
            price=price,
            quantity=quantity,
            fee_base=fee_base,
            at_ms=self.now_ms,
        )
        self.held += quantity * (1 if order.side == "buy" else -1) - fee_base
        done = order.filled + quantity >= order.quantity - EPSILON
        self._set(
            order,
            status="filled"
            if done
            else ("expired" if order.kind in ("market", "stop", "target") else "partial"),
            filled=order.filled + quantity,
            cost=order.cost + quantity * price,
            fills=(*order.fills, fill),
            filled_half=self._half(order) if order.kind == "pair" else "",
        )

    def _set(self, order: VenueOrder, **changes: Any) -> VenueOrder:
        self.orders[order.client_order_id] = msgspec.structs.replace(order, **changes)
        return self.orders[order.client_order_id]
