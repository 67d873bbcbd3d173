"""The keys appear nowhere: with faults in every branch, at DEBUG, in no log, error, event, state or report."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from btk.adapters.ccxt_account import account_id, check_key
from btk.model.errors import BtkError
from tests.venue.broker_seat import SYMBOLS, Kind, Seat, play, seated_broker
from tests.venue.campaign import Case, World
from tests.venue.trading_audit import audit
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, run_virtual

START_MS = 1_699_999_985_000
SENTINELS = ("fakekey", "fakesecret", "signature=")
KINDS: tuple[Kind, ...] = ("spot", "swap")


def leaks(told: str) -> list[str]:
    return [word for word in SENTINELS if word in told]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(FAULTS))
def test_no_question_and_no_order_tells_a_key_whatever_the_answer(
    kind: Kind, name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    async def tried(seat: Seat) -> None:
        broker, symbol = seat.broker, SYMBOLS[kind]
        order = seat.request("entry", "buy")
        questions = (
            lambda: broker.send(order),
            lambda: broker.look_up(order),
            lambda: broker.cancel(order),
            lambda: broker.open_orders(symbol),
            broker.balances,
            lambda: broker.position(symbol),
            lambda: broker.fills_since(symbol, 0),
            broker.sync_clock,
            broker.reload_limits,
            lambda: check_key(broker._client, broker._terms),
            lambda: account_id(broker._client, broker._terms),
        )
        for ask in questions:
            seat.venue.plan(FAULTS[name], on=lambda request: True)
            try:
                told.append(repr(await ask()))
            except BtkError as error:
                told.append(f"{error!r} {error.__cause__!r} {error.__suppress_context__}")
            except Exception as error:  # noqa: BLE001 - the last two are read through the broker's own door only
                told.append(type(error).__name__)
            await asyncio.sleep(300)
        told.append(f"{broker!r} {broker._terms!r} {vars(broker)['_terms']}")

    play(kind, tried)
    assert leaks("".join(told) + caplog.text + "".join(capfd.readouterr())) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(FAULTS))
def test_a_start_that_fails_tells_no_key(kind: Kind, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main(clock: LoopClock) -> str:
        venue = stocked_venue(clock)
        venue.plan(FAULTS[name], 2, on=lambda request: True)
        broker = seated_broker(venue, clock, kind)
        try:
            await broker.connect([SYMBOLS[kind]])
        except BtkError as error:
            return f"{error!r} {error.__cause__!r}"
        await broker.close()
        return ""

    assert leaks(run_virtual(START_MS, main) + caplog.text) == []


@pytest.mark.parametrize(("kind", "fault"), [("spot", "500, executed"), ("swap", "-2015"), ("swap", "torn")])
def test_a_life_with_a_fault_writes_no_key(
    kind: Kind, fault: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def main(clock: LoopClock) -> str:
        world = World(Case(kind, "long", "market", 3, fault), clock, tmp_path)
        await world.live()
        assert audit(world.venue).violations == []
        state = (sealed for disk in world.bot.disks.values() for sealed in disk._sealed.values())
        return "".join(map(repr, world.bot.events)) + b"".join(state).decode() + "".join(world.refusals)

    told = run_virtual(START_MS, main)
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.suffix in (".jsonl", ".json"))
    assert leaks(told + written + caplog.text) == []
