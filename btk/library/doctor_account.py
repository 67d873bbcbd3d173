"""The doctor's look at the exchange: whether it answers, its clock, and the account against what is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from btk import wiring
from btk.adapters.async_run import run_apart
from btk.adapters.host import ThisHost
from btk.core.reconcile import Row, Verdict, compare
from btk.core.slot_record import SlotRecord
from btk.library.broker_start import ACCOUNT
from btk.library.diagnosis import Diagnosis, Patient, found
from btk.library.holdings import held_by, in_words, reading_of
from btk.model.accounts import AccountFacts
from btk.model.errors import BtkError
from btk.model.health import Level
from btk.ports import Broker, MarketFeed
from btk.wiring import Allowances

COMMAND = "btk doctor"
FAR_MS, TOO_FAR_MS = 1_000, 30_000
LEVELS: Mapping[Verdict, Level] = {
    "same": "ok",
    "foreign": "ok",
    "handle": "warning",
    "mismatch": "failed",
}
RISKS = Allowances(withdrawal_key=True, unproven_venue=True)
"""Looking risks nothing."""


def see_exchange(patient: Patient) -> Iterator[Diagnosis]:
    """Whether the exchange answers, and how far its clock is from this machine's."""
    name = patient.settings.exchange.name
    if name == wiring.DEMO:
        yield found("exchange", "skipped", "the demo exchange is computed here")
        return
    try:
        feed = wiring.market_feed(patient.settings, patient.root, ThisHost())
        ahead_ms = run_apart(_measured(feed))
    except BtkError as error:
        yield found(
            "exchange", "failed", str(error), "look at the network, proxies, and the exchange's status page"
        )
        return
    yield found("exchange", "ok", f"{name} answers")
    words = f"this machine's clock is {-ahead_ms / 1000:+.1f} s off {name}'s"
    if abs(ahead_ms) < FAR_MS:
        yield found("clock", "ok", words)
    else:
        level: Level = "failed" if abs(ahead_ms) >= TOO_FAR_MS else "warning"
        yield found("clock", level, f"{words}; runs go by the exchange's", "set it, with NTP")


def see_account(patient: Patient) -> Iterator[Diagnosis]:
    """The account's orders and holdings against the live state; nothing is changed at either."""
    settings = patient.settings
    if settings.broker.kind == "none":
        yield found("account", "skipped", "broker.kind: none has no account")
        return
    try:
        facts, rows = run_apart(_compared(patient))
    except BtkError as error:
        yield found("account", "failed", str(error))
        return
    world = "sandbox" if facts.sandbox else "real money"
    yield found("account", "ok", f"account {facts.account_id} at {facts.exchange} {facts.market}, {world}")
    for words in facts.warnings:
        yield found("account", "warning", words)
    for row in rows:
        yield found("account", LEVELS[row.verdict], f"{row.verdict}: {in_words(row)}", row.remedy)


async def _measured(feed: MarketFeed) -> int:
    async with feed:
        before_ms = ThisHost().wall_ms()
        told_ms = await feed.exchange_ms()
        return told_ms - (before_ms + ThisHost().wall_ms()) // 2


async def _compared(patient: Patient) -> tuple[AccountFacts, list[Row]]:
    broker = wiring.broker(patient.settings, patient.root, RISKS, looks_only=True)
    view = patient.view("live")
    commit, records = await view.store(COMMAND, sweeps=False).look()
    facts = await broker.connect(_symbols(patient, records))
    try:
        known = commit.identity.get(ACCOUNT) if commit else None
        ours = records if known in (None, "", facts.account_id) else ()
        return facts, await _rows(broker, patient, ours)
    finally:
        await broker.close()


async def _rows(broker: Broker, patient: Patient, records: tuple[SlotRecord, ...]) -> list[Row]:
    rows: list[Row] = []
    for symbol in _symbols(patient, records):
        slots = [
            one
            for record in records
            if record.symbol == symbol
            for one in held_by(record.key, record.state, record.intents)
        ]
        theirs = await reading_of(broker, symbol)
        rows += compare(slots, theirs, broker.limits(symbol), broker.now_ms()).rows
    return rows


def _symbols(patient: Patient, records: tuple[SlotRecord, ...]) -> list[str]:
    return sorted({*wiring.symbols(patient.settings), *(record.symbol for record in records)})
