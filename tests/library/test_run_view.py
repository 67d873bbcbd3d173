"""A run seen from beside it: the figures of its status, with a process at it and without."""

from __future__ import annotations

import io
import json
import resource
from pathlib import Path

import msgspec
import pytest

from btk.adapters.status_file import read_status, write_status
from btk.cli.console import plain_console
from btk.cli.status_screen import status_view
from btk.library.project import open_project
from btk.library.run_view import RunView, found_runs
from btk.library.state_backends import Mode
from btk.library.stop_control import StopControl
from btk.model.errors import DamagedState, DumpError
from btk.model.run_status import RunStatus
from tests.cli.strategy_project import events
from tests.library.trading_project import OPENED, START_MS, Killed, killed, leave, traded, trading_project

SHORT_ENTRY = """
from btk import Signal, Strategy


class OnTheHour(Strategy):
    interval = "1m"

    def get_signal(self, market):
        if market.now_ms % 3_600_000:
            return None
        if market.symbol == "BTCUSDT":
            raise ValueError("nothing to say")
        price = market.price * 0.98
        return Signal("long", price * 1.05, price * 0.96, price_open=price)
"""


def status(root: Path, mode: Mode = "paper") -> RunStatus:
    settings, folder = open_project(root)
    return RunView(settings, folder, mode).status()


def seen_at(root: Path, minute: int, **options: object) -> RunStatus:
    """The status in a minute of a run that is killed then."""
    seen: list[RunStatus] = []

    def look(control: StopControl) -> None:
        seen.append(status(root))
        killed(control)

    with pytest.raises(Killed):
        traded(root, {minute: look}, **options)  # type: ignore[arg-type]
    return seen[0]


def test_an_open_position_is_told_with_its_profit_and_its_way_to_target_and_stop(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    seen = seen_at(root, OPENED + 3)
    assert (seen.mode, seen.alive, seen.exchange, seen.currency) == ("paper", True, "demo", "USDT")
    assert (seen.last_tick_ms, seen.next_tick_ms) == (
        START_MS + (OPENED + 3) * 60_000,
        START_MS + (OPENED + 4) * 60_000,
    )
    slot = seen.slots[0]
    assert (slot.symbol, slot.state, slot.entry) == ("BTCUSDT", "open", None)
    position, price = slot.position, slot.price
    assert position is not None
    assert price is not None
    opened = next(event for event in events(root) if event["type"] == "opened")
    assert (position.price_open, position.cost) == (opened["price_open"], opened["cost"])
    assert position.expires_at_ms == position.opened_at_ms + 20 * 60_000
    assert position.to_take_profit_pct == pytest.approx((opened["price_take_profit"] / price - 1) * 100)
    assert position.to_stop_loss_pct == pytest.approx((1 - opened["price_stop_loss"] / price) * 100)
    # Bought at O, sold now: 0.1 % slippage and 0.1 % fee on either side.
    bought, sold = position.price_open * 1.001, price * 0.999
    net = (sold - bought) / bought * 100 - 0.1 * (1 + sold / bought)
    assert position.pnl_pct == pytest.approx(net)
    assert position.pnl_cost == pytest.approx(net / 100 * position.cost)


def test_equity_is_the_wallet_with_its_positions_at_the_last_price(tmp_path: Path) -> None:
    seen = seen_at(trading_project(tmp_path), OPENED + 3)
    held = [slot.position for slot in seen.slots if slot.position is not None]
    assert len(held) == 2
    assert seen.start_equity == 10_000
    assert seen.equity == pytest.approx(10_000 + sum(position.pnl_cost or 0 for position in held))


def test_a_waiting_entry_is_told_with_its_way_and_a_failing_strategy_with_its_error(tmp_path: Path) -> None:
    seen = seen_at(trading_project(tmp_path, SHORT_ENTRY), OPENED + 3)
    failing, waiting = seen.slots
    assert failing.last_error == "get_signal: ValueError: nothing to say"
    assert (waiting.state, waiting.position) == ("scheduled", None)
    assert waiting.entry is not None
    assert waiting.price is not None
    assert waiting.entry.to_open_pct == pytest.approx((1 - waiting.entry.price_open / waiting.price) * 100)


def test_after_a_kill_the_status_is_that_of_the_state_at_the_last_prices_known(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    before = seen_at(root, OPENED + 3)
    after = status(root)
    assert (after.alive, after.goes_on, after.process) == (False, True, None)
    assert (after.run_id, after.last_tick_ms, after.slots) == (
        before.run_id,
        before.last_tick_ms,
        before.slots,
    )
    assert after.equity == pytest.approx(before.equity)


def test_without_its_status_file_a_run_that_is_down_is_told_from_its_state_alone(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    seen_at(root, OPENED + 3)
    (root / "dump/paper/data/status.json").unlink()
    slot = status(root).slots[0]
    assert (slot.state, slot.price) == ("open", None)
    assert slot.position is not None
    assert (slot.position.pnl_pct, slot.position.to_stop_loss_pct) == (None, None)


def test_a_file_of_an_earlier_process_is_not_taken_for_the_running_one(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    data = root / "dump/paper/data"
    old = read_status(data)
    assert old is not None
    seen: list[RunStatus] = []

    def look(control: StopControl) -> None:
        write_status(data, msgspec.structs.replace(old, pid=1))
        seen.append(status(root))
        leave(control)

    traded(root, {5: look}, start_ms=START_MS + 10 * 60_000)
    assert (seen[0].alive, seen[0].run_id, seen[0].slots) == (True, None, ())


def test_a_run_that_was_left_says_so_in_its_file_too(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    written = json.loads((root / "dump/paper/data/status.json").read_bytes())
    assert (written["schema"], written["alive"], written["next_tick_ms"]) == ("btk.status/1", False, None)


def test_a_last_tick_long_ago_is_late_only_while_a_process_is_there() -> None:
    status = RunStatus(mode="paper", alive=True, last_tick_age_seconds=181.0)
    assert status.late
    assert not msgspec.structs.replace(status, last_tick_age_seconds=180.0).late
    assert not msgspec.structs.replace(status, alive=False).late


def test_a_picture_that_cannot_be_renewed_is_told_as_old_with_its_age_and_why(tmp_path: Path) -> None:
    root, seen = trading_project(tmp_path), list[RunStatus]()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def look(control: StopControl) -> None:
        seen.append(status(root))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            seen.append(status(root))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        leave(control)

    traded(root, {5: look})
    can, cannot = seen
    assert can.degraded == {}
    assert "min ago, not how it stands: " in cannot.degraded["status"]
    assert "status.json cannot be renewed (File too large)" in cannot.degraded["status"]
    assert "OLD: it cannot write how it stands" in screen_of(cannot)
    assert "LATE: it hangs" in screen_of(can)
    assert not list((root / "dump/paper/data").glob("*probe*"))


def screen_of(status: RunStatus) -> str:
    """What `btk status` shows."""
    out = io.StringIO()
    plain_console(out, width=400).print(status_view(status, 400))
    return out.getvalue()


def test_where_one_runs_only_that_is_found_else_first_the_one_that_goes_on(tmp_path: Path) -> None:
    root, order = trading_project(tmp_path), []
    settings, folder = open_project(root)

    def look(control: StopControl) -> None:
        order.append([one.view.mode for one in found_runs(settings, folder, None)])
        leave(control)

    traded(root, {5: look})
    order.append([one.view.mode for one in found_runs(settings, folder, None)])
    assert order == [["paper"], ["paper", "live"]]
    traded(root, {5: leave}, mode="live")
    assert [one.view.mode for one in found_runs(settings, folder, None)] == ["live", "paper"]


def test_a_run_is_found_whatever_is_left_of_the_other_mode(tmp_path: Path) -> None:
    root, order = trading_project(tmp_path), []
    traded(root, {5: leave}, mode="live")
    for kind in ("strategy", "run"):
        for path in (root / "dump/data" / kind).rglob("*.json*"):
            path.write_bytes(b"{")
    settings, folder = open_project(root)

    def look(control: StopControl) -> None:
        order.append([one.view.mode for one in found_runs(settings, folder, None)])
        leave(control)

    traded(root, {5: look})
    assert order == [["paper"]]


def test_a_state_that_cannot_be_trusted_is_not_told_as_nothing(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    seen_at(root, OPENED + 3)
    for kind in ("strategy", "run"):
        for path in (root / "dump/paper/data" / kind).rglob("*.json*"):
            path.write_bytes(b"{")
    with pytest.raises(DamagedState):
        status(root)


def test_a_status_that_cannot_be_written_is_degraded_and_trading_goes_on(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    draft = root / "dump/paper/data/.status.json.tmp"

    def hinder(control: StopControl) -> None:
        draft.mkdir()

    def heal(control: StopControl) -> None:
        draft.rmdir()

    seen, written = list[RunStatus](), list[RunStatus | None]()

    def watch(status: RunStatus) -> None:
        seen.append(status)
        written.append(read_status(root / "dump/paper/data"))

    traded(
        root,
        {5: hinder, 8: heal, 11: leave},
        started=lambda start: start.attendants.watchers.append(watch),  # type: ignore[union-attr]
    )
    assert all(found is not None and not found.degraded for found in written)
    degraded = [list(status.degraded) for status in seen]
    assert degraded.count(["status"]) == 3
    assert (degraded[0], degraded[-1]) == ([], [])
    with pytest.raises(DumpError):
        write_status(tmp_path / "nowhere", seen[0])
