"""Preflight: which candles a frame needs, which of them are missing, and when each slot can first be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from btk.core.strategy import Strategy
from btk.engines.past import Past
from btk.model.bars import Span
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS, floor_to, interval_ms
from btk.model.settings import Frame
from btk.ports import CandleSource

SHOWN_GAPS = 5


def needed_history(frame: Frame, strategy: Strategy | type[Strategy], average_candles: int) -> Span:
    """The warm-up of a strategy: the minutes before the frame that its first question may look at."""
    step_ms = interval_ms(strategy.interval)
    bars_ms = floor_to(frame.from_ms, step_ms) - strategy.warmup * step_ms
    return Span(min(bars_ms, frame.from_ms - average_candles * MINUTE_MS), frame.from_ms)


def first_question_ms(past: Past, frame: Frame, strategy: Strategy, average_candles: int) -> int:
    """The first tick of the frame at which the warm-up is there, and the minutes of the average price."""
    step_ms, history_ms = interval_ms(strategy.interval), past.begins_ms(strategy.interval)
    warm_ms = (
        -(-history_ms // step_ms) * step_ms + strategy.warmup * step_ms if strategy.warmup else history_ms
    )
    return max(frame.from_ms, warm_ms, past.minutes_ms + average_candles * MINUTE_MS)


def check_frame(source: CandleSource, symbols: Sequence[str], frame: Frame | Span) -> None:
    """`DataError` naming the missing ranges of every symbol, and the commands that would fetch them."""
    span = Span(frame.from_ms, frame.to_ms)
    problems = []
    for symbol in symbols:
        holes = source.missing(symbol, span)
        if holes:
            problems.append(f"{symbol}: {describe(holes)}; {source.remedy(symbol, _hull(holes))}")
    if problems:
        raise DataError(
            f"candles are missing in the frame: {' | '.join(problems)}; or go on with --gaps fill"
        )


def describe(holes: Sequence[Span]) -> str:
    """The holes in words, the first few by name."""
    minutes = sum(hole.to_ms - hole.from_ms for hole in holes) // MINUTE_MS
    named = ", ".join(f"{_utc(hole.from_ms)} to {_utc(hole.to_ms)}" for hole in holes[:SHOWN_GAPS])
    more = f" and {len(holes) - SHOWN_GAPS} more ranges" if len(holes) > SHOWN_GAPS else ""
    return f"{minutes} minutes ({named}{more})"


def _hull(holes: Sequence[Span]) -> Span:
    return Span(holes[0].from_ms, holes[-1].to_ms)


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")
