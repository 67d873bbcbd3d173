"""An unfinished run: what its events tell so far, in the shape of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from btk.model.intervals import MINUTE_MS
from btk.model.trade import Cancelled, Rejected, Trade
from btk.report.gates import Statistics
from btk.report.run_facts import UNFINISHED
from btk.report.run_record import EventRecord, FramePart, PortfolioPart, ResultRecord, SymbolPart
from btk.report.trade_statistics import trade_statistics

NOTE = (
    "this run has no result: it is still running, or was killed; its trades and signals are those of its events,"
    " what open positions and the wallet are worth is not known"
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`: what was asked of a run. `settings` as `btk config show --json` has them."""

    run_id: str = ""
    mode: str = "unknown"
    started_at_ms: int = 0
    settings: dict[str, Any] = msgspec.field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """One section of the settings; empty where there is none."""
        found = self.settings.get(name)
        return found if isinstance(found, dict) else {}


def told_so_far(asked: Asked, events: Sequence[EventRecord]) -> ResultRecord:
    """The result that the events of a run come to: trades and signals, and no figure of the wallet.

    A symbol that nothing happened on is there without trades; the frame ends with the last event.
    `msgspec.ValidationError` for an event that lacks what its type has.
    """
    symbols = dict.fromkeys((*asked.settings.get("symbols", ()), *(event.symbol for event in events)))
    parts = {symbol: _symbol(events, symbol) for symbol in sorted(filter(None, symbols))}
    trades = [trade for part in parts.values() for trade in part.trades]
    wallet, strategies = asked.section("wallet"), _strategies(asked, events)
    return ResultRecord(
        run_id=asked.run_id,
        mode=asked.mode,
        status=UNFINISHED,
        strategy=strategies[0] if len(strategies) == 1 else strategies,
        exchange=str(asked.section("exchange").get("name", "")),
        model=str(asked.section("execution").get("model", "")),
        frame=_frame(asked, events),
        params=asked.section("strategy").get("params", {}),
        symbols=parts,
        portfolio=PortfolioPart(
            statistics=_statistics(trades, start_equity=wallet.get("start")),
            currency=str(wallet.get("currency", "")),
        ),
        warnings=(NOTE,),
    )


def _strategies(asked: Asked, events: Sequence[EventRecord]) -> tuple[str, ...]:
    names = dict.fromkeys(event.strategy for event in events if event.strategy)
    # Until something happened only the files are known.
    return tuple(names) or tuple(asked.section("strategy").get("entry", ()))


def _frame(asked: Asked, events: Sequence[EventRecord]) -> FramePart:
    if not events:
        return FramePart(asked.started_at_ms, asked.started_at_ms + MINUTE_MS)
    first_ms = min(event.at_ms for event in events)
    last_ms = max(max(event.at_ms, event.tick_ms) for event in events)
    # A replay is of minutes long before it was started.
    return FramePart(min(asked.started_at_ms or first_ms, first_ms), last_ms + MINUTE_MS)


def _symbol(events: Sequence[EventRecord], symbol: str) -> SymbolPart:
    own = [event for event in events if event.symbol == symbol]
    # A run that was killed between telling and remembering tells again what it told last.
    trades = {(event.strategy, event.id): event.trade for event in own if event.trade is not None}
    cancelled = {(event.strategy, event.id): _cancelled(event) for event in own if event.type == "cancelled"}
    rejected = tuple(_rejected(event) for event in own if event.type == "rejected")
    return SymbolPart(
        trades=tuple(trades.values()),
        cancelled=tuple(cancelled.values()),
        rejected=rejected,
        statistics=_statistics(list(trades.values())),
    )


def _statistics(trades: Sequence[Trade], **known: float | None) -> Statistics:
    return {**trade_statistics(trades), **known}


def _cancelled(event: EventRecord) -> Cancelled:
    return msgspec.convert({**msgspec.structs.asdict(event), "cancelled_at_ms": event.at_ms}, Cancelled)


def _rejected(event: EventRecord) -> Rejected:
    return msgspec.convert(msgspec.structs.asdict(event), Rejected)
