"""The status of a run as people read it: its health, and a line for each slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from btk.cli.screen_table import Cell, Heading, Line, screen_table
from btk.model.dates import format_date
from btk.model.run_status import OLD, PositionStatus, RunStatus, SlotStatus

HEADINGS = (
    Heading("Slot", folds=True, left=True),
    Heading("State", folds=True, left=True),
    Heading("Entry", 4),
    Heading("Price", 3),
    Heading("PnL %"),
    Heading("PnL", 2),
    Heading("Target\naway %", 1),
    Heading("Stop\naway %", 1),
)


def status_view(status: RunStatus, width: int, most_rows: int | None = None) -> RenderableType:
    """All of it, at most `width` characters wide; of the slots those with something to tell first."""
    parts: list[RenderableType] = [*_head(status), *_troubles(status)]
    if status.slots:
        parts += ["", _table(status, width, most_rows)]
        parts += [Text(line, style="yellow") for line in _slot_troubles(status)]
    return Group(*parts)


def tick_line(status: RunStatus) -> str:
    """`last tick 2024-01-01T10:05, 12 s ago, next 2024-01-01T10:06`."""
    if status.last_tick_ms is None:
        return "no tick yet"
    words = f"last tick {format_date(status.last_tick_ms)}, {_age(status.last_tick_age_seconds or 0.0)} ago"
    if not status.alive or status.next_tick_ms is None:
        return words
    return f"{words}, next {format_date(status.next_tick_ms)}"


def _head(status: RunStatus) -> Iterator[Text]:
    if status.run_id is None:
        words = f"{status.process} is starting" if status.alive else "nothing runs, and nothing has run yet"
        yield Text(f"{status.mode}: {words}", style="bold")
        return
    yield Text(f"{status.mode} run {status.run_id} on {status.exchange}: {_life(status)}", style="bold")
    yield Text(
        ", ".join(filter(None, [tick_line(status), _money(status)])), style="red" if status.late else ""
    )


def _life(status: RunStatus) -> str:
    if status.alive:
        late = ", LATE: it hangs, or its machine slept" if status.late else ""
        late = ", OLD: it cannot write how it stands" if late and OLD in status.degraded else late
        return f"{status.process}{', stopping' if status.stopping else ''}{late}"
    return "nothing runs; the next start goes on with it" if status.goes_on else "ended"


def _money(status: RunStatus) -> str:
    if status.equity is None or not status.start_equity:
        return ""
    change = (status.equity / status.start_equity - 1) * 100
    return f"equity {status.equity:,.2f} {status.currency} ({change:+.2f} %)"


def _troubles(status: RunStatus) -> Iterator[Text]:
    for subject, message in status.alarms.items():
        yield Text(f"ALARM {subject}: {message}", style="bold red")
    for part, message in status.degraded.items():
        yield Text(f"degraded: {part}: {message}", style="yellow")


def _table(status: RunStatus, width: int, most_rows: int | None) -> RenderableType:
    slots = sorted(status.slots, key=_weight)
    shown = slots if most_rows is None else slots[:most_rows]
    over = not (status.alive or status.goes_on)  # then nothing is stopping any more
    lines = [Line(_cells(msgspec.structs.replace(slot, stopping=False) if over else slot)) for slot in shown]
    if len(shown) < len(slots):
        lines.append(Line([f"and {len(slots) - len(shown)} more"]))
    return screen_table(HEADINGS, lines, width)


def _weight(slot: SlotStatus) -> int:
    if slot.position is not None:
        return 0
    return 1 if slot.entry is not None else 2


def _cells(slot: SlotStatus) -> Sequence[Cell]:
    name, price = f"{slot.symbol} {slot.strategy}", _number(slot.price)
    if slot.position is not None:
        return [name, _state(slot, slot.position.position), *_position_cells(slot.position, price)]
    if slot.entry is not None:
        return [name, _state(slot, slot.entry.position), _number(slot.entry.price_open), price]
    return [name, _state(slot), "", price]


def _position_cells(position: PositionStatus, price: str) -> Sequence[Cell]:
    profit = position.pnl_pct
    style = "" if not profit else "green" if profit > 0 else "red"
    return [
        _number(position.price_open),
        price,
        Text(_signed(profit), style=style),
        Text(_signed(position.pnl_cost), style=style),
        _share(position.to_take_profit_pct),
        _share(position.to_stop_loss_pct),
    ]


def _state(slot: SlotStatus, side: str = "") -> str:
    marks = {"paused": slot.paused, "stopping": slot.stopping, "ATTENTION": bool(slot.needs_attention)}
    words = [f"{slot.state} {side}".rstrip(), *(mark for mark, holds in marks.items() if holds)]
    return ", ".join(words)


def _slot_troubles(status: RunStatus) -> Iterator[str]:
    for slot in status.slots:
        for words in (slot.needs_attention, slot.last_error):
            if words:
                yield f"{slot.symbol} {slot.strategy}: {words}"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.8g}"


def _signed(number: float | None) -> str:
    return "" if number is None else f"{number:+.2f}"


def _share(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{max(0.0, seconds):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
