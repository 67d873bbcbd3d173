"""A run's state for tests: stores over one place, and changes that open, hold and close."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from btk.adapters.disk import Disk
from btk.adapters.state_blocking import THREADS
from btk.adapters.state_file import FileBackend
from btk.core.commit import Change
from btk.core.slot_record import NumberedEvent, SlotRecord
from btk.core.states import Idle
from btk.library.state_backends import StateBackends
from btk.library.state_store import Roster, StateStore
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import BookRecord, EquityRecord, Owner, WalletRecord
from btk.ports import StateBackend
from tests.core.record_samples import START_MS, in_every_state, opened_event

BTC, ETH = SlotKey("BTCUSDT", "probe", "test"), SlotKey("ETHUSDT", "probe", "test")
PROFILE = "careful"
ROSTER = Roster(
    exchange="test", slots=(BTC, ETH), profiles={PROFILE: (BTC, ETH)}, identity={"broker": "none"}
)


def owner(pid: int = 1) -> Owner:
    """A process."""
    return Owner(pid=pid, host="here", started_at_ms=START_MS, command="btk live")


def file_store(dump: Path, pid: int = 1, disk: Disk | None = None, roster: Roster = ROSTER) -> StateStore:
    """A store over files, as one process holds it; retries do not wait. With a disk of its own, one thing at a time."""
    threads = THREADS if disk is None else ThreadPoolExecutor(1)

    def backend(entity_name: str, base_dir: str) -> StateBackend:
        return FileBackend(entity_name, dump / base_dir, disk=disk, wait=lambda _: None, threads=threads)

    return StateStore(StateBackends("live", backend), roster, owner(pid))


def change(tick: int, slots: Sequence[SlotKey] = (BTC, ETH)) -> Change:
    """The change of the tick-th tick: every slot goes through all states in turn, and everything says which tick it is."""
    records = []
    for offset, key in enumerate(slots):
        states = in_every_state(key)
        records.append(_at(tick, states[(tick + offset) % len(states)]))
    equity = EquityRecord(day=tick // 3, day_start=1000.0, peak=1000.0 + tick, worst_drawdown_pct=0.0)
    return Change(
        tick_ms=START_MS + tick * MINUTE_MS,
        slots=tuple(records),
        wallet=WalletRecord(
            start=1000.0, realised=float(tick), realised_by_symbol={"BTCUSDT": tick / 3}, equity=equity
        ),
        books=(BookRecord(profile=PROFILE, losing_streak=tick, cool_until_ms={"BTCUSDT": tick}),),
        next_seq=tick + 1,
    )


def _at(tick: int, record: SlotRecord) -> SlotRecord:
    return msgspec.structs.replace(
        record,
        last_candle_ms=START_MS + tick * MINUTE_MS,
        used_ids=tuple(f"id-{number}" for number in range(tick)),
        committed=0.0 if isinstance(record.state, Idle) else 50.0 + tick,
        untold=(NumberedEvent(tick, opened_event(record.key)),),
    )
