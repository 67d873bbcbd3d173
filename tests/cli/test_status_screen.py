"""The status on terminals of any width: whole figures, what matters first, and nothing beyond the edge."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.cells import cell_len

from btk.cli.console import plain_console
from btk.cli.status_screen import status_view
from btk.model.run_status import EntryStatus, PositionStatus, RunStatus, SlotStatus

TICK_MS = 1_704_276_300_000
IDLE = SlotStatus(
    symbol="BTCUSDT",
    strategy="sma_cross",
    exchange="demo",
    state="idle",
    price=42_000.5,
    last_tick_ms=TICK_MS,
)
HELD = msgspec.structs.replace(
    IDLE,
    symbol="ETHUSDT",
    state="open",
    price=2_300.0,
    needs_attention="an older record is used",
    position=PositionStatus(
        id="a",
        position="short",
        price_open=2_400.0,
        price_take_profit=2_200.0,
        price_stop_loss=2_450.0,
        cost=100.0,
        opened_at_ms=TICK_MS,
        expires_at_ms=None,
        to_take_profit_pct=4.348,
        to_stop_loss_pct=6.522,
        pnl_pct=3.77,
        pnl_cost=3.77,
        closing=None,
    ),
)
WAITING = msgspec.structs.replace(
    IDLE,
    symbol="XRPUSDT",
    state="scheduled",
    paused=True,
    entry=EntryStatus(
        id="b",
        position="long",
        price_open=0.5,
        price_take_profit=0.6,
        price_stop_loss=0.45,
        cost=100.0,
        scheduled_at_ms=TICK_MS,
        to_open_pct=2.0,
    ),
)
STATUS = RunStatus(
    mode="live",
    alive=True,
    run_id="20240103T000000000-aaaaaa",
    process="process 7 on here (btk live)",
    exchange="demo",
    last_tick_ms=TICK_MS,
    last_tick_age_seconds=12.4,
    next_tick_ms=TICK_MS + 60_000,
    currency="USDT",
    start_equity=10_000.0,
    equity=10_003.77,
    alarms={"candles of BTCUSDT": "the newest is stale, so nothing is opened: timed out"},
    degraded={"notifications": "tgram://***: refused"},
    slots=(IDLE, HELD, WAITING),
)


def drawn(status: RunStatus, width: int, most_rows: int | None = None) -> list[str]:
    out = io.StringIO()
    console = plain_console(out, width)
    console.print(status_view(status, width, most_rows))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_nothing_reaches_beyond_the_edge_and_profit_is_always_there(width: int) -> None:
    lines = drawn(STATUS, width)
    assert max(cell_len(line) for line in lines) <= width
    assert "+3.77" in next(line for line in lines if line.startswith("ETHUSDT"))


def test_a_wide_screen_has_every_figure_of_a_position() -> None:
    (line,) = [line for line in drawn(STATUS, 120) if line.startswith("ETHUSDT sma_cross  open")]
    assert " ".join(line.split()) == "ETHUSDT sma_cross open short, ATTENTION 2400 2300 +3.77 +3.77 4.35 6.52"


def test_what_holds_something_comes_first_and_the_rest_is_counted() -> None:
    lines = drawn(STATUS, 100, most_rows=1)
    assert any(line.startswith("ETHUSDT") for line in lines)
    assert not any(line.startswith(("XRPUSDT", "BTCUSDT")) for line in lines)
    assert "and 2 more" in "\n".join(lines)


def test_health_alarms_and_what_does_not_work_are_above_the_slots() -> None:
    text = "\n".join(drawn(STATUS, 200))
    head = text.partition("Slot")[0]
    assert (
        "last tick 2024-01-03T10:05, 12 s ago, next 2024-01-03T10:06, equity 10,003.77 USDT (+0.04 %)" in head
    )
    assert "ALARM candles of BTCUSDT: the newest is stale" in head
    assert "degraded: notifications: tgram://***: refused" in head
    assert "ETHUSDT sma_cross: an older record is used" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_tick_age_seconds": 600.0}, "LATE: it hangs, or its machine slept"),
        ({"alive": False, "goes_on": True}, "nothing runs; the next start goes on with it"),
        ({"alive": False}, "demo: ended"),
        ({"stopping": True}, "(btk live), stopping"),
        ({"run_id": None}, "process 7 on here (btk live) is starting"),
        ({"run_id": None, "alive": False}, "nothing runs, and nothing has run yet"),
    ],
)
def test_the_first_line_says_whether_it_is_alive(changes: dict[str, object], words: str) -> None:
    assert words in drawn(msgspec.structs.replace(STATUS, **changes), 200)[0]


def test_a_run_that_has_ended_is_stopping_no_more() -> None:
    stopping = msgspec.structs.replace(STATUS, slots=(msgspec.structs.replace(IDLE, stopping=True),))
    assert "idle, stopping" in "\n".join(drawn(stopping, 100))
    ended = msgspec.structs.replace(stopping, alive=False, goes_on=False)
    assert "stopping" not in "\n".join(drawn(ended, 100))
