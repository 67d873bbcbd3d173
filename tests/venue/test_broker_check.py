"""`btk broker check` at the venue that trades: what it does, what it finds, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.check_journal import CheckJournal
from btk.library.broker_check import BrokerCheck, Checked, Subject
from btk.model.errors import CheckFailed, Transient
from tests.venue import trading_nouns as nouns
from tests.venue.broker_seat import START_MS, SYMBOLS, Kind, seated_broker
from tests.venue.live_project import make_live_project, open_venue, soon_a_minute, start_at
from tests.venue.server import VenueServer
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_requests import Request
from tests.venue.trading_venue import TradingVenue

SPOT_STEPS = ["connect", "clock", "market", "balance", "limit", "lookup", "cancel", "buy", "oco", "sell"]
TROUBLES = [
    "reset, executed",
    "reset, not executed",
    "no answer, executed",
    "500, executed",
    "200 {}",
    "late by 3 s",
    "429",
    "-1021",
    "-2010 balance",
]
SWAP_STEPS = [*SPOT_STEPS[:8], "stop", "target", "sell"]


def checked(
    kind: Kind, folder: Path, before: Callable[[TradingVenue], None] = lambda venue: None
) -> tuple[Checked, TradingVenue, list[str]]:
    said: list[str] = []

    async def main(clock: LoopClock) -> Any:
        venue = stocked_venue(clock)
        before(venue)
        return await of(venue, clock, kind, folder, said), venue

    outcome, venue = run_virtual(START_MS, main)
    return outcome, venue, said


async def of(venue: TradingVenue, clock: LoopClock, kind: Kind, folder: Path, said: list[str]) -> Checked:
    subject = Subject(
        broker=seated_broker(venue, clock, kind),
        symbol=SYMBOLS[kind],
        exchange="binance",
        sandbox=False,
        journal=CheckJournal(folder),
        allow=lambda account: None,
        say=said.append,
    )
    return await BrokerCheck(subject).run()


def is_clean(venue: TradingVenue) -> bool:
    open_orders = [
        *venue.spot.book.open_orders(),
        *venue.contracts.book.open_orders(),
        *venue.contracts.book.open_orders(conditional=True),
    ]
    held = venue.spot.wallet.total("BTC") >= Decimal("0.0001") or venue.contracts.position("BTCUSDT").amount
    return not open_orders and not held and audit(venue).violations == []


@pytest.mark.parametrize(("kind", "steps"), [("spot", SPOT_STEPS), ("swap", SWAP_STEPS)])
def test_a_check_goes_through_every_kind_of_order_and_leaves_nothing(
    kind: Kind, steps: list[str], tmp_path: Path
) -> None:
    outcome, venue, said = checked(kind, tmp_path)
    assert outcome.error is None
    assert [step.name for step in outcome.report.steps] == steps
    assert all(step.outcome == "done" for step in outcome.report.steps)
    assert is_clean(venue)
    assert list(tmp_path.iterdir()) == []
    assert said[0] == "connect: reach the account with the key of the settings"


def test_every_step_is_said_before_its_order_leaves(tmp_path: Path) -> None:
    order: list[str] = []
    said: list[str] = []

    async def main(clock: LoopClock) -> None:
        venue = stocked_venue(clock)
        for nth in range(1, 5):
            venue.meanwhile(lambda: order.append(said[-1].partition(":")[0]), nth)
        await of(venue, clock, "spot", tmp_path, said)

    run_virtual(START_MS, main)
    assert order == ["limit", "buy", "oco", "sell"]


@pytest.mark.parametrize("kind", ["spot", "swap"])
@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("fault", TROUBLES)
def test_whatever_goes_wrong_with_an_order_nothing_stays_behind(
    kind: Kind, nth: int, fault: str, tmp_path: Path
) -> None:
    outcome, venue, _ = checked(kind, tmp_path, lambda venue: venue.plan(FAULTS[fault], nth))
    assert is_clean(venue)
    assert outcome.report.left == ()
    assert outcome.report.passed == (outcome.error is None)


def test_a_refused_order_fails_its_step_with_the_exchanges_code_and_what_was_bought_is_sold(
    tmp_path: Path,
) -> None:
    outcome, venue, said = checked("swap", tmp_path, lambda venue: venue.plan(FAULTS["-2010 balance"], 4))
    assert isinstance(outcome.error, CheckFailed)
    failed = outcome.report.steps[-1]
    assert failed.outcome == "failed"
    assert is_clean(venue)
    assert said[-2:] == ["cleanup: end what is open, sell what is left", "-> nothing is left"]


def test_an_exchange_that_never_answers_is_no_failed_check_but_an_exchange_that_does_not_answer(
    tmp_path: Path,
) -> None:
    def down(venue: TradingVenue) -> None:
        venue.plan(FAULTS["500, not executed"], on=lambda request: True, times=1000)

    outcome, _, _ = checked("spot", tmp_path, down)
    assert isinstance(outcome.error, Transient)
    assert outcome.error.exit_code == 5


def test_a_position_that_is_open_is_not_touched(tmp_path: Path) -> None:
    def holds(venue: TradingVenue) -> None:
        venue.contracts.place(nouns.Wish("BTCUSDT", "BUY", "MARKET", "web_1", Decimal("0.01")))

    outcome, venue, _ = checked("swap", tmp_path, holds)
    assert str(outcome.error) == "a position is open in BTCUSDT.USDT; choose another with --symbol"
    assert venue.contracts.position("BTCUSDT").amount == Decimal("0.01")


def test_too_little_money_is_said_before_any_order(tmp_path: Path) -> None:
    def spend(venue: TradingVenue) -> None:
        venue.contracts.cash = Decimal(1)

    outcome, venue, _ = checked("swap", tmp_path, spend)
    assert "1.00 USDT are free" in str(outcome.error)
    assert [
        heard for heard in venue.heard if heard.request.method == "POST" and "rder" in heard.request.path
    ] == []


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_the_next_check_clears_away_what_a_killed_one_has_left(kind: Kind, tmp_path: Path) -> None:
    async def main(clock: LoopClock) -> tuple[Checked, TradingVenue]:
        venue = stocked_venue(clock)
        killed = asyncio.create_task(of(venue, clock, kind, tmp_path, []))
        venue.meanwhile(lambda: deaf(venue), 4)
        await asyncio.sleep(2)
        killed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killed
        assert CheckJournal(tmp_path).read()
        venue._planned.clear()
        return await of(venue, clock, kind, tmp_path, []), venue

    def deaf(venue: TradingVenue) -> None:
        venue.plan(FAULTS["500, not executed"], on=lambda request: True, times=10_000)

    outcome, venue = run_virtual(START_MS, main)
    assert outcome.report.passed, outcome.error
    assert is_clean(venue)


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    yield open_venue(venue, soon_a_minute(20))
    venue.trading = None


def test_the_command_prints_one_document_and_says_its_steps_on_stderr(
    trading: TradingVenue, tmp_path: Path
) -> None:
    process = start_at(make_live_project(tmp_path, "swap"), "broker", "check", "--yes", "--json")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    report = json.loads(output)
    assert (report["schema"], report["passed"], report["left"]) == ("btk.broker-check/1", True, [])
    assert [step["name"] for step in report["steps"]] == SWAP_STEPS
    assert errors.decode().startswith("connect: reach the account")
    assert is_clean(trading)


def test_real_money_is_not_touched_without_a_yes(trading: TradingVenue, tmp_path: Path) -> None:
    process = start_at(make_live_project(tmp_path), "broker", "check")
    assert process.wait(timeout=60) == 2
    assert trading.heard == []


def test_a_failed_step_ends_with_7_and_a_revoked_key_with_5(trading: TradingVenue, tmp_path: Path) -> None:
    folder = make_live_project(tmp_path)
    trading.plan(FAULTS["-2010 balance"])
    failing = start_at(folder, "broker", "check", "--yes")
    _, errors = failing.communicate(timeout=60)
    assert failing.returncode == 7
    assert "limit: place a limit order" in errors.decode()
    trading.key.is_revoked = True
    revoked = start_at(folder, "broker", "check", "--yes")
    _, errors = revoked.communicate(timeout=60)
    assert revoked.returncode == 5
    assert is_clean(trading)


def test_ctrl_c_in_the_middle_takes_everything_away_again(trading: TradingVenue, tmp_path: Path) -> None:
    def is_pair(request: Request) -> bool:
        return request.path == "/api/v3/orderList/oco"

    process = start_at(make_live_project(tmp_path), "broker", "check", "--yes")
    trading.meanwhile(lambda: process.send_signal(signal.SIGINT), on=is_pair)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "-> nothing is left" in errors.decode()
    assert is_clean(trading)
