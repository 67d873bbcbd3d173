"""The soak: weeks of trading on a clock that jumps, with random faults, and the process killed every few hours.

`python -m tests.venue.soak --seed 1 --days 30` says what it did, and what it found.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import Market, Position, Signal, Strategy
from btk.adapters.command_files import CommandFiles, Order
from btk.core.states import Idle
from btk.model.errors import BtkError
from btk.model.events import ClosedEvent
from btk.model.intervals import MINUTE_MS
from tests.venue.broker_seat import LATENCY_MS, Kind
from tests.venue.campaign import Killed
from tests.venue.live_bot import Bot, Script
from tests.venue.trading_audit import NO_CRUMBS, audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import BAN_SECONDS, FAULTS, Fault, faults_of, is_change, is_order, is_question
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_nouns import ZERO
from tests.venue.trading_transport import Stage

START_MS = 1_699_999_985_000
DAY_SECONDS = 86_400
CALM_SECONDS = 3 * 3_600
FAULT_SECONDS = 1_200.0
KILL_SECONDS = 4 * 3_600.0
PERSON_SECONDS = 3_600.0
RESTART_SECONDS = 2.0
BASES = {"BTC": 50_000.0, "ETH": 2_000.0}
# A ban may come on top of what one fault may cost.
NAKED_MS = 30_000 + BAN_SECONDS * 1_000 + 60_000
START_COST = 100_000.0
CRUMB_COST = 0.5
CRUMB = Decimal("0.00002")
"""At most so much is left by a position: a step, or what is worth too little, in the cheaper coin."""


class Look(NamedTuple):
    """How large everything is at a moment: bytes of state, files, and megabytes of memory, the venue's with it."""

    state_bytes: int
    files: int
    memory_mb: int


class Restless(Strategy):
    """Has an idea every few minutes, and changes its mind about every position."""

    name = "probe"
    interval = "1m"
    shorts = False
    until_ms = 0

    def get_signal(self, market: Market) -> Signal | None:
        minute = market.now_ms // MINUTE_MS
        if market.now_ms > self.until_ms or minute % 7:
            return None
        side = "short" if self.shorts and minute % 14 else "long"
        sign = 1 if side == "long" else -1
        if minute % 3:
            return Signal.bracket(side, market.price, 1.0, 0.6)
        base = market.price * (1 - sign * 0.002)
        return Signal.bracket(side, base, 1.0, 0.6, price_open=base)

    def on_waiting(self, market: Market, signal: Signal) -> None:
        if market.now_ms // MINUTE_MS % 23 == 0:
            market.cancel()

    def on_active(self, market: Market, position: Position) -> None:
        match market.now_ms // MINUTE_MS % 11:
            case 1:
                position.trail_stop(price=(position.price_stop_loss * 3 + market.price) / 4)
            case 4 if len(position.partials) < 2:
                gain = (market.price - position.price_open) * (1 if position.side == "long" else -1) > 0
                (position.partial_profit if gain else position.partial_loss)(30)
            case 6 if len(position.entries) < 3:
                position.average_buy(400)
            case 9 if market.now_ms - position.opened_at_ms > 40 * MINUTE_MS or market.now_ms > self.until_ms:
                position.close("enough")


class Soak:
    """One account on two symbols; `problems` are what may never happen, `told` what it did."""

    def __init__(self, kind: Kind, seed: int, days: float, clock: LoopClock, folder: Path) -> None:
        self.kind = kind
        self.seconds = days * DAY_SECONDS
        self.clock = clock
        self.chance = random.Random(f"{kind} {seed}")
        self.venue = stocked_venue(clock)
        self.problems: list[str] = []
        self.faults = self.kills = self.trades = 0
        self.earned = 0.0
        self.looks: list[Look] = []
        self.attentions: list[str] = []
        self._crumbs: dict[str, Decimal] = {}
        self._judged = 0
        self._known: set[str] = set()
        self._folder = folder
        self._doomed = False
        calm_ms = START_MS + round(self.seconds - CALM_SECONDS) * 1000
        life = {"shorts": kind == "swap", "until_ms": calm_ms}
        names = ["probe", "second"] if kind == "spot" else ["probe"]
        kinds = [type(name, (Restless,), {**life, "name": name}) for name in names]
        self.bot = Bot(self.venue, clock, kinds, kind, folder)
        self.bot.rules = msgspec.structs.replace(
            self.bot.rules, dca_everywhere=True, partials_everywhere=True
        )
        # A month of fees and slippage costs thousands, and who has no money left does not trade.
        self.bot.wallet_start = START_COST / 2
        self.bot.on_request = self._watch

    async def live(self) -> None:
        """Until the days are over."""
        minutes = round(self.seconds / 60)
        for base, price in BASES.items():
            self.bot.follow(walk(self.chance, price, minutes), minutes + 10, base)
        loop = asyncio.get_running_loop()
        loop.call_later(FAULT_SECONDS, self._strike)
        loop.call_later(KILL_SECONDS, self._doom)
        loop.call_later(DAY_SECONDS / 2, self._look)
        loop.call_later(PERSON_SECONDS, self._come_by)
        while (self.clock.true_ms() - START_MS) / 1000 < self.seconds - 1:
            try:
                await self.bot.run(self.seconds)
            except Killed:
                await asyncio.sleep(RESTART_SECONDS)
            except BtkError as error:
                if getattr(error, "exit_code", 0) == 6:
                    self.problems.append(f"refused to start: {error}")
                    return
                await asyncio.sleep(RESTART_SECONDS)
        self._judge()
        self.problems += self._unfinished()

    def most(self, first: int, last: int | None) -> Look:
        """The most of everything among some of the looks."""
        return Look(*map(max, zip(*self.looks[first:last], strict=True)))

    @property
    def _is_calm(self) -> bool:
        return (self.clock.true_ms() - START_MS) / 1000 > self.seconds - CALM_SECONDS

    def _strike(self) -> None:
        if self._is_calm:
            return
        known = faults_of("spot" if self.kind == "spot" else "contracts")
        fault: Fault = self.chance.choice([FAULTS[each.name] for each in known])
        on = self.chance.choice([is_order, is_order, is_change, is_question])
        self.venue.plan(fault, self.chance.randrange(1, 4), on=on)
        self.faults += 1
        asyncio.get_running_loop().call_later(self.chance.uniform(0.5, 1.5) * FAULT_SECONDS, self._strike)

    def _doom(self) -> None:
        if not self._is_calm:
            self._doomed = True
            asyncio.get_running_loop().call_later(self.chance.uniform(0.5, 1.5) * KILL_SECONDS, self._doom)

    def _watch(self, stage: Stage, method: str, url: str) -> None:
        if self._doomed and self.chance.random() < 0.2:
            self._doomed = False
            self.kills += 1
            raise Killed

    def _look(self) -> None:
        self._judge()
        gc.collect()
        files = sum(1 for path in self._folder.rglob("*") if path.is_file())
        state = sum(len(sealed) for disk in self.bot.disks.values() for sealed in disk._sealed.values())
        self.looks.append(Look(state, files, memory_mb()))
        asyncio.get_running_loop().call_later(DAY_SECONDS / 2, self._look)

    def _come_by(self) -> None:
        """A person reads what needs attention, and lets it go on."""
        marks = {slot.needs_attention for slot in self.bot.session.trading.slots.values()} - {""}
        if marks:
            self.attentions += sorted(marks)
            CommandFiles(self._folder / "command").drop(Order(action="resume"))
        asyncio.get_running_loop().call_later(PERSON_SECONDS, self._come_by)

    def _judge(self) -> None:
        for event in self.bot.events:
            if isinstance(event, ClosedEvent) and event.trade.id not in self._known:
                self._known.add(event.trade.id)
                self.trades += 1
                self.earned += event.trade.pnl_cost
        self.bot.events.clear()
        seen = audit(self.venue, LATENCY_MS, self._left_behind() if self.kind == "spot" else NO_CRUMBS)
        self.problems += seen.violations
        self.problems += [f"naked: {each}" for each in seen.naked if each.for_ms > NAKED_MS]
        self.venue.forget_past()

    def _left_behind(self) -> dict[str, Decimal]:
        """What positions that are over can have left by now: a crumb each, and never more than was held at the least."""
        new, self._judged = self.trades - self._judged, self.trades
        least: dict[str, Decimal] = {}
        for each in self.venue.spot.timeline:
            least[each.symbol] = min(least.get(each.symbol, each.held), each.held)
        for symbol, held in least.items():
            self._crumbs[symbol] = min(self._crumbs.get(symbol, ZERO), held) + CRUMB * new
        return self._crumbs

    def _unfinished(self) -> Iterator[str]:
        for key, slot in self.bot.session.trading.slots.items():
            if not isinstance(slot.state, Idle):
                yield f"{key} is {type(slot.state).__name__}"
        spot, contracts = self.venue.spot, self.venue.contracts
        for base, price in BASES.items():
            held = (
                contracts.position(f"{base}USDT").amount if self.kind == "swap" else spot.wallet.total(base)
            )
            if abs(float(held)) * price > 20 + self.trades * CRUMB_COST:
                yield f"{held} {base} are still held"
        theirs = float(contracts.cash if self.kind == "swap" else spot.wallet.total("USDT")) - START_COST
        if abs(theirs - self.earned) > 0.01:
            yield f"ours earned {self.earned:.4f}, theirs {theirs:.4f}"


def memory_mb() -> int:
    """What this process takes of the machine's memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


def walk(chance: random.Random, price: float, minutes: int) -> Script:
    """A price that wanders, and comes back in the end."""
    first, script = price, [(0.0, price)]
    for minute in range(minutes):
        price *= 1 + chance.gauss(0, 0.0009) + (first - price) / first * 0.002
        script.append((minute * 60 + chance.uniform(1, 59), round(price, 2)))
    return script


def soaked(kind: Kind, seed: int, days: float) -> Soak:
    """So many days on a market."""

    async def main(clock: LoopClock) -> Soak:
        with tempfile.TemporaryDirectory() as folder:
            soak = Soak(kind, seed, days, clock, Path(folder))
            await soak.live()
            return soak

    return run_virtual(START_MS, main)


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak both markets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--kind", choices=["spot", "swap"])
    chosen, lost = parser.parse_args(arguments), 0
    for kind in [chosen.kind] if chosen.kind else ["spot", "swap"]:
        began = time.perf_counter()
        soak = soaked(kind, chosen.seed, chosen.days)
        lost += len(soak.problems)
        print(*soak.problems[:20], sep="\n")
        print(
            f"{kind}: {chosen.days:g} days in {time.perf_counter() - began:.0f} s, seed {chosen.seed}:",
            end=" ",
        )
        print(
            f"{soak.trades} trades, {soak.faults} faults, {soak.kills} kills, {len(soak.problems)} problems;"
        )
        print("a person was needed:", *(Counter(soak.attentions) or ["never"]), sep="\n  ")
        print("bytes of state, files and MB of memory, twice a day:", *map(tuple, soak.looks), flush=True)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
