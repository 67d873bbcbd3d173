"""Setting a run back: what was is not later than now, what is to come is as far away as before, the rest stays."""

from __future__ import annotations

from btk.core.commit import Change
from btk.core.notes import Notes
from btk.core.set_back import change_set_back, slot_set_back
from btk.core.slot_record import NumberedEvent, SlotRecord
from btk.model.events import StoppedEvent
from btk.model.intervals import DAY_MS, MINUTE_MS
from btk.model.records import BookRecord, EquityRecord, RunMark, WalletRecord

NOW_MS = 20_000 * DAY_MS + 600 * MINUTE_MS
WRONG_MS = NOW_MS + DAY_MS


def test_what_happened_later_than_now_happened_now_and_deadlines_keep_their_distance() -> None:
    book = BookRecord(
        profile="p",
        losing_streak=2,
        rest_until_ms=WRONG_MS + 7,
        cool_until_ms={"BTC": WRONG_MS - 5, "ETH": NOW_MS - 5, "SOL": WRONG_MS + 5},
    )
    equity = EquityRecord(day=20_001, day_start=90.0, peak=110.0, worst_drawdown_pct=3.0)
    wallet = WalletRecord(start=100.0, realised=5.0, equity=equity)
    mark = RunMark(run_id="r", from_ms=WRONG_MS - MINUTE_MS, first_prices={"BTC": 1e15})
    moved = change_set_back(
        Change(tick_ms=WRONG_MS, wallet=wallet, books=(book,), next_seq=9, run=mark), NOW_MS
    )
    assert moved.tick_ms == NOW_MS
    assert moved.next_seq == 9
    assert moved.run == RunMark(run_id="r", from_ms=NOW_MS, first_prices={"BTC": 1e15})
    assert moved.books[0].rest_until_ms == NOW_MS + 7
    assert moved.books[0].cool_until_ms == {"BTC": NOW_MS, "ETH": NOW_MS - 5, "SOL": NOW_MS + 5}
    assert moved.wallet is not None
    assert moved.wallet.equity is not None
    assert (moved.wallet.realised, moved.wallet.equity.day) == (5.0, 20_000)


def test_what_was_told_and_what_a_strategy_noted_stays_as_it_is() -> None:
    event = StoppedEvent(at_ms=WRONG_MS, tick_ms=WRONG_MS, symbol="BTC", strategy="s")
    notes = Notes(session={"seen_ms": str(WRONG_MS)}, fired={"hourly": WRONG_MS})
    record = SlotRecord(
        symbol="BTC",
        strategy="s",
        exchange="x",
        last_candle_ms=WRONG_MS,
        asked_slot_ms=NOW_MS - 1,
        untold=(NumberedEvent(1, event),),
        notes=notes,
    )
    moved = slot_set_back(record, WRONG_MS, NOW_MS)
    assert (moved.last_candle_ms, moved.asked_slot_ms, moved.extremes_ms) == (NOW_MS, NOW_MS - 1, -1)
    assert (moved.untold, moved.notes.session) == (record.untold, notes.session)
    assert moved.notes.fired == {"hourly": NOW_MS}
