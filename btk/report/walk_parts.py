"""Walk parts: what a walk's document must have to be shown, checked when one is read back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from btk.report.run_record import FramePart

Number = float | None


class VariantPart(msgspec.Struct, frozen=True):
    """A variant that ran to its end; any of its figures may be missing."""

    rank: int
    number: int
    strategy: str
    params: dict[str, Any]
    value: Number
    total_trades: Number = None
    win_rate_pct: Number = None
    avg_pnl_pct: Number = None
    return_pct: Number = None
    max_drawdown_pct: Number = None
    profit_factor_cost: Number = None
    sharpe_ratio: Number = None


class FailedPart(msgspec.Struct, frozen=True):
    """A variant that did not."""

    number: int
    strategy: str
    params: dict[str, Any]
    error: str


class BestPart(msgspec.Struct, frozen=True):
    """The winner."""

    strategy: str
    entry: str
    params: dict[str, Any]
    value: Number
    statistics: dict[str, float | str | None]


class CountsPart(msgspec.Struct, frozen=True):
    """How many variants came to what."""

    variants: int
    done: int
    without_value: int
    failed: int
    reused: int


class LuckPart(msgspec.Struct, frozen=True):
    """The deflated Sharpe."""

    probability: Number
    lucky_sharpe: Number
    trials: int


class WindowPart(msgspec.Struct, frozen=True):
    """One window of a walk-forward; without `params` there was nothing to choose."""

    train: FramePart
    test: FramePart
    strategy: str | None
    params: dict[str, Any] | None
    in_sample: Number
    out_of_sample: Number
    out_of_sample_return_pct: Number
    out_of_sample_trades: int | None
    error: str


class OutsidePart(msgspec.Struct, frozen=True):
    """All trades out of sample."""

    total_trades: int
    avg_pnl_pct: Number


class ForwardPart(msgspec.Struct, frozen=True):
    """A walk-forward."""

    windows: Annotated[list[WindowPart], msgspec.Meta(min_length=1)]
    efficiency_pct: Number
    statistics: OutsidePart


class TimingPart(msgspec.Struct, frozen=True):
    """How long it took, and how busy the processes were."""

    seconds: float
    jobs: int
    busy_pct: Number


class WalkParts(msgspec.Struct, frozen=True):
    """The document; it may have more than is named here."""

    strategy: list[str]
    model: str
    symbols: list[str]
    metric: str
    minimize: bool
    varied: list[str]
    counts: CountsPart
    best: BestPart | None
    deflated_sharpe: LuckPart | None
    ranking: list[VariantPart]
    failed: list[FailedPart]
    warnings: list[str]
    timing: TimingPart
    fill_gaps: bool = False
    walk_forward: ForwardPart | msgspec.UnsetType = msgspec.UNSET
