"""Every fault at the n-th order, and a kill around it: nothing twice, nothing lost, nothing naked for long."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest

from btk.adapters.ccxt_account import AccountTerms, account_client
from btk.adapters.ccxt_broker import CcxtBroker
from btk.adapters.ccxt_venues import Kind
from btk.adapters.request_gate import RequestGate
from btk.core.holding import Plan
from btk.core.states import IDLE
from btk.model.names import SlotKey
from tests.venue.broker_driver import BrokerDriver, Disk
from tests.venue.broker_seat import START_MS, SYMBOLS, terms_of
from tests.venue.trading_audit import Audit, audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import BAN_SECONDS, FAULTS, faults_of
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_requests import request_of
from tests.venue.trading_transport import Stage, VenueSession
from tests.venue.trading_venue import TradingVenue

ORDERS = 8
LATENCY_MS = 40
LEGS: list[tuple[Kind, int]] = [("spot", 1), ("swap", 1), ("swap", -1)]
# A lost close has to be waited for where the balance it would sell cannot be protected meanwhile.
NAKED_MS = 30_000


class Killed(BaseException):
    """The process is gone."""


class Case(NamedTuple):
    """What is traded, and what happens to its n-th order."""

    kind: Kind
    side: int
    resting: bool
    nth: int
    fault: str = ""
    kill: Stage | Literal[""] = ""


class World:
    """The venue, the disk, and one process after the other."""

    def __init__(self, case: Case, clock: LoopClock) -> None:
        self.case = case
        self.venue = stocked_venue(clock)
        self.disk = Disk()
        self.orders = 0
        self.kills = 0
        if case.fault:
            self.venue.plan(FAULTS[case.fault], case.nth)

    @property
    def price(self) -> float:
        book = self.venue.spot.book if self.case.kind == "spot" else self.venue.contracts.book
        return float(book.listings["BTCUSDT"].price)

    def move(self, price: int) -> None:
        market = self.venue.spot if self.case.kind == "spot" else self.venue.contracts
        market.move("BTCUSDT", price)

    async def process(self) -> BrokerDriver:
        """A new process over what the last one has written."""
        loop = asyncio.get_running_loop()
        gate = RequestGate(monotonic=loop.time)
        broker = CcxtBroker(
            terms_of(self.venue, self.case.kind), gate, self._client, lambda: round(loop.time() * 1000)
        )
        await broker.connect([SYMBOLS[self.case.kind]])
        key = SlotKey(SYMBOLS[self.case.kind], "probe", "binance")
        return BrokerDriver(broker, self.disk, key, self.price)

    def _client(self, terms: AccountTerms) -> object:
        client = account_client(terms)
        client.session = VenueSession(self.venue, asyncio.sleep, LATENCY_MS)
        client.session.on_request = self._watch
        client.own_session = False
        return client

    def _watch(self, stage: Stage, method: str, url: str) -> None:
        if not self.case.kill or not request_of(method, url, {}, "").is_order:
            return
        self.orders += stage == "before"
        if self.orders == self.case.nth and stage == self.case.kill and not self.kills:
            self.kills += 1
            raise Killed


def plan(case: Case) -> Plan:
    entry = 50_000.0 - case.side * 500 if case.resting else 50_000.0
    return Plan(
        id="s1",
        position="long" if case.side > 0 else "short",
        side=case.side,
        price_open=entry,
        price_take_profit=entry + case.side * 1_000,
        price_stop_loss=entry - case.side * 1_000,
        lifetime_ms=math.inf,
        cost=1_000.0,
        note="",
        created_ms=START_MS,
        price=50_000.0,
        resting=case.resting,
    )


async def lived(world: World) -> BrokerDriver:
    """Enter, trail the stop, close; after a kill the next process goes on from what it finds."""
    case = world.case
    chapters = iter(
        (
            lambda driver: driver.signal(plan(case)),
            lambda driver: world.move(50_000 - case.side * 600 if case.resting else 50_000),
            lambda driver: driver.move_stop(49_500.0 - case.side * 500),
            lambda driver: driver.close(),
            lambda driver: driver.close(),
        )
    )
    driver = await world.process()
    for chapter in chapters:
        driver.price = world.price
        chapter(driver)
        try:
            await driver.run(30)
        except Killed:
            await driver.broker.close()
            driver = await world.process()
            await driver.run(30)
    # A ban may be on.
    await driver.run(150 if driver.kept.state != IDLE else 0)
    return driver


def judged(case: Case) -> tuple[Audit, BrokerDriver, TradingVenue]:
    async def main(clock: LoopClock) -> tuple[Audit, BrokerDriver, TradingVenue]:
        world = World(case, clock)
        driver = await lived(world)
        await driver.broker.close()
        return audit(world.venue, LATENCY_MS), driver, world.venue

    return run_virtual(START_MS, main)


def cases_of(bounded: bool) -> Iterator[Case]:
    for place, (kind, side) in enumerate(LEGS):
        names = [fault.name for fault in faults_of("spot" if kind == "spot" else "contracts")]
        for resting in (False, True):
            for index, name in enumerate(names):
                for nth in range(1, ORDERS + 1):
                    if not bounded or (nth == 1 + (index + place) % 5 and resting == bool(index % 2)):
                        yield Case(kind, side, resting, nth, name)
            for stage in ("before", "after"):
                for nth in range(1, ORDERS + 1):
                    if not bounded or nth <= 4:
                        yield Case(kind, side, resting, nth, kill=stage)  # type: ignore[arg-type]


def check(case: Case) -> None:
    book, driver, venue = judged(case)
    assert book.violations == []
    assert book.orders_without_position == []
    assert driver.kept.state == IDLE
    # Banned between two stops on spot, nobody can do anything until the ban is over.
    banned_ms = 1_000 * BAN_SECONDS if case.fault == "418" else 0
    assert book.longest_naked_ms <= NAKED_MS + banned_ms, book.naked
    held = venue.contracts.position("BTCUSDT").amount if case.kind == "swap" else 0
    bitcoin = venue.spot.wallet.balances.get("BTC")
    left = bitcoin.free + bitcoin.locked if bitcoin else 0
    assert held == 0
    assert float(left) * 50_000 < 5


@pytest.mark.parametrize(("kind", "side"), LEGS)
@pytest.mark.parametrize("resting", [False, True])
def test_without_a_fault_a_position_is_hardly_ever_naked(kind: Kind, side: int, resting: bool) -> None:
    book, driver, _ = judged(Case(kind, side, resting, 1))
    assert driver.kept.state == IDLE
    assert book.violations == []
    assert book.longest_naked_ms <= 1_000 + 4 * LATENCY_MS


@pytest.mark.parametrize("case", list(cases_of(bounded=True)), ids=str)
def test_a_fault_or_a_kill_costs_nothing(case: Case) -> None:
    check(case)


@pytest.mark.soak
@pytest.mark.parametrize("case", list(cases_of(bounded=False)), ids=str)
def test_every_fault_at_every_order_costs_nothing(case: Case) -> None:
    check(case)
