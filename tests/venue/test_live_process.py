"""`btk live` with a broker as a process of its own, by the unmodified client over TLS: from its first line to its last."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.btk_process import start_btk
from tests.venue.live_project import KEYS, make_live_project, open_venue, soon_a_minute, start_at, until
from tests.venue.server import VenueServer
from tests.venue.trading_audit import audit
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_requests import Request
from tests.venue.trading_venue import TradingVenue


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    yield open_venue(venue, soon_a_minute())
    venue.trading = None


def stands_a_pair(trading: TradingVenue) -> bool:
    return len(trading.spot.book.open_orders("BTCUSDT")) == 2


def is_alive(folder: Path) -> bool:
    return bool(json.loads((folder / "dump/data/status.json").read_bytes())["alive"])


def written(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_a_run_says_whose_money_it_is_trades_and_leaves_its_stop_standing(
    trading: TradingVenue, tmp_path: Path
) -> None:
    process = start_at(make_live_project(tmp_path), "live", "--yes")
    until(lambda: stands_a_pair(trading), process)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    lines = errors.decode().splitlines()
    assert process.returncode == 143, errors.decode()
    assert lines[0] == "REAL MONEY: binance spot, account 4711, BTCUSDT"
    assert lines[1].startswith("size: an entry costs 1000 USDT unless its signal says otherwise; all of them")
    assert lines[2].startswith("btk live: broker ccxt, REAL MONEY, dump ")
    assert ", account 4711, exchange binance spot, symbols BTCUSDT, strategy probe (" in lines[2]
    assert stands_a_pair(trading)


def test_contracts_are_traded_and_a_restart_finds_its_position_as_it_was(
    trading: TradingVenue, tmp_path: Path
) -> None:
    def is_protected() -> bool:
        return len(trading.contracts.book.open_orders("BTCUSDT", conditional=True)) == 2

    folder = make_live_project(tmp_path, "swap")
    killed = start_at(folder, "live", "--yes")
    until(is_protected, killed)
    killed.kill()
    killed.communicate()
    process = start_at(folder, "live", "--yes", "--on-stop", "flatten", stdout=subprocess.DEVNULL)
    until(lambda: (folder / "dump/data/status.json").exists() and is_alive(folder), process)
    assert start_at(folder, "stop").wait(timeout=30) == 0
    _, errors = process.communicate(timeout=150)
    assert process.returncode == 0, errors.decode()
    assert "goes on with run" in errors.decode()
    assert trading.contracts.position("BTCUSDT").amount == 0
    assert trading.contracts.book.open_orders("BTCUSDT", conditional=True) == []
    assert audit(trading).violations == []


def test_real_money_without_a_terminal_and_without_yes_asks_nobody_and_sends_nothing(
    trading: TradingVenue, tmp_path: Path
) -> None:
    process = start_at(make_live_project(tmp_path), "live")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.decode().startswith("btk: real orders were asked for and nobody can be asked back: --yes")
    assert trading.heard == []
    assert not (tmp_path / "dump").exists()


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 130), (b"\x03", 130)])
def test_whoever_does_not_say_yes_at_the_terminal_sends_no_order(
    trading: TradingVenue, tmp_path: Path, answer: bytes, code: int
) -> None:
    screen, line = pty.openpty()
    process = start_at(
        make_live_project(tmp_path), "live", stdin=line, stdout=line, stderr=line, start_new_session=True
    )
    os.close(line)
    shown = b""
    while b"Send real orders? [y/N]:" not in shown:
        shown += os.read(screen, 65_536)
    if answer == b"\x03":
        process.send_signal(signal.SIGINT)
    else:
        os.write(screen, answer)
    assert process.wait(timeout=30) == code
    os.close(screen)
    assert "account 4711" in shown.decode()
    assert [heard.request.path for heard in trading.heard if heard.request.method == "POST"] == []


def test_the_sandbox_needs_no_asking_and_only_its_hosts_hear_of_orders(
    trading: TradingVenue, tmp_path: Path
) -> None:
    process = start_at(make_live_project(tmp_path), "live", "--sandbox")
    until(lambda: stands_a_pair(trading), process)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert errors.decode().splitlines()[0].startswith("sandbox, no real money: binance spot, account 4711")
    signed = {heard.request.host for heard in trading.heard if "signature" in heard.request.sent}
    assert signed == {"testnet.binance.vision"}


def test_a_key_in_a_file_that_others_can_read_is_refused_and_one_that_is_ours_alone_is_taken(
    trading: TradingVenue, tmp_path: Path
) -> None:
    folder = make_live_project(tmp_path)
    secret = tmp_path / "secret.txt"
    secret.write_text(KEYS["BTK_SECRET"])
    secret.chmod(0o644)
    named = ("live", "--yes", "--set", "exchange.secret=${file:secret.txt}")
    refused = start_at(folder, *named, env={"BTK_SECRET": ""})
    _, errors = refused.communicate(timeout=30)
    assert refused.returncode == 3
    assert errors.decode().startswith(f"btk: {secret}: others can read this secret; run: chmod 600")
    secret.chmod(0o600)
    process = start_at(folder, *named, env={"BTK_SECRET": ""})
    until(lambda: stands_a_pair(trading), process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def test_a_key_that_can_withdraw_is_refused_in_one_line(trading: TradingVenue, tmp_path: Path) -> None:
    trading.key.can_withdraw = True
    process = start_at(make_live_project(tmp_path), "live", "--yes")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "--allow-withdrawal-key" in errors.decode()


def test_the_keys_appear_nowhere_whatever_goes_wrong_also_with_a_traceback(
    trading: TradingVenue, tmp_path: Path
) -> None:
    def signed(request: Request) -> bool:
        return "signature" in request.sent

    for nth, name in enumerate(("500, executed", "reset, executed", "200 {}", "-1021"), start=4):
        trading.plan(FAULTS[name], nth, on=signed)
    folder = make_live_project(tmp_path)
    process = start_at(folder, "-v", "live", "--yes", env={"PYTHONASYNCIODEBUG": "1"})
    until(lambda: stands_a_pair(trading), process)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    told = output.decode() + errors.decode() + written(folder / "dump")
    assert not [word for word in (*KEYS.values(), "signature=") if word in told]


def test_the_keys_appear_nowhere_with_every_logger_at_debug(trading: TradingVenue, tmp_path: Path) -> None:
    for nth, name in enumerate(("500, executed", "torn", "200 HTML", "-1007, executed"), start=1):
        trading.plan(FAULTS[name], nth)
    folder = make_live_project(tmp_path)
    loud = "import logging; logging.basicConfig(level=logging.DEBUG); from btk.cli.app import main; main()"
    words = [sys.executable, "-c", loud, "-v", "live", "--yes", "--root", str(folder)]
    environment = {**os.environ, **KEYS}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(words, env=environment, **pipes)
    until(lambda: stands_a_pair(trading), process)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    told = output.decode() + errors.decode() + written(folder / "dump")
    assert "DEBUG" in told
    assert not [word for word in (*KEYS.values(), "signature=") if word in told]


def test_a_revoked_key_ends_a_start_with_5_and_shows_no_key_in_its_traceback(
    trading: TradingVenue, tmp_path: Path
) -> None:
    trading.key.is_revoked = True
    process = start_at(make_live_project(tmp_path), "-v", "live", "--yes")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 5
    assert not [word for word in (*KEYS.values(), "signature=") if word in errors.decode()]


def test_without_keys_the_way_to_set_them_is_said(trading: TradingVenue, tmp_path: Path) -> None:
    folder = make_live_project(tmp_path)
    environment = {name: value for name, value in os.environ.items() if name not in KEYS}
    process = start_btk("live", "--yes", "--root", str(folder), env=environment)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert b"exchange.api_key and exchange.secret: not set" in errors


def lost_position(trading: TradingVenue, folder: Path) -> None:
    """A position with its pair at the exchange, of a run whose state is gone."""
    process = start_at(folder, "live", "--yes")
    until(lambda: stands_a_pair(trading), process)
    process.kill()
    process.communicate()
    for path in (folder / "dump/data").glob("*/*"):
        if path.parent.name in ("strategy", "run"):
            shutil.rmtree(path)


def test_a_position_whose_state_is_lost_stops_the_start_and_is_adopted_by_its_command(
    trading: TradingVenue, tmp_path: Path
) -> None:
    folder = make_live_project(tmp_path)
    lost_position(trading, folder)
    refused = start_at(folder, "live", "--yes")
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 6
    assert "btk state adopt --symbols BTCUSDT" in errors.decode()
    asked = start_at(folder, "state", "adopt", "--symbols", "BTCUSDT")
    assert asked.wait(timeout=30) == 2
    adopting = start_at(folder, "state", "adopt", "--symbols", "BTCUSDT", "--yes", "--json")
    output, errors = adopting.communicate(timeout=60)
    assert adopting.returncode == 0, errors.decode()
    (words,) = json.loads(output)["adopted"]
    assert words.startswith("adopted BTCUSDT_probe_binance: a long of 0.01998 BTC, which its stop")
    shown = start_at(folder, "state", "show")
    assert b"BTCUSDT probe: open long" in shown.communicate(timeout=30)[0]
    assert stands_a_pair(trading)
