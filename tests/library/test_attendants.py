"""What goes on around a run: its log, its notifications, its supervisor; and that none of them can stop it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from btk.adapters.supervisor import VARIABLE
from btk.library.stop_control import StopControl
from btk.library.trading_run import Started
from btk.model.errors import DumpError, SettingsError
from btk.model.run_status import RunStatus
from tests.cli.strategy_project import events
from tests.fakes.webhook import Webhook
from tests.library.trading_project import OPENED, leave, traded, trading_project

LEAKING = """
from btk import Strategy


class OnTheHour(Strategy):
    interval = "1m"

    def get_signal(self, market):
        raise ValueError("401 for apiKey=fakesecret")
"""


def test_events_are_in_the_log_and_in_the_lines_for_the_terminal(tmp_path: Path) -> None:
    root, heard = trading_project(tmp_path), []

    def started(start: Started) -> None:
        assert start.attendants is not None
        start.attendants.listeners.append(heard.append)

    ended = traded(root, {OPENED + 2: leave}, started=started)
    log = (root / "dump/paper/data/log/btk.log").read_text().splitlines()
    assert f"run {ended.folder.name}" in log[0]
    assert len(heard) == 2
    assert heard[0].startswith("2024-01-03T01:00 #1 opened BTCUSDT on_the_hour id=")
    assert [line.partition("INFO btk: ")[2] for line in log[1:]] == heard


def test_what_a_strategy_lets_slip_is_in_no_line(tmp_path: Path) -> None:
    root, heard = trading_project(tmp_path, LEAKING), []
    traded(root, {3: leave}, started=lambda start: start.attendants.listeners.append(heard.append))  # type: ignore[union-attr]
    log = (root / "dump/paper/data/log/btk.log").read_text()
    assert "apiKey=***" in heard[0]
    assert "fakesecret" not in log + "".join(heard)


def test_a_terminal_that_went_away_is_spoken_to_once_and_the_run_goes_on(tmp_path: Path) -> None:
    root, calls = trading_project(tmp_path), []

    def gone(line: object) -> None:
        calls.append(line)
        raise BrokenPipeError(32, "Broken pipe")

    def started(start: Started) -> None:
        assert start.attendants is not None
        start.attendants.listeners.append(gone)
        start.attendants.watchers.append(gone)

    assert traded(root, {OPENED + 2: leave}, started=started).left_by == 143
    assert len(calls) == 2


def test_people_are_told_of_what_happens(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    root = trading_project(tmp_path)
    with Webhook() as webhook:
        traded(root, {OPENED + 2: leave}, changes={"notify.urls": [webhook.address]})
        told = "\n".join(webhook.taken)
    assert "BTCUSDT on_the_hour: long opened at" in told


def test_a_state_that_cannot_be_saved_is_told_while_it_lasts(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    root, heard, sessions = trading_project(tmp_path), [], []

    def started(start: Started) -> None:
        assert start.attendants is not None
        start.attendants.listeners.append(heard.append)
        sessions.append(start.session)

    async def full(commit: object) -> None:
        raise DumpError("the disk is full")

    def refuse(control: StopControl) -> None:
        sessions[0].memory._store._write_commit = full

    def allow(control: StopControl) -> None:
        assert len(heard) == 1
        assert (
            "alarm state: the state cannot be saved, so nothing new is opened: the disk is full" in heard[0]
        )
        assert heard[0] in (root / "dump/paper/data/log/btk.log").read_text()
        del sessions[0].memory._store._write_commit

    with Webhook() as webhook:
        changes = {"notify.urls": [webhook.address]}
        traded(root, {5: refuse, 9: allow, 12: leave}, changes=changes, started=started)
        assert "the state cannot be saved" in "".join(webhook.taken)
    assert [event["over"] for event in events(root) if event["type"] == "alarm"] == [False, True]


def test_an_address_that_takes_nothing_is_degraded_and_its_messages_wait_on_disk(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    root = trading_project(tmp_path)
    with Webhook() as webhook:
        webhook.status = lambda: 500
        traded(root, {OPENED + 2: leave}, changes={"notify.urls": [webhook.address]})
    waiting = [path.read_text() for path in (root / "dump/paper/data/notify").glob("*.jsonl")]
    assert "BTCUSDT on_the_hour: long opened at" in "".join(waiting)


def test_an_address_whose_secret_is_not_set_is_told_before_anything_begins(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    root = trading_project(tmp_path)
    with pytest.raises(SettingsError, match="not set in the environment: NO_SUCH_TOKEN"):
        traded(root, {1: leave}, changes={"notify.urls": ["tgram://${NO_SUCH_TOKEN}/7"]})
    assert not (root / "dump/runs").exists()


def test_the_supervisor_hears_of_every_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = trading_project(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        monkeypatch.setenv(VARIABLE, str(tmp_path / "notify"))
        traded(root, {3: leave})
        heard = []
        while True:
            try:
                heard.append(ear.recv(500).split(b"=")[0])
            except BlockingIOError:
                break
    assert heard == [b"READY", *[b"WATCHDOG"] * 5, b"STOPPING"]


def test_every_tick_is_timed_in_its_parts(tmp_path: Path) -> None:
    root, seen = trading_project(tmp_path), []

    def started(start: Started) -> None:
        assert start.attendants is not None
        start.attendants.watchers.append(seen.append)

    ended = traded(root, {3: leave}, started=started)
    timed = [json.loads(line) for line in (ended.folder / "performance.jsonl").read_bytes().splitlines()]
    statuses: list[RunStatus] = seen
    assert [tick["tick_ms"] for tick in timed] == [status.last_tick_ms for status in statuses]
    assert set(timed[0]["seconds"]) == {"fetch", "decide", "save"}


def test_a_replay_has_nobody_around_it(tmp_path: Path) -> None:
    root, around = trading_project(tmp_path), []
    frame = {"frame.from": "2024-01-03", "frame.to": "2024-01-03T03:00"}
    traded(root, {}, mode="replay", changes=frame, started=lambda start: around.append(start.attendants))
    assert around == [None]
    assert not list(root.rglob("status.json")) + list(root.rglob("btk.log"))
