"""What our slots hold, held against what the account shows: at the start, and again after every tick."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from btk.core.adoption import Adopted, Held, Scene, adopt, excess, lacks_balance, strangers
from btk.core.lot import traded
from btk.core.reconcile import OurSlot, Picture, Row, Theirs, compare
from btk.core.states import State, plan_of
from btk.core.strays import strays
from btk.core.withheld import withheld
from btk.engines.brokered_slots import BrokeredSlots
from btk.engines.trading import Trading
from btk.library.alarms import Alarms
from btk.model.accounts import Balance
from btk.model.errors import Fatal, Transient, Unknown
from btk.model.intents import Intent
from btk.model.names import SlotKey
from btk.model.orders import Fill, RefusedOrder
from btk.ports import Broker

SURE_READINGS = 2
"""So often in a row a difference is read before it is believed: an order may be filled while it is read."""


class Holdings:
    """`ask` asks about every order of a symbol that may have changed; it is called before a difference is believed."""

    def __init__(
        self,
        broker: Broker,
        trading: Trading,
        slots: BrokeredSlots,
        alarms: Alarms,
        ask: Callable[[str], Awaitable[None]],
    ) -> None:
        self._broker = broker
        self._trading = trading
        self._slots = slots
        self._alarms = alarms
        self._ask = ask
        self._differs: dict[str, int] = {}

    @property
    def symbols(self) -> list[str]:
        """The symbols of the run."""
        return sorted({key.symbol for key in self._trading.slots})

    async def mismatches(self) -> tuple[Row, ...]:
        """What nobody can match now."""
        return tuple([row for symbol in self.symbols for row in (await self._reading(symbol)).mismatches])

    async def check(self, tick_ms: int) -> None:
        """Look once more; a position that is gone twice in a row is gone."""
        for symbol in self.symbols:
            if not self._is_held(symbol) and symbol not in self._differs:
                continue
            try:
                picture = await self._reading(symbol)
                if _differs(picture):
                    await self._ask(symbol)
                    picture = await self._reading(symbol)
                await self._judge(tick_ms, symbol, picture)
            except (Transient, Unknown, Fatal) as error:
                self._alarms.ring(tick_ms, f"account, {symbol}", str(error))
                continue
            self._alarms.over(tick_ms, f"account, {symbol}")

    def dispute(self, symbol: str) -> str:
        """Why nothing more may be opened on a market: it was not as remembered when it was looked at last; "" if it was."""
        if symbol not in self._differs:
            return ""
        return (
            f"the account does not hold what is remembered of {symbol}; nothing is opened on it until it does"
        )

    async def objection(self, symbol: str) -> RefusedOrder | None:
        """Asked just before a position is opened: an account has one of a contract, and it may be somebody else's."""
        limits = self._broker.limits(symbol)
        if not limits.contract or self._is_held(symbol):
            return None
        try:
            theirs = await self._broker.position(symbol)
        except (Transient, Unknown, Fatal) as error:
            return RefusedOrder(code="", words=str(error), transient=True)
        if abs(theirs.quantity) >= limits.quantity_step / 2:
            self._differs.setdefault(symbol, 1)
        words = self.dispute(symbol)
        return RefusedOrder(code="", words=words) if words else None

    async def doubt(self, tick_ms: int, symbol: str) -> None:
        """An order was refused because too little is there: see at once what others lock of it."""
        try:
            await self._reading(symbol)
        except (Transient, Unknown, Fatal) as error:
            self._alarms.ring(tick_ms, f"account, {symbol}", str(error))

    async def _reading(self, symbol: str) -> Picture:
        broker = self._broker
        theirs = await reading_of(broker, symbol)
        self._see_withheld(symbol, theirs)
        picture = compare(self._ours(symbol), theirs, broker.limits(symbol), broker.now_ms())
        for slot_key, client_order_id, event in picture.adoptions:
            self._slots.follow(slot_key, client_order_id, event)
        return picture

    def _see_withheld(self, symbol: str, theirs: Theirs) -> None:
        if theirs.balance is None:
            return
        slots, known = held_slots(self._trading, symbol), self._slots.withheld
        before = {slot.key: known.pop(slot.key) for slot in slots if slot.key in known}
        known |= withheld(slots, theirs.balance, before, self._broker.limits(symbol))

    def _is_held(self, symbol: str) -> bool:
        return any(slot.quantity for slot in self._ours(symbol))

    async def _judge(self, tick_ms: int, symbol: str, picture: Picture) -> None:
        if not _differs(picture):
            self._agreed(tick_ms, symbol)
            return
        self._differs[symbol] = self._differs.get(symbol, 0) + 1
        if self._differs[symbol] < SURE_READINGS:
            return
        if picture.is_over:
            for slot in self._ours(symbol):
                if slot.quantity:
                    hands = await self._hands(symbol, slot)
                    venue = (self._broker.limits(symbol), self._broker.now_ms())
                    self._slots.vanish(slot.key, hands, venue, picture.beyond)
        if not picture.mismatches:
            self._agreed(tick_ms, symbol)
        elif not await self._took_less(tick_ms, symbol):
            words = "; ".join(map(in_words, picture.mismatches))
            self._alarms.ring(tick_ms, f"holdings of {symbol}", words)

    async def _took_less(self, tick_ms: int, symbol: str) -> bool:
        """Others have sold of our coins, and orders for all of them are refused: the rest is what we hold from now on."""
        limits, slots = self._broker.limits(symbol), held_slots(self._trading, symbol)
        refused = (slot for slot in slots if lacks_balance(slot) or slot.key in self._slots.withheld)
        if limits.contract or not any(refused):
            return False
        theirs = await reading_of(self._broker, symbol)
        if excess(slots, theirs, limits) >= 0 or strangers(slots, theirs):
            return False
        scene = scene_of(self._broker, self._trading, symbol)
        price = await self._sold_at(symbol, -excess(slots, theirs, limits)) or scene.price
        found = adopt(slots, theirs, scene._replace(price=price))
        if not isinstance(found, Adopted):
            return False
        self._trading.take_over(found.slot.key, found.slot.state, found.slot.intents, found.cost)
        self._alarms.once(tick_ms, f"holdings of {symbol}", found.words)
        self._agreed(tick_ms, symbol)
        return True

    async def _sold_at(self, symbol: str, quantity: float) -> float | None:
        """What others got for each of so many coins after fees; None where their trades are not told."""
        hands = [await self._hands(symbol, slot) for slot in self._ours(symbol) if slot.quantity]
        sold = traded(fill for fills in hands for fill in fills)
        if abs(sold.quantity - quantity) >= self._broker.limits(symbol).quantity_step:
            return None
        return (sold.cost - sold.fee_quote) / sold.quantity

    async def _hands(self, symbol: str, slot: OurSlot) -> tuple[Fill, ...]:
        """The trades of others since our first one: by whoever closed our position, or a part of it before we did."""
        own = (one for one in slot.intents if one.signal_id == slot.signal_id)
        since_ms = min((fill.at_ms for one in own for fill in one.fills), default=None)
        if since_ms is None:
            return ()
        try:
            told = await self._broker.fills_since(symbol, since_ms)
        except (Transient, Unknown, Fatal):
            return ()
        return tuple(fill for fill in told if not any(one.owns(fill) for one in slot.intents))

    def _agreed(self, tick_ms: int, symbol: str) -> None:
        self._differs.pop(symbol, None)
        self._alarms.over(tick_ms, f"holdings of {symbol}")

    def _ours(self, symbol: str) -> list[OurSlot]:
        return [
            one
            for key, slot in self._trading.slots.items()
            if key.symbol == symbol
            for one in held_by(key, slot.state, slot.intents)
        ]


def held_by(key: SlotKey, state: State, intents: Sequence[Intent]) -> Iterator[OurSlot]:
    """What a slot holds by the signal of its state, and by every other one that has turned up."""
    plan, lost = plan_of(state), list(strays(state, intents))
    own = tuple(one for one in intents if not any(one.signal_id == each.signal_id for each in lost))
    yield OurSlot(key=key, signal_id=plan.id if plan else "", side=plan.side if plan else 0, intents=own)
    for each in lost:
        yield OurSlot(key=key, signal_id=each.signal_id, side=each.side, intents=each.intents)


async def reading_of(broker: Broker, symbol: str) -> Theirs:
    """What an account shows of a market."""
    limits = broker.limits(symbol)
    if limits.contract:
        return Theirs(open_orders=await broker.open_orders(symbol), position=await broker.position(symbol))
    nothing = Balance(currency=limits.base, free=0.0, locked=0.0)
    held = (one for one in await broker.balances() if one.currency == limits.base)
    return Theirs(open_orders=await broker.open_orders(symbol), balance=next(held, nothing))


def held_slots(trading: Trading, symbol: str) -> list[Held]:
    """The slots of a market as they are remembered."""
    slots = trading.slots.items()
    return [Held(key, slot.state, slot.intents) for key, slot in slots if key.symbol == symbol]


def scene_of(
    broker: Broker, trading: Trading, symbol: str, strategies: tuple[str, ...] | None = None
) -> Scene:
    """A market as it is at this moment; what nobody remembers may be given to a slot of `strategies` (None: of any)."""
    slot = next(slot for key, slot in trading.slots.items() if key.symbol == symbol)
    return Scene(
        limits=broker.limits(symbol),
        price=trading.price(symbol),
        now_ms=broker.now_ms(),
        tick_ms=trading.reached.slots[slot.key],
        lifetime_ms=slot.terms.rules.max_lifetime_ms,
        strategies=strategies,
    )


def in_words(row: Row) -> str:
    """One line for what does not match."""
    whose = f" of {row.slot}" if row.slot else ""
    return f"{row.symbol}: {row.cause.replace('_', ' ')}{whose}: ours {row.ours}, theirs {row.theirs}"


def _differs(picture: Picture) -> bool:
    return bool(picture.mismatches) or picture.is_over
