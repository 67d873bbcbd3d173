"""btk: one strategy file, one YAML file, one tick core for backtest, paper and live.

The names below are all a strategy or a script needs; they are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from btk.model.edition import EDITION

if TYPE_CHECKING:
    from btk.adapters.state_blocking import BlockingBackend
    from btk.core.market import Market
    from btk.core.position import Position
    from btk.core.risk import Book, Candidate
    from btk.core.strategy import Strategy
    from btk.library import results
    from btk.library.candles import cache_candles, check_candles, warm_candles
    from btk.library.doors import Backtest, Live, Paper, Walker
    from btk.library.html_report import html_report
    from btk.library.listening import listen
    from btk.library.parameter_grid import parse_axes
    from btk.library.project import Project, open_project
    from btk.library.report_doors import Heat, Partial, Performance, Risk, Schedule
    from btk.library.reports import Choice, Reports
    from btk.library.state import (
        read_book_data,
        read_partial_data,
        read_position_data,
        read_schedule_data,
        read_signal_data,
        read_strategy_data,
    )
    from btk.library.state_backends import (
        use_persist_partial_adapter,
        use_persist_risk_adapter,
        use_persist_schedule_adapter,
        use_persist_signal_adapter,
        use_persist_strategy_adapter,
    )
    from btk.library.walk_run import Walk
    from btk.model.bars import Candles
    from btk.model.errors import InsufficientData, LookAhead, NotRecorded
    from btk.model.settings import Settings
    from btk.model.signal import Signal
    from btk.model.trade import Trade
    from btk.model.verdict import Accepted, Refused
    from btk.ports import StateBackend, Stored

__version__ = EDITION

_HOMES = {
    "Accepted": "btk.model.verdict",
    "Backtest": "btk.library.doors",
    "BlockingBackend": "btk.adapters.state_blocking",
    "Book": "btk.core.risk",
    "Candidate": "btk.core.risk",
    "Candles": "btk.model.bars",
    "Choice": "btk.library.reports",
    "Heat": "btk.library.report_doors",
    "InsufficientData": "btk.model.errors",
    "Live": "btk.library.doors",
    "LookAhead": "btk.model.errors",
    "Market": "btk.core.market",
    "NotRecorded": "btk.model.errors",
    "Paper": "btk.library.doors",
    "Partial": "btk.library.report_doors",
    "Performance": "btk.library.report_doors",
    "Position": "btk.core.position",
    "Project": "btk.library.project",
    "Refused": "btk.model.verdict",
    "Reports": "btk.library.reports",
    "Risk": "btk.library.report_doors",
    "Schedule": "btk.library.report_doors",
    "Settings": "btk.model.settings",
    "Signal": "btk.model.signal",
    "StateBackend": "btk.ports",
    "Stored": "btk.ports",
    "Strategy": "btk.core.strategy",
    "Trade": "btk.model.trade",
    "Walk": "btk.library.walk_run",
    "Walker": "btk.library.doors",
    "cache_candles": "btk.library.candles",
    "check_candles": "btk.library.candles",
    "html_report": "btk.library.html_report",
    "listen": "btk.library.listening",
    "open_project": "btk.library.project",
    "parse_axes": "btk.library.parameter_grid",
    "read_book_data": "btk.library.state",
    "read_partial_data": "btk.library.state",
    "read_position_data": "btk.library.state",
    "read_schedule_data": "btk.library.state",
    "read_signal_data": "btk.library.state",
    "read_strategy_data": "btk.library.state",
    "use_persist_partial_adapter": "btk.library.state_backends",
    "use_persist_risk_adapter": "btk.library.state_backends",
    "use_persist_schedule_adapter": "btk.library.state_backends",
    "use_persist_signal_adapter": "btk.library.state_backends",
    "use_persist_strategy_adapter": "btk.library.state_backends",
    "warm_candles": "btk.library.candles",
}

__all__ = [
    "Accepted",
    "Backtest",
    "BlockingBackend",
    "Book",
    "Candidate",
    "Candles",
    "Choice",
    "Heat",
    "InsufficientData",
    "Live",
    "LookAhead",
    "Market",
    "NotRecorded",
    "Paper",
    "Partial",
    "Performance",
    "Position",
    "Project",
    "Refused",
    "Reports",
    "Risk",
    "Schedule",
    "Settings",
    "Signal",
    "StateBackend",
    "Stored",
    "Strategy",
    "Trade",
    "Walk",
    "Walker",
    "cache_candles",
    "check_candles",
    "html_report",
    "listen",
    "open_project",
    "parse_axes",
    "read_book_data",
    "read_partial_data",
    "read_position_data",
    "read_schedule_data",
    "read_signal_data",
    "read_strategy_data",
    "results",
    "use_persist_partial_adapter",
    "use_persist_risk_adapter",
    "use_persist_schedule_adapter",
    "use_persist_signal_adapter",
    "use_persist_strategy_adapter",
    "warm_candles",
]


def __getattr__(name: str) -> Any:
    if name == "results":
        return import_module("btk.library.results")
    if name not in _HOMES:
        raise AttributeError(f"module 'btk' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
