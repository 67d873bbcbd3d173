"""A project that trades at the venue of the tests, its processes, and candles that show the venue's own price."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.btk_process import start_btk
from tests.venue.candle_book import CandleBook, Row
from tests.venue.server import VenueServer
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_clock import VenueClock
from tests.venue.trading_venue import TradingVenue

MINUTE_MS = 60_000
PATIENCE_SECONDS = 60.0
KEYS = {"BTK_API_KEY": "fakekey", "BTK_SECRET": "fakesecret"}
SETTINGS = """
exchange: {{name: binance, market: {market}}}
symbols: [BTCUSDT]
strategy: {{entry: [strategies/one_signal.py]}}
broker: {{kind: ccxt}}
signal: {{position_cost: 1000}}
"""
ONE_SIGNAL = """
from btk import Signal, Strategy


class Probe(Strategy):
    interval = "1m"

    def get_signal(self, market):
        return Signal.bracket("long", market.price, take_profit_pct=2, stop_loss_pct=1)
"""


class LivingBook(CandleBook):
    """Flat minutes at the price of the venue that trades, up to its own time."""

    def __init__(self, trading: TradingVenue) -> None:
        self._trading = trading
        super().__init__(0)

    @property
    def now_ms(self) -> int:
        return self._trading.clock.now_ms()

    @now_ms.setter
    def now_ms(self, now_ms: int) -> None:
        """Its time is the venue's."""

    def _row(self, symbol: str, open_ms: int, forming: bool) -> Row:
        price = str(self._trading.spot.book.listing(symbol).price)
        return open_ms, price, price, price, price, "1.0"


def soon_a_minute(seconds: float = 4.0) -> VenueClock:
    """The venue's time: running, and so many seconds before its next whole minute."""
    now_ms = time.time_ns() // 1_000_000
    ahead_ms = MINUTE_MS - now_ms % MINUTE_MS - round(seconds * 1000)
    return VenueClock(lambda: time.time_ns() // 1_000_000 + ahead_ms)


def open_venue(server: VenueServer, clock: VenueClock) -> TradingVenue:
    """The stocked venue behind a server, and its candles."""
    server.trading = stocked_venue(clock)
    server.book = LivingBook(server.trading)
    return server.trading


def make_live_project(folder: Path, market: str = "spot") -> Path:
    """Settings with a broker, and a strategy that has an idea every minute."""
    texts = {"config/btk.yaml": SETTINGS.format(market=market), "strategies/one_signal.py": ONE_SIGNAL}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def start_at(folder: Path, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """A `btk` in the project, its keys in the environment."""
    environment = {**os.environ, **KEYS, **options.pop("env", {})}
    stdin = options.pop("stdin", subprocess.DEVNULL)
    return start_btk(*arguments, "--root", str(folder), env=environment, stdin=stdin, **options)


def until(there: Callable[[], Any], process: subprocess.Popen[bytes]) -> Any:
    """Look until it is there, or the process has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = there()
        if found:
            return found
        if process.poll() is not None:
            output, errors = process.communicate()
            raise AssertionError(f"btk ended with {process.returncode}: {errors.decode()}{output.decode()}")
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"it did not come: {process.communicate()[1].decode()}")
