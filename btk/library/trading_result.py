"""The result document of a paper or live run: its events read back from its folder, its equity as the engine drew it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from btk.core.slot_record import AnyEvent
from btk.core.states import Idle
from btk.engines.outcome import Outcome, Recorder, SymbolFacts
from btk.engines.trading import Trading
from btk.library.run_outcome import RunMode, Setup, run_outcome
from btk.model.events import AlarmEvent, Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import RunMark
from btk.report.document import Document, result_document


def trading_outcome(trading: Trading, mark: RunMark, events: Path, seconds: float) -> Outcome:
    """What came of a run so far, whoever wrote its events."""
    told = [(key, event) for key, event in _read(events, trading) if not isinstance(event, AlarmEvent)]
    recorder = Recorder([*trading.slots, *(key for key, _ in told)], _nobody)
    for key, event in told:
        recorder(key, event)
    symbols = sorted({key.symbol for key in recorder.records})
    reached_ms = max(trading.reached.drawn_ms, mark.from_ms)
    return Outcome(
        complete=mark.ended,
        reached_ms=reached_ms,
        records=recorder.records,
        symbols={symbol: _facts(trading, mark, symbol, reached_ms) for symbol in symbols},
        equity=trading.summary(),
        open_slots=tuple(key for key, slot in trading.slots.items() if not isinstance(slot.state, Idle)),
        seconds=seconds,
    )


def _facts(trading: Trading, mark: RunMark, symbol: str, reached_ms: int) -> SymbolFacts:
    if mark.to_ms is not None:
        return trading.facts(symbol, reached_ms)
    # Of a live run nobody keeps the first minutes, and symbols may come and go.
    runs = any(key.symbol == symbol for key in trading.slots)
    return SymbolFacts(
        candles=(reached_ms - mark.from_ms) // MINUTE_MS,
        gaps=0,
        first_price=mark.first_prices.get(symbol),
        last_price=trading.last_price(symbol),
        warming_up_until_ms=mark.from_ms,
        equity=trading.summary_of(symbol),
        own_bars=trading.facts(symbol, reached_ms).own_bars if runs else {},
    )


def trading_document(mode: RunMode, setup: Setup, mark: RunMark, outcome: Outcome) -> Document:
    """The result document of a paper or live run; its frame ends where it has come to, but has its first minute."""
    to_ms = max(outcome.reached_ms, mark.from_ms + MINUTE_MS) if mark.to_ms is None else mark.to_ms
    frame = msgspec.structs.replace(setup.job.frame, from_ms=mark.from_ms, to_ms=to_ms)
    job = msgspec.structs.replace(setup.job, frame=frame)
    return result_document(run_outcome(mark.run_id, mode, setup._replace(job=job), outcome))


def _read(events: Path, trading: Trading) -> Iterator[tuple[SlotKey, Event]]:
    decoder = msgspec.json.Decoder(AnyEvent)
    exchange = next(iter(trading.slots)).exchange
    with events.open("rb") as lines:
        for line in lines:
            event = decoder.decode(line)
            yield SlotKey(event.symbol, event.strategy, exchange), event


def _nobody(key: SlotKey, event: Event) -> None:
    """Nobody listens."""
