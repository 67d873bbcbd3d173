"""btk: one strategy file, one YAML file, one tick core for backtest, paper and live.

The names below are all a strategy needs; they are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btk.core.market import Market
    from btk.core.position import Position
    from btk.core.risk import Book, Candidate
    from btk.core.strategy import Strategy
    from btk.library.backtest import Backtest
    from btk.model.bars import Candles
    from btk.model.errors import InsufficientData, LookAhead, NotRecorded
    from btk.model.signal import Signal
    from btk.model.trade import Trade
    from btk.model.verdict import Accepted, Refused

__version__ = "0.1.0"

_HOMES = {
    "Accepted": "btk.model.verdict",
    "Backtest": "btk.library.backtest",
    "Book": "btk.core.risk",
    "Candidate": "btk.core.risk",
    "Candles": "btk.model.bars",
    "InsufficientData": "btk.model.errors",
    "LookAhead": "btk.model.errors",
    "Market": "btk.core.market",
    "NotRecorded": "btk.model.errors",
    "Position": "btk.core.position",
    "Refused": "btk.model.verdict",
    "Signal": "btk.model.signal",
    "Strategy": "btk.core.strategy",
    "Trade": "btk.model.trade",
}

__all__ = [
    "Accepted",
    "Backtest",
    "Book",
    "Candidate",
    "Candles",
    "InsufficientData",
    "LookAhead",
    "Market",
    "NotRecorded",
    "Position",
    "Refused",
    "Signal",
    "Strategy",
    "Trade",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'btk' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
