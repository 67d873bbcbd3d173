"""How a paper or live run begins: as the one that was left, as a new one with what must outlive a run, or from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from btk.core.commit import Change, Commit
from btk.core.set_back import change_set_back, slot_set_back
from btk.core.slot_record import NEVER_MS, SlotRecord
from btk.core.states import Idle
from btk.engines.backtest import Seat
from btk.engines.preflight import needed_history
from btk.engines.ticks import MOST_BEHIND_MS
from btk.library.run_ids import new_run_id
from btk.library.state_store import Restored
from btk.model.dates import format_date
from btk.model.errors import Fatal, SettingsError, Transient
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import BookRecord, EquityRecord, RunMark, WalletRecord
from btk.model.settings import Frame

FOREVER_MS = 253_402_300_740_000


class Wish(NamedTuple):
    """What is asked for: the first tick of a new run, the end of a replay's frame, the wallet, and to forget.

    `set_back`: a run that has come farther than that tick has followed a wrong clock, and goes on from now.
    """

    from_ms: int
    to_ms: int | None
    wallet_start: float
    fresh: bool
    set_back: bool = False


class Beginning(NamedTuple):
    """The run to begin with, what its slots, wallet and profiles remember, and the tick all of it has come to.

    `notes` are sentences about what was done to it.
    """

    mark: RunMark
    slots: Mapping[SlotKey, SlotRecord]
    wallet: WalletRecord
    books: tuple[BookRecord, ...]
    reached_ms: int
    next_seq: int
    goes_on: bool
    notes: tuple[str, ...] = ()

    def warm_until_ms(self, known_ms: Iterable[int]) -> int:
        """Where the warm-up ends: at the first new tick, or before it where a symbol's minutes end (0: it has none)."""
        # A minute that has not come yet would be taken for a hole, and the whole warm-up for lost.
        return min(self.reached_ms + MINUTE_MS, *filter(None, known_ms))


class Unmatched(Fatal):
    """What is stored and what is to be run do not fit together."""

    exit_code = 6


def goes_on(found: Restored, to_ms: int | None, from_ms: int | None, fresh: bool) -> RunMark | None:
    """The run that was left and is gone on with, or None; a replay only with that of its own frame."""
    mark = found.commit.change.run if found.commit else None
    if mark is None or mark.ended or fresh or mark.to_ms != to_ms:
        return None
    return mark if to_ms is None or mark.from_ms == from_ms else None


def first_minutes(start: Beginning, seats: Sequence[Seat], average_candles: int) -> dict[str, int]:
    """By symbol, the first minute that has to be known: a warm-up before the first one that is new to a slot."""
    since: dict[str, int] = {}
    for seat in seats:
        record = start.slots.get(seat.key)
        seen_ms = start.reached_ms if record is None else min(record.last_candle_ms, start.reached_ms)
        new = Frame(from_ms=seen_ms + MINUTE_MS, to_ms=FOREVER_MS)
        from_ms = needed_history(new, seat.strategy, average_candles).from_ms
        since[seat.key.symbol] = min(from_ms, since.get(seat.key.symbol, from_ms))
    return since


def check_orphans(found: Restored) -> None:
    """`Unmatched` where a position has nobody who looks after it."""
    if found.orphans:
        names = ", ".join(map(str, found.orphans))
        raise Unmatched(
            f"the state holds positions or signals of {names}, which take no part in this run;"
            " add their strategy and symbol, or `btk state forget` them once they are seen to"
        )


def beginning(found: Restored, wish: Wish) -> Beginning:
    """How a run begins after what was found."""
    mark = goes_on(found, wish.to_ms, wish.from_ms, wish.fresh)
    if mark is not None and found.commit is not None:
        if _is_ahead(found.commit, wish):
            return _set_back(found, found.commit, wish)
        return _as_left(found, found.commit.change, mark, wish)
    new = RunMark(run_id=new_run_id(), from_ms=wish.from_ms, to_ms=wish.to_ms)
    before_ms = wish.from_ms - MINUTE_MS
    nothing = Beginning(new, {}, WalletRecord(start=wish.wallet_start), (), before_ms, 1, goes_on=False)
    if wish.fresh or wish.to_ms is not None or found.commit is None:
        return nothing
    return nothing._replace(
        slots={key: _rested(record, before_ms) for key, record in found.slots.items()},
        wallet=WalletRecord(
            start=wish.wallet_start, equity=_moved(found.commit.change.wallet, wish.wallet_start)
        ),
        books=found.commit.change.books,
    )


def _is_ahead(last: Commit, wish: Wish) -> bool:
    return wish.to_ms is None and wish.from_ms < last.change.tick_ms - MOST_BEHIND_MS


def _set_back(found: Restored, last: Commit, wish: Wish) -> Beginning:
    now, reached = format_date(wish.from_ms), format_date(last.change.tick_ms)
    if not wish.set_back:
        raise Transient(
            f"{last.exchange} says it is {now}, but the run has come to {reached}: one of the two clocks was wrong."
            " Where it is this one, set it right and start again; where it was the run's, --set-back goes on from"
            " now, with all it holds"
        )
    to_ms, from_ms = wish.from_ms - MINUTE_MS, last.change.tick_ms
    change = change_set_back(last.change, to_ms)
    slots = {key: slot_set_back(record, from_ms, to_ms) for key, record in found.slots.items()}
    moved = msgspec.structs.replace(found, slots=slots)
    assert change.run is not None
    note = f"the run was set back from {reached} to {format_date(to_ms)}: what happened meanwhile has that time now"
    return _as_left(moved, change, change.run, wish)._replace(notes=(note,))


def _as_left(found: Restored, last: Change, mark: RunMark, wish: Wish) -> Beginning:
    wallet = last.wallet or WalletRecord(start=wish.wallet_start)
    if wallet.start != wish.wallet_start:
        raise SettingsError(
            f"wallet.start is {wish.wallet_start:g}, the run that goes on began with {wallet.start:g};"
            " set it back, let that run end with `btk stop`, or begin anew (paper: --fresh)"
        )
    slots = {key: _known_since(record, last.tick_ms) for key, record in found.slots.items()}
    return Beginning(mark, slots, wallet, last.books, last.tick_ms, last.next_seq, goes_on=True)


def _known_since(record: SlotRecord, tick_ms: int) -> SlotRecord:
    """A slot that was forgotten has missed nothing: it begins where the run has come to."""
    if record.last_candle_ms != NEVER_MS:
        return record
    return msgspec.structs.replace(record, last_candle_ms=tick_ms)


def _rested(record: SlotRecord, before_ms: int) -> SlotRecord:
    """A slot of a run that has ended; `Unmatched` if it holds something all the same."""
    if not isinstance(record.state, Idle):
        raise Unmatched(
            f"the last run has ended, but {record.key} still holds something; `btk state forget` it"
        )
    return msgspec.structs.replace(
        record, last_candle_ms=before_ms, stopping=False, untold=(), refusal=None, error=None, queued=None
    )


def _moved(wallet: WalletRecord | None, start: float) -> EquityRecord | None:
    """A day's loss and a fall from the peak outlive the run; they are measured from the new wallet."""
    if wallet is None or wallet.equity is None:
        return None
    moved = start - wallet.start - wallet.realised
    equity = wallet.equity
    return msgspec.structs.replace(equity, day_start=equity.day_start + moved, peak=equity.peak + moved)
