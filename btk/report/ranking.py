"""Ranking: variants in the order of one statistic. Ties go to the earlier one; what has no value comes last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from btk.model.errors import UsageError
from btk.model.plain_words import did_you_mean
from btk.report.gates import Figure
from btk.report.statistics import statistic_names

SHOWN = (
    "total_trades",
    "win_rate_pct",
    "avg_pnl_pct",
    "total_pnl_pct",
    "sharpe_ratio",
    "std_dev_pct",
    "sortino_ratio",
    "calmar_ratio",
    "recovery_factor",
    "profit_factor",
    "profit_factor_cost",
    "return_pct",
    "max_drawdown_pct",
    "sharpe_daily",
    "first_opened_ms",
    "last_closed_ms",
)


LESS_IS_BETTER = frozenset(
    {
        "losses",
        "ambiguous_exits",
        "exact_touches",
        "fee_cost",
        "slippage_cost",
        "std_dev_pct",
        "compounded_drawdown_pct",
        "max_loss_streak",
        "max_drawdown_pct",
        "max_drawdown_cost",
        "longest_drawdown_minutes",
        "ulcer_index_pct",
        "volatility_yearly_pct",
        "rejected_signals",
        "gap_minutes",
    }
)


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One variant that ran to its end: `value` is its metric, None when the sample cannot carry it."""

    number: int
    strategy: str
    params: Mapping[str, Any]
    value: float | None
    figures: tuple[Figure, ...]

    @property
    def statistics(self) -> dict[str, Figure]:
        """The few statistics that are kept of every variant."""
        return dict(zip(SHOWN, self.figures, strict=True))


class Ranking:
    """Collects variants; keeps a short row of each, and all statistics of the best alone."""

    def __init__(self, metric: str, minimize: bool = False) -> None:
        self.metric = metric
        self.minimize = minimize
        self._sign = 1 if minimize else -1
        self._rows: list[Ranked] = []
        self.best: Ranked | None = None
        self.best_statistics: Mapping[str, Figure] = {}

    def add(
        self, number: int, strategy: str, params: Mapping[str, Any], statistics: Mapping[str, Figure]
    ) -> None:
        """One more variant, in any order."""
        row = Ranked(
            number=number,
            strategy=strategy,
            params=params,
            value=_number(statistics.get(self.metric)),
            figures=tuple(statistics.get(name) for name in SHOWN),
        )
        self._rows.append(row)
        if row.value is not None and (self.best is None or self._order(row) < self._order(self.best)):
            self.best, self.best_statistics = row, statistics

    def rows(self) -> list[Ranked]:
        """Every variant, the best first."""
        return sorted(self._rows, key=self._order)

    @property
    def sharpes(self) -> list[float]:
        """The Sharpe per trade of every variant that has one."""
        place = SHOWN.index("sharpe_ratio")
        found = [_number(row.figures[place]) for row in self._rows]
        return [sharpe for sharpe in found if sharpe is not None]

    def __len__(self) -> int:
        return len(self._rows)

    def _order(self, row: Ranked) -> tuple[float, int]:
        return (math.inf if row.value is None else self._sign * row.value, row.number)


def check_metric(name: str) -> str:
    """The name of a statistic that variants can be ranked by, or `UsageError`."""
    names = statistic_names()
    if name in names:
        return name
    remedy = did_you_mean(name, names) or f"; there are {', '.join(names[:12])} .. (see a result document)"
    raise UsageError(f"--metric: there is no statistic {name!r}{remedy}")


def _number(figure: Figure) -> float | None:
    return float(figure) if isinstance(figure, int | float) else None
