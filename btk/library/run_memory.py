"""What a paper or live run must not forget: its state, its events, its equity; kept in an order that no kill can break.

The commit comes first: what it holds is true. Events are written after it and are in the slots' records until then,
so that each is told once; the equity's rows come before it and are cut back to it at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from btk.adapters.equity_series import EquitySeries
from btk.adapters.run_folder import RunFolder
from btk.core.commit import Change
from btk.core.slot_record import AnyEvent, NumberedEvent, SlotRecord
from btk.engines.equity_tape import PastEquity
from btk.engines.ping import Ping
from btk.engines.trading import Trading
from btk.library.state_store import StateStore
from btk.model.bars import Span
from btk.model.errors import DumpError
from btk.model.events import AlarmEvent, Event
from btk.model.intervals import HOUR_MS
from btk.model.names import SlotKey
from btk.model.records import RunMark

EQUITY = "equity"
Observer = Callable[[int, SlotKey, Event], None]
PingObserver = Callable[[SlotKey, Ping], None]
RecordObserver = Callable[[Sequence[SlotRecord]], None]


class RunMemory:
    """The memory of the run `mark` in its folder; `observers` are told of every event once it is written.

    `ping_observers` hear of the minutes that somebody asked for, each in its place between the events,
    `record_observers` of every slot as it was saved. `unwritten` is why the equity lags behind, until it can be written.
    """

    def __init__(
        self, store: StateStore, folder: RunFolder, mark: RunMark, next_seq: int, first: SlotKey
    ) -> None:
        self.mark = mark
        self._first = first
        self.observers: list[Observer] = []
        self.ping_observers: list[PingObserver] = []
        self.record_observers: list[RecordObserver] = []
        self.folder = folder
        self._store = store
        self._series = EquitySeries(folder.path / EQUITY, folder.disk)
        self._next_seq = next_seq
        self._heard = folder.last_seq
        self._deaf: list[Callable[..., None]] = []
        self._untold: list[tuple[SlotKey, NumberedEvent]] = []
        self._pings: list[tuple[int, SlotKey, Ping]] = []
        self._cleared: tuple[SlotRecord, ...] = ()
        self._durable_ms = 0
        self.unwritten: DumpError | None = None

    def past(self, symbols: Sequence[str], drawn_ms: int) -> PastEquity:
        """The equity as it was drawn until a tick; what was written after it is cut off."""
        self._series.cut(drawn_ms)
        minutes = Span(self.mark.from_ms, max(drawn_ms, self.mark.from_ms))
        series = self._series.read(minutes)
        nothing = EquitySeries.nothing(minutes)
        return PastEquity(
            minutes.from_ms,
            {symbol: series.get(symbol, nothing) for symbol in symbols},
            {symbol: rows for symbol, rows in series.items() if symbol not in symbols},
        )

    def draw(self, tick_ms: int, values: dict[str, tuple[float, float]]) -> None:
        """Remember the profit and the money in positions of each symbol at a tick."""
        self._series.add(tick_ms, values)

    def note(self, told: Sequence[tuple[SlotKey, Event | Ping]]) -> None:
        """Give events their numbers; they are told when the change that made them is kept."""
        for key, event in told:
            if isinstance(event, Ping):
                self._pings.append((self._next_seq - 1, key, event))
                continue
            assert isinstance(event, AnyEvent)
            self._untold.append((key, NumberedEvent(self._next_seq, event)))
            self._next_seq += 1

    def note_of_run(self, event: AnyEvent) -> None:
        """The same for an event of no slot; the first slot's record keeps it until it is told."""
        self._untold.append((self._first, NumberedEvent(self._next_seq, event)))
        self._next_seq += 1

    async def keep(self, trading: Trading, tick_ms: int) -> None:
        """Make the run as it is now true, then tell its events.

        `Overtaken`: end without acting. `DumpError`, `Transient`, `Unknown`: not kept, nothing is told.
        """
        self._flush_equity(tick_ms)
        told, pings = list(self._untold), list(self._pings)
        self.mark = msgspec.structs.replace(self.mark, first_prices=trading.first_prices)
        records = trading.records(told)
        await self._store.commit(
            Change(
                tick_ms=tick_ms,
                slots=(*records, *self._cleared),
                wallet=trading.wallet(),
                books=trading.books(),
                next_seq=self._next_seq,
                run=self.mark,
            )
        )
        self._cleared = ()
        self._tell(told, pings)
        del self._untold[: len(told)], self._pings[: len(pings)]
        for observer in self.record_observers:
            self._try(observer, tick_ms, "what was saved", records)

    def _flush_equity(self, tick_ms: int) -> None:
        # It is a view of the run: that it cannot be written must not keep the state from being saved.
        durable = tick_ms - self._durable_ms >= HOUR_MS
        try:
            self._series.flush(durable)
        except DumpError as error:
            self.unwritten = error
            return
        self.unwritten = None
        self._durable_ms = tick_ms if durable else self._durable_ms

    async def spread(self) -> None:
        """Write what is computed from the state; the next start would do it too."""
        await self._store.spread()

    def clear(self, keys: Iterable[SlotKey]) -> None:
        """Slots that take no part any more hold nothing from the next change on."""
        self._cleared = tuple(
            SlotRecord(symbol=key.symbol, strategy=key.strategy, exchange=key.exchange) for key in keys
        )

    def doubts(self, records: Sequence[SlotRecord]) -> tuple[str, ...]:
        """Sentences about events that are damaged or gone; `records` hold those that are still to be told."""
        late = [event.seq for record in records for event in record.untold]
        lost = range(self.folder.last_seq + 1, min(late, default=self._next_seq))
        if not lost:
            return self.folder.notes
        missing = f"{len(lost)} events from {lost.start} on are missing in {self.folder.events_path}"
        return (*self.folder.notes, missing)

    def tell_again(self, records: Sequence[SlotRecord]) -> None:
        """Tell what a kill kept from being told."""
        late = [(record.key, event) for record in records for event in record.untold]
        self._tell(sorted(late, key=lambda item: item[1].seq))

    def end(self) -> None:
        """The run has come to its end; the next start begins another."""
        self.mark = msgspec.structs.replace(self.mark, ended=True)

    def _tell(
        self,
        numbered: Sequence[tuple[SlotKey, NumberedEvent]],
        pings: Sequence[tuple[int, SlotKey, Ping]] = (),
    ) -> None:
        for key, event in numbered:
            if event.seq > self.folder.last_seq:
                self.folder.observe(key, event.event, event.seq)
        if self.folder.last_seq > self._heard:
            self.folder.flush(durable=True)
        fresh = [(event.seq, key, event) for key, event in numbered if event.seq > self._heard]
        self._heard = self.folder.last_seq
        waiting = list(pings)
        for seq, key, event in fresh:
            waiting = self._tell_pings(waiting, seq)
            for observer in self.observers:
                told = (event.seq, key, event.event)
                self._try(observer, event.event.tick_ms, f"event {event.seq}", *told)
        self._tell_pings(waiting, self._next_seq)

    def _tell_pings(
        self, pings: list[tuple[int, SlotKey, Ping]], before_seq: int
    ) -> list[tuple[int, SlotKey, Ping]]:
        due = [ping for ping in pings if ping[0] < before_seq]
        for _, key, ping in due:
            for observer in self.ping_observers:
                self._try(observer, ping.tick_ms, "a minute", key, ping)
        return pings[len(due) :]

    def _try(self, observer: Callable[..., None], tick_ms: int, what: str, *told: Any) -> None:
        try:
            observer(*told)
        except Exception as error:  # noqa: BLE001 - whoever listens may fail in any way; that never stops a trade
            if observer not in self._deaf:
                self._deaf.append(observer)
                self._complain(tick_ms, f"it was not told of {what}: {error!r}")

    def _complain(self, tick_ms: int, message: str) -> None:
        when = {"at_ms": tick_ms, "tick_ms": tick_ms}
        self.note_of_run(
            AlarmEvent(**when, symbol="", strategy="", subject="an observer", message=message, over=True)
        )
