"""The campaign: a busy trading life, one fault or one kill in it, and what may never have happened afterwards.

`python -m tests.venue.campaign --seed 1 --share 0.05` goes through a part of all cases and prints the count.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from btk import Market, Position, Signal, Strategy
from btk.core.states import Idle
from btk.model.errors import BtkError
from btk.model.events import AlarmEvent, ClosedEvent
from btk.model.intervals import MINUTE_MS
from tests.venue.broker_seat import LATENCY_MS, Kind
from tests.venue.live_bot import Bot, Script
from tests.venue.trading_audit import Audit, audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import BAN_SECONDS, FAULTS, PAUSE_SECONDS, VERY_LATE, faults_of
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_requests import request_of
from tests.venue.trading_transport import Stage
from tests.venue.trading_venue import TradingVenue

START_MS = 1_699_999_985_000
ORDERS = 8
LIFE_SECONDS = 2_700
LAST_SIGNAL_SECONDS = 600
LONGEST_WAIT_MS = 8 * MINUTE_MS
RESTART_SECONDS = 2.0
MOST_REFUSALS = 20
NAKED_MS = 30_000
SILENT_MS = 15_000
"""So long a request may be waited for before anybody can be told."""
DUST_COST = 5.5
START_COST = 100_000.0

KNOWN = {**FAULTS, VERY_LATE.name: VERY_LATE}
LEGS: tuple[tuple[Kind, str], ...] = (("spot", "long"), ("swap", "long"), ("swap", "short"))


class Case(NamedTuple):
    """What is traded, and what happens to its `nth` order request: a fault, or a kill before or after it."""

    kind: Kind
    side: str
    how: Literal["market", "limit"]
    nth: int = 0
    fault: str = ""
    kill: Stage | Literal[""] = ""

    def __str__(self) -> str:
        what = f"{self.fault or f'killed {self.kill}'} at order {self.nth}" if self.nth else "no fault"
        return f"{self.kind} {self.side} {self.how}: {what}"


class Killed(BaseException):
    """The process is gone."""


class Busy(Strategy):
    """Enters for ten minutes, then trails its stop, sells a part, buys again, moves its target, and closes."""

    name = "probe"
    interval = "1m"
    side = "long"
    how = "market"
    until_ms = 0

    @property
    def sign(self) -> int:
        return 1 if self.side == "long" else -1

    def get_signal(self, market: Market) -> Signal | None:
        if market.now_ms > self.until_ms:
            return None
        if self.how == "market":
            return Signal.bracket(self.side, market.price, 2, 1)
        base = market.price * (1 - self.sign * 0.01)
        return Signal.bracket(self.side, base, 2, 1, price_open=base)

    def on_waiting(self, market: Market, signal: Signal) -> None:
        if market.now_ms > self.until_ms + LONGEST_WAIT_MS:
            market.cancel()

    def on_active(self, market: Market, position: Position) -> None:
        stop = position.entries[0].price * (1 - self.sign * 0.008)
        if (stop - position.price_stop_loss) * self.sign > 1:
            position.trail_stop(price=stop)
        elif not position.partials:
            in_profit = (market.price - position.price_open) * self.sign > 0
            (position.partial_profit if in_profit else position.partial_loss)(30)
        elif len(position.entries) == 1:
            position.average_buy(500)
        elif market.now_ms - position.opened_at_ms > 6 * MINUTE_MS:
            position.close("enough")


class World:
    """The venue, the disk, and one process after the other, until `LIFE_SECONDS` are over."""

    def __init__(self, case: Case, clock: LoopClock, folder: Path) -> None:
        self.case = case
        self.clock = clock
        self.venue = stocked_venue(clock)
        self.kills = self.orders = 0
        self.refusals: list[str] = []
        self.reconciled_ms = 0
        life = {"side": case.side, "how": case.how, "until_ms": START_MS + LAST_SIGNAL_SECONDS * 1000}
        self.bot = Bot(self.venue, clock, [type("Probe", (Busy,), life)], case.kind, folder)
        self.bot.rules = msgspec.structs.replace(
            self.bot.rules, dca_everywhere=True, partials_everywhere=True
        )
        self.bot.on_request = self._watch
        if case.fault:
            self.venue.plan(KNOWN[case.fault], case.nth)

    async def live(self) -> None:
        """Start, be killed, start again."""
        self.bot.follow(script(self.case), LIFE_SECONDS // 60 + 10)
        left = LIFE_SECONDS
        while left > 0 and len(self.refusals) < MOST_REFUSALS:
            try:
                await self.bot.run(LIFE_SECONDS)
            except Killed:
                await asyncio.sleep(RESTART_SECONDS)
            except BtkError as error:
                self.refusals.append(f"{type(error).__name__}: {error}")
                await asyncio.sleep(RESTART_SECONDS)
            left = LIFE_SECONDS - (self.clock.true_ms() - START_MS) // 1000

    def _watch(self, stage: Stage, method: str, url: str) -> None:
        if not self.case.kill or self.kills or not request_of(method, url, {}, "").is_order:
            return
        self.orders += stage == "before"
        if self.orders == self.case.nth and stage == self.case.kill:
            self.kills += 1
            raise Killed


class Judged(NamedTuple):
    """What a case came to; `problems` is empty when nothing was lost."""

    case: Case
    problems: list[str]
    audit: Audit
    bot: Bot
    venue: TradingVenue


def script(case: Case) -> Script:
    """The price comes to limits, and to the target at last."""
    sign = 1 if case.side == "long" else -1
    moves = [(0.0, 0), (200, -600), (270, -450), (500, -300), (1_500, -550), (2_000, 1_400)]
    return [(at, 50_000.0 + sign * by) for at, by in moves]


def judged(case: Case) -> Judged:
    """One case from its first tick to its last, on a clock that jumps."""

    async def main(clock: LoopClock) -> Judged:
        with tempfile.TemporaryDirectory() as folder:
            world = World(case, clock, Path(folder))
            await world.live()
        seen = audit(world.venue, LATENCY_MS)
        return Judged(case, list(_problems(world, seen)), seen, world.bot, world.venue)

    return run_virtual(START_MS, main)


def _problems(world: World, seen: Audit) -> Iterator[str]:
    yield from seen.violations
    yield from (f"order without position: {each}" for each in seen.orders_without_position)
    yield from (f"naked: {each}" for each in seen.naked if each.for_ms > _bearable_ms(world.case))
    yield from _untold(world, seen)
    yield from (f"refused to start: {each}" for each in dict.fromkeys(world.refusals))
    yield from _unfinished(world)
    yield from _miscounted(world)


def _bearable_ms(case: Case) -> int:
    # Nobody may ask for anything before the venue's pause is over.
    pauses = {"418": BAN_SECONDS, "429": PAUSE_SECONDS}
    return NAKED_MS + pauses.get(case.fault, 0) * 1000


def _untold(world: World, seen: Audit) -> Iterator[str]:
    alarms = [event for event in world.bot.events if isinstance(event, AlarmEvent)]
    told = any("no stop at the exchange" in event.message for event in alarms)
    if seen.longest_naked_ms > SILENT_MS and not told and not world.kills:
        yield f"nobody was told of {seen.longest_naked_ms} ms without a stop"


def _unfinished(world: World) -> Iterator[str]:
    for key, slot in world.bot.session.trading.slots.items():
        if not isinstance(slot.state, Idle):
            orders = [(one.leg, one.status, one.detail) for one in slot.intents]
            yield f"{key.strategy} is {type(slot.state).__name__}: {orders}"
        if slot.needs_attention:
            yield f"needs attention: {slot.needs_attention}"
    if world.case.kind == "swap":
        held = abs(float(world.venue.contracts.position("BTCUSDT").amount)) * 50_000
    else:
        held = float(world.venue.spot.wallet.total("BTC")) * 50_000
    if held > DUST_COST:
        yield f"still held: {held:g}"


def _miscounted(world: World) -> Iterator[str]:
    trades = {event.trade.id: event.trade for event in world.bot.events if isinstance(event, ClosedEvent)}
    ours = sum(trade.pnl_cost for trade in trades.values())
    if world.case.kind == "swap":
        theirs = float(world.venue.contracts.cash) - START_COST
    else:
        theirs = float(world.venue.spot.wallet.total("USDT")) - START_COST
    if abs(ours - theirs) > 0.01:
        yield f"ours earned {ours:.4f}, theirs {theirs:.4f} in {len(trades)} trades"


def cases() -> Iterator[Case]:
    """Every fault and every kill at every order of every kind of life."""
    for kind, side in LEGS:
        names = [fault.name for fault in faults_of("spot" if kind == "spot" else "contracts")]
        names.append(VERY_LATE.name)
        for how in ("market", "limit"):
            yield Case(kind, side, how)  # type: ignore[arg-type]
            for nth in range(1, ORDERS + 1):
                yield from (Case(kind, side, how, nth, name) for name in names)  # type: ignore[arg-type]
                yield from (Case(kind, side, how, nth, kill=stage) for stage in ("before", "after"))  # type: ignore[arg-type]


def part_of(seed: int, share: float) -> list[Case]:
    """So much of all cases, the same for a seed."""
    everything = list(cases())
    return random.Random(seed).sample(everything, max(1, round(len(everything) * share)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through the cases and say how many there were and which ones lost money."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args(arguments)
    began, lost, done = time.perf_counter(), 0, 0
    for case in part_of(chosen.seed, chosen.share):
        if chosen.only not in str(case):
            continue
        found, done = judged(case).problems, done + 1
        if found:
            lost += 1
            print(f"{case}", *(f"    {each}" for each in found), sep="\n", flush=True)
    seconds = time.perf_counter() - began
    print(f"{done} cases, {lost} with problems, seed {chosen.seed}, {seconds:.0f} s")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
