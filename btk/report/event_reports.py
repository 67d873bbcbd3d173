"""Reports made from events: everything that happened, scheduled signals, milestones and rejections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.report.gates import EPSILON
from btk.report.report import Report
from btk.report.run_record import EventRecord, RunRecord
from btk.report.signal_story import with_signals
from btk.report.tables import Cell, Column, Fact, Row, Table

TIME = Column("at_ms", "Timestamp", "time")
ACTION = Column("action", "Action", "upper")
SYMBOL = Column("symbol", "Symbol")
STRATEGY = Column("strategy", "Strategy")
SIGNAL = Column("id", "Signal ID")
POSITION = Column("position", "Position", "upper")
NOTE = Column("note", "Note")
PRICE = Column("price", "Current Price", "price")
LEVELS = (
    Column("price_open", "Entry Price", "price"),
    Column("price_take_profit", "Take Profit", "price"),
    Column("price_stop_loss", "Stop Loss", "price"),
    Column("original_price_take_profit", "Original TP", "price"),
    Column("original_price_stop_loss", "Original SL", "price"),
    Column("original_price_open", "Original Entry", "price"),
    Column("entries", "DCA Entries", "whole"),
    Column("partials", "Partial Closes", "whole"),
    Column("partial_executed_pct", "Partial Executed %", "pct"),
)
MOVE = Column("move_pct", "Move since Entry", "signed_pct")
SINCE = (Column("pending_at_ms", "Pending At", "time"), Column("scheduled_at_ms", "Scheduled At", "time"))
MODE = Column("mode", "Mode")

EVENT_COLUMNS = (
    *(TIME, ACTION, SYMBOL, STRATEGY, SIGNAL, POSITION, NOTE, PRICE, *LEVELS),
    Column("to_take_pct", "% to TP", "pct"),
    Column("to_stop_pct", "% to SL", "pct"),
    Column("pct", "Closed %", "pct"),
    Column("pnl_pct", "PNL (net)", "signed_pct"),
    Column("pnl_cost", "PNL (quote)", "signed_money"),
    Column("reason", "Reason"),
    Column("duration_minutes", "Duration (min)", "whole"),
    *SINCE,
    Column("peak_profit_pct", "Peak PNL", "signed_pct"),
    Column("max_drawdown_pct", "Max DD PNL", "signed_pct"),
)
SCHEDULE_COLUMNS = (
    *(TIME, ACTION, SYMBOL, STRATEGY, SIGNAL, POSITION, NOTE, PRICE, *LEVELS),
    Column("wait_minutes", "Wait Time (min)", "minutes"),
    Column("reason", "Cancel Reason"),
    *SINCE,
)
PARTIAL_COLUMNS = (
    *(ACTION, SYMBOL, STRATEGY, SIGNAL, POSITION),
    Column("level", "Level %", "whole"),
    *(PRICE, *LEVELS, MOVE, NOTE, *SINCE, TIME, MODE),
)
RISK_COLUMNS = (
    *(TIME, SYMBOL, STRATEGY, SIGNAL, NOTE, POSITION, Column("exchange", "Exchange")),
    *(Column("price_open", "Open Price", "price"), *LEVELS[1:3], PRICE),
    Column("reason", "Rejection Reason"),
    Column("detail", "Detail"),
    Column("count", "Times", "whole"),
)
SCHEDULE_TYPES = ("scheduled", "opened", "cancelled")
PARTIAL_TYPES = ("partial_profit", "partial_loss", "breakeven")
COUNT_COLUMNS = (Column("group", "Group"), Column("count", "Times", "whole"))


def event_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Everything that happened, newest first."""
    events = run.events_of(slot)
    rows = [
        {
            **_head(event),
            **(_wish(event) if event.type == "rejected" else signal),
            **_distances(event, signal),
            **_closing(event),
            "pct": event.pct,
            "pnl_pct": event.pnl_pct,
            "pnl_cost": event.pnl_cost,
            "reason": event.close_reason or event.reason or event.message,
        }
        for event, signal in with_signals(events)
    ]
    facts = [Fact(Column("total_events", "Total events", "whole"), len(rows))]
    facts += _counted(events, [event.type for event in events])
    return _report("events", EVENT_COLUMNS, rows, facts)


def schedule_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Signals that waited for their price: what came of them, and how long they waited."""
    events = run.events_of(slot, SCHEDULE_TYPES)
    waited = {event.id for event in events if event.type == "scheduled"}
    events = [event for event in events if event.id in waited]
    rows: list[Row] = [
        {**_head(event), **signal, "wait_minutes": _wait(event), "reason": event.reason}
        for event, signal in with_signals(events)
    ]
    return _report("schedule", SCHEDULE_COLUMNS, rows, _schedule_facts(events))


def partial_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Milestones: tenths of the way to the target and to the stop, and break-even."""
    rows: list[Row] = [
        {**_head(event), **signal, "level": event.level, "move_pct": _move_pct(event, signal),
         "mode": run.result.mode}
        for event, signal in with_signals(run.events_of(slot))
        if event.type in PARTIAL_TYPES
    ]  # fmt: skip
    reached = Counter((row["action"], row["level"]) for row in rows if row["level"] is not None)
    levels: list[Row] = [
        {"group": f"{_spoken(str(action))} {level} %", "count": times}
        for (action, level), times in sorted(reached.items(), key=lambda item: (str(item[0][0]), item[0][1]))
    ]
    types = Counter(str(row["action"]) for row in rows)
    facts = [Fact(Column("total", "Total events", "whole"), len(rows))]
    facts += [Fact(Column(name, _spoken(name), "whole"), types[name]) for name in PARTIAL_TYPES]
    return _report(
        "milestones", PARTIAL_COLUMNS, rows, facts, [Table("by_level", COUNT_COLUMNS, levels, sums_up=True)]
    )


def risk_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Signals that were refused, by whom and why."""
    events = run.events_of(slot, ("rejected",))
    rows: list[Row] = [
        {**_head(event), **_wish(event), "exchange": run.result.exchange, "reason": event.reason,
         "detail": event.detail, "count": event.count or 1}
        for event in events
    ]  # fmt: skip
    total = sum(event.count or 1 for event in events)
    groups = [
        Table(f"by_{name}", COUNT_COLUMNS, _grouped(events, name), sums_up=True)
        for name in ("reason", "symbol", "strategy")
    ]
    return _report(
        "rejections", RISK_COLUMNS, rows, [Fact(Column("total", "Total rejections", "whole"), total)], groups
    )


def _report(
    name: str,
    columns: tuple[Column, ...],
    rows: Sequence[Row],
    facts: Sequence[Fact],
    groups: Sequence[Table] = (),
) -> Report:
    noted = any(row.get("note") for row in rows)
    shown = tuple(column for column in columns if column.key != "note" or noted)
    newest_first = list(reversed(rows))
    return Report(tables=(Table(name, shown, newest_first), *groups), facts=tuple(facts))


def _head(event: EventRecord) -> dict[str, Cell]:
    return {
        "at_ms": event.at_ms,
        "action": event.type,
        "symbol": event.symbol,
        "strategy": event.strategy,
        "id": event.id,
        "price": event.price_open if event.price is None and event.type == "opened" else event.price,
    }


def _wish(event: EventRecord) -> dict[str, Cell]:
    return {
        "position": event.position,
        "note": event.note or None,
        # At market there is no entry price to wish for.
        "price_open": event.price if event.price_open is None else event.price_open,
        "price_take_profit": event.price_take_profit,
        "price_stop_loss": event.price_stop_loss,
    }


def _distances(event: EventRecord, signal: dict[str, Cell]) -> dict[str, Cell]:
    return {
        "to_take_pct": _distance_pct(event.price, signal.get("price_take_profit")),
        "to_stop_pct": _distance_pct(event.price, signal.get("price_stop_loss")),
    }


def _distance_pct(price: float | None, level: Cell) -> float | None:
    if price is None or not isinstance(level, float) or price <= EPSILON:
        return None
    return abs(level / price - 1) * 100


def _closing(event: EventRecord) -> dict[str, Cell]:
    trade = event.trade
    if trade is None:
        return {}
    return {
        "duration_minutes": (trade.closed_at_ms - trade.opened_at_ms) / MINUTE_MS,
        "peak_profit_pct": trade.peak_profit_pct,
        "max_drawdown_pct": trade.max_drawdown_pct,
    }


def _wait(event: EventRecord) -> float | None:
    if event.type == "scheduled" or event.scheduled_at_ms is None:
        return None
    return (event.at_ms - event.scheduled_at_ms) / MINUTE_MS


def _move_pct(event: EventRecord, signal: dict[str, Cell]) -> float | None:
    entry, side = signal.get("price_open"), signal.get("position")
    if event.price is None or not isinstance(entry, float) or entry <= EPSILON:
        return None
    return (event.price / entry - 1) * (100 if side == "long" else -100)


def _schedule_facts(events: Sequence[EventRecord]) -> list[Fact]:
    types = Counter(event.type for event in events)
    resolved = types["opened"] + types["cancelled"]
    share = {name: types[name] / resolved * 100 if resolved else None for name in ("opened", "cancelled")}
    return [
        Fact(Column("total_events", "Total events", "whole"), len(events)),
        *(Fact(Column(name, _spoken(name), "whole"), types[name]) for name in SCHEDULE_TYPES),
        Fact(Column("activation_rate_pct", "Activation rate", "pct"), share["opened"]),
        Fact(Column("cancellation_rate_pct", "Cancellation rate", "pct"), share["cancelled"]),
        Fact(Column("avg_activation_minutes", "Avg activation time (min)", "minutes"), _mean(events, "opened")),
        Fact(Column("avg_cancelled_wait_minutes", "Avg wait, cancelled (min)", "minutes"), _mean(events, "cancelled")),
    ]  # fmt: skip


def _mean(events: Sequence[EventRecord], kind: str) -> float | None:
    waits = [wait for event in events if event.type == kind and (wait := _wait(event)) is not None]
    return sum(waits) / len(waits) if waits else None


def _counted(events: Sequence[EventRecord], names: Sequence[str]) -> list[Fact]:
    return [Fact(Column(name, _spoken(name), "whole"), times) for name, times in Counter(names).most_common()]


def _grouped(events: Sequence[EventRecord], name: str) -> list[Row]:
    counts: Counter[str] = Counter()
    for event in events:
        counts[str(getattr(event, name))] += event.count or 1
    return [{"group": group, "count": times} for group, times in counts.most_common()]


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
