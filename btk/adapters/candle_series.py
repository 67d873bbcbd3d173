"""A candle series: which market and interval its files belong to, and how its time is cut into months."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from btk.model.errors import SettingsError
from btk.model.intervals import interval_ms
from btk.model.names import check_exchange_name, check_symbol_name

_UNIFIED = re.compile(r"[A-Za-z0-9.\-]+/[A-Za-z0-9.\-]+(:[A-Za-z0-9.\-]+)?\Z")

_DASHED = re.compile(r"[A-Za-z0-9]+-[A-Za-z0-9]+\Z")


class SeriesKey(msgspec.Struct, frozen=True):
    """Exchange, symbol in its file form, and interval; stored inside every file and compared on reading."""

    exchange: str
    symbol: str
    interval: str = "1m"

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} {self.interval}"

    @property
    def step_ms(self) -> int:
        """Milliseconds from one candle to the next."""
        return interval_ms(self.interval)

    def folder(self, root: Path) -> Path:
        """Where its files are; `SettingsError` for a name that could lead elsewhere."""
        exchange, symbol = check_exchange_name(self.exchange), check_symbol_name(self.symbol)
        interval_ms(self.interval)
        return root / exchange / symbol / self.interval


class SymbolNames(msgspec.Struct, frozen=True):
    """A symbol as a file name, and, where it was given, as the venues' common form (`BTC/USDT`)."""

    file_form: str
    unified: str | None


# Told a series, how many of its candles are done, and how many there are to do.
Watch = Callable[[SeriesKey, int, int], None]


def symbol_names(text: str) -> SymbolNames:
    """`BTCUSDT`, or `BTC/USDT`, `BTC-USDT` and `BTC/USDT:USDT`, which become `BTCUSDT` and `BTCUSDT.USDT`."""
    if _DASHED.match(text):
        text = text.replace("-", "/")
    if "/" not in text:
        return SymbolNames(check_symbol_name(text), None)
    if not _UNIFIED.match(text) or ".." in text:
        raise SettingsError(f"symbol {text!r} cannot be used: write it like BTCUSDT or BTC/USDT")
    return SymbolNames(check_symbol_name(text.replace("/", "").replace(":", ".")), text)
