"""A broker tried out with the smallest size: every kind of order that a run needs, each step said before it is done.

Whatever happens, what the check has put at the exchange is taken away again, or named.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from btk.adapters.check_journal import CheckJournal
from btk.core.order_ids import is_ours
from btk.core.order_rounding import entry_problem, safe_price, safe_quantity
from btk.library.check_orders import STRATEGY, CheckOrders
from btk.library.patience import patiently
from btk.model.accounts import AccountFacts, MarketLimits
from btk.model.check import BrokerReport, CheckStep
from btk.model.errors import BtkError, CheckFailed
from btk.model.intents import Leg
from btk.model.names import SlotKey
from btk.model.orders import OrderKind, OrderRequest, OrderSide, VenueOrder
from btk.ports import Broker

AWAY = 0.04
"""How far from the price an order is that is not to be filled, as a share of it; venues refuse what is farther off."""
ROOM = 1.1
MOST_STEPS_MORE = 10_000


class Subject(NamedTuple):
    """What is tried out, and who is told of it: `allow` is asked before the first order, `say` hears every step."""

    broker: Broker
    symbol: str
    exchange: str
    sandbox: bool
    journal: CheckJournal
    allow: Callable[[AccountFacts], None]
    say: Callable[[str], None]


class Checked(NamedTuple):
    """The report, and the error that ended the check, None where nothing did."""

    report: BrokerReport
    error: BtkError | None


class BrokerCheck:
    """One check of one market of an account."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._broker = subject.broker
        self._steps: list[CheckStep] = []
        self._facts: AccountFacts | None = None
        self._price = 0.0
        self._quantity = 0.0
        self._orders = CheckOrders(
            subject.broker, SlotKey(subject.symbol, STRATEGY, subject.exchange), subject.journal
        )
        self._limit: OrderRequest

    async def run(self) -> Checked:
        """Go through all steps, or to the first that fails; clear away either way, also when it is broken off."""
        try:
            error = await self._tried(self._look_around)
            if error is None and self._facts is not None:
                # Outside of the steps: whoever says no has found nothing wrong.
                self._subject.allow(self._facts)
                error = await self._tried(self._trade)
        finally:
            left = await self._cleared()
            if self._facts is not None:
                await self._broker.close()
        if error is None and left:
            error = CheckFailed("something is left at the exchange")
        return Checked(self._report(error is None, left), error)

    async def _tried(self, part: Callable[[], Awaitable[None]]) -> BtkError | None:
        try:
            await part()
        except BtkError as error:
            return error
        return None

    async def _look_around(self) -> None:
        await self._step("connect", "reach the account with the key of the settings", self._connect)
        await self._step("clock", "measure the exchange's clock", self._measure)
        await self._step(
            "market", f"read the rules and the price of {self._subject.symbol}", self._read_market
        )
        await self._step("balance", "see that there is enough, and nothing of ours open", self._read_account)

    async def _trade(self) -> None:
        limits, quantity = self._limits, self._quantity
        far = safe_price(self._price * (1 - AWAY), "buy", limits)
        what = f"{quantity:g} {limits.base}"
        await self._step(
            "limit",
            f"place a limit order: buy {what} at {far:g}, where nobody sells",
            lambda: self._place_limit(far),
        )
        await self._step("lookup", "ask for that order by our id", self._find_limit)
        await self._step("cancel", "cancel it", self._cancel_limit)
        cost = quantity * self._price
        await self._step("buy", f"buy {what} at market, for about {cost:.2f} {limits.quote}", self._buy)
        if limits.protection == "pair":
            await self._step("oco", "protect it with a pair (OCO), look it up, cancel it", self._pair)
        else:
            await self._step("stop", "protect it with a stop, look it up, cancel it", self._stop)
            await self._step("target", "place a target, look it up, cancel it", self._target)
        await self._step("sell", "sell it again at market", self._sell)

    async def _step(self, name: str, words: str, work: Callable[[], Awaitable[str]]) -> None:
        self._subject.say(f"{name}: {words}")
        try:
            detail = await work()
        except BtkError as error:
            self._steps.append(CheckStep(name=name, words=words, outcome="failed", detail=str(error)))
            self._subject.say(f"-> FAILED: {error}")
            raise
        self._steps.append(CheckStep(name=name, words=words, outcome="done", detail=detail))
        self._subject.say(f"-> {detail}")

    async def _connect(self) -> str:
        self._facts = facts = await patiently(lambda: self._broker.connect([self._subject.symbol]))
        world = "sandbox" if facts.sandbox else "REAL MONEY"
        return "; ".join((f"account {facts.account_id}, {facts.market}, {world}", *facts.warnings))

    async def _measure(self) -> str:
        ahead_ms = await patiently(self._broker.sync_clock)
        return f"it is {ahead_ms:+d} ms ahead of this machine's; orders carry its time"

    async def _read_market(self) -> str:
        limits = self._limits
        if not limits.trading:
            raise CheckFailed(f"{limits.symbol} is not traded now")
        self._price = await patiently(lambda: self._broker.price(limits.symbol))
        self._quantity = _smallest(limits, self._price)
        return (
            f"price {self._price:g}, in steps of {limits.price_tick:g} and {limits.quantity_step:g} {limits.base},"
            f" at least {limits.min_notional:g} {limits.quote}"
        )

    async def _read_account(self) -> str:
        limits = self._limits
        await self._see_nothing_open()
        balances = await patiently(self._broker.balances)
        free = next((one.free for one in balances if one.currency == limits.quote), 0.0)
        needed = self._quantity * self._price * (1 + AWAY)
        if free < needed:
            raise CheckFailed(f"{free:.2f} {limits.quote} are free, {needed:.2f} are needed")
        return f"{free:.2f} {limits.quote} are free, about {needed:.2f} will be used for a moment"

    async def _see_nothing_open(self) -> None:
        symbol = self._subject.symbol
        if self._orders.are_left:
            left = await self._orders.clear_away(self._price)
            if left:
                raise CheckFailed(f"an earlier check has left: {'; '.join(left)}")
        if self._limits.contract and (await patiently(lambda: self._broker.position(symbol))).quantity:
            raise CheckFailed(f"a position is open in {symbol}; choose another with --symbol")
        orders = await patiently(lambda: self._broker.open_orders(symbol))
        if any(is_ours(order.client_order_id) for order in orders):
            raise CheckFailed(f"orders of a btk are open in {symbol}; choose another with --symbol")

    async def _place_limit(self, price: float) -> str:
        self._limit = await self._orders.send("entry", self._wish("buy", "limit", price=price))
        return f"sent as {self._limit.client_order_id}"

    async def _find_limit(self) -> str:
        order = await self._orders.look_up(self._limit)
        if order.status != "open":
            raise CheckFailed(f"it is {order.status}, not open")
        return f"found, open, as order {order.order_id}"

    async def _cancel_limit(self) -> str:
        order = await self._orders.cancel(self._limit)
        return f"it is {order.status}"

    async def _buy(self) -> str:
        return _traded(await self._filled(await self._orders.send("entry", self._wish("buy", "market"))))

    async def _sell(self) -> str:
        held = await self._orders.held()
        wish = self._wish("sell", "market", quantity=safe_quantity(held, "market", self._limits))
        done = _traded(await self._filled(await self._orders.send("close", wish)))
        rest = await self._orders.held()
        return f"{done}; {rest:g} {self._limits.base} too little to be sold are left" if rest > 0 else done

    async def _filled(self, request: OrderRequest) -> VenueOrder:
        order = await self._orders.look_up(request)
        if order.status != "filled":
            raise CheckFailed(
                f"a market order is {order.status} after {order.filled:g} of {order.quantity:g}"
            )
        return order

    async def _pair(self) -> str:
        held = safe_quantity(await self._orders.held(), "market", self._limits)
        target = safe_price(self._price * (1 + AWAY), "sell", self._limits)
        return await self._protect(
            self._wish("sell", "pair", quantity=held, price=target, trigger=self._below)
        )

    async def _stop(self) -> str:
        return await self._protect(self._wish("sell", "stop", trigger=self._below))

    async def _target(self) -> str:
        above = safe_price(self._price * (1 + AWAY), "sell", self._limits)
        return await self._protect(self._wish("sell", "target", trigger=above))

    async def _protect(self, wish: OrderRequest) -> str:
        leg: Leg = "pair" if wish.kind == "pair" else "stop" if wish.kind == "stop" else "target"
        request = await self._orders.send(leg, wish)
        order = await self._orders.look_up(request)
        if order.status != "open":
            raise CheckFailed(f"it is {order.status}, not open")
        ended = await self._orders.cancel(request)
        return f"found, open, as order {order.order_id}; then {ended.status}"

    async def _cleared(self) -> tuple[str, ...]:
        if not self._orders.are_left or not self._price:
            return ()
        self._subject.say("cleanup: end what is open, sell what is left")
        left = await self._orders.clear_away(self._price)
        self._subject.say("-> LEFT: " + "; ".join(left) if left else "-> nothing is left")
        return left

    @property
    def _limits(self) -> MarketLimits:
        return self._broker.limits(self._subject.symbol)

    @property
    def _below(self) -> float:
        return safe_price(self._price * (1 - AWAY), "sell", self._limits)

    def _wish(
        self,
        side: OrderSide,
        kind: OrderKind,
        quantity: float | None = None,
        price: float | None = None,
        trigger: float | None = None,
    ) -> OrderRequest:
        return OrderRequest(
            client_order_id="",
            symbol=self._subject.symbol,
            side=side,
            kind=kind,
            quantity=self._quantity if quantity is None else quantity,
            price=price,
            price_trigger=trigger,
            reduce_only=side == "sell" and self._limits.contract,
        )

    def _report(self, passed: bool, left: tuple[str, ...]) -> BrokerReport:
        subject, facts = self._subject, self._facts
        return BrokerReport(
            exchange=subject.exchange,
            market=facts.market if facts else "",
            symbol=subject.symbol,
            account=facts.account_id if facts else "",
            sandbox=subject.sandbox,
            passed=passed,
            steps=tuple(self._steps),
            left=left,
        )


def _smallest(limits: MarketLimits, price: float) -> float:
    step = max(limits.quantity_step, limits.market_step)
    least = max(limits.min_quantity, limits.market_min_quantity, limits.min_notional / price)
    stop = price * (1 - AWAY)
    for more in range(MOST_STEPS_MORE):
        quantity = safe_quantity(least * ROOM + more * step, "market", limits)
        if not entry_problem(quantity, price * (1 - AWAY), stop, limits):
            return quantity
    raise CheckFailed(f"no quantity of {limits.symbol} can be bought and protected")


def _traded(order: VenueOrder) -> str:
    return f"{order.filled:g} at {order.average_price or 0:g}, for {order.cost:.2f}"
