"""Names that reach a path: checked before they do, and joined into slot keys that can be split again."""

from __future__ import annotations

import re
from typing import NamedTuple

from btk.model.errors import SettingsError

_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*\Z")
_STRATEGY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*\Z")
_EXCHANGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*\Z")


class SlotKey(NamedTuple):
    """One strategy on one symbol of one exchange."""

    symbol: str
    strategy: str
    exchange: str

    def __str__(self) -> str:
        return f"{self.symbol}_{self.strategy}_{self.exchange}"

    @staticmethod
    def of(text: str) -> SlotKey:
        """The key whose text this is; only the strategy may have `_` in its name."""
        symbol, _, rest = text.partition("_")
        strategy, _, exchange = rest.rpartition("_")
        return SlotKey(symbol, strategy, exchange)

    @property
    def order(self) -> bytes:
        """Slots are handled in the bytewise order of their keys."""
        return str(self).encode()


def check_symbol_name(symbol: str) -> str:
    """The file form of a symbol, or `SettingsError`."""
    return _checked(_SYMBOL, "symbol", symbol, "letters, digits, '.' and '-', such as BTCUSDT")


def check_strategy_name(name: str) -> str:
    """A strategy's or a risk profile's name, or `SettingsError`."""
    return _checked(_STRATEGY, "strategy or profile name", name, "letters, digits, '_', '.' and '-'")


def check_exchange_name(name: str) -> str:
    """An exchange's name, or `SettingsError`."""
    return _checked(_EXCHANGE, "exchange", name, "letters, digits, '.' and '-' (no '_')")


def _checked(pattern: re.Pattern[str], what: str, name: str, allowed: str) -> str:
    if not pattern.match(name) or ".." in name or len(name) > 120:
        raise SettingsError(f"{what} {name!r} cannot be used: only {allowed}")
    return name
