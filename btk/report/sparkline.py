"""Sparkline: a curve drawn in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"


def sparkline(at_ms: Sequence[int], values: Sequence[float], width: int, blocks: str = BLOCKS) -> str:
    """`width` characters over equal stretches of time, each as high as the curve's last value by then.

    Times ascend. Empty without values; a flat curve stays at the lowest block.
    """
    if not values or width < 1:
        return ""
    columns = _sampled(at_ms, values, width)
    low, high = min(columns), max(columns)
    step = (high - low) / (len(blocks) - 1)
    return "".join(blocks[round((value - low) / step) if step > 0 else 0] for value in columns)


def _sampled(at_ms: Sequence[int], values: Sequence[float], width: int) -> list[float]:
    span = max(at_ms[-1] - at_ms[0], 1)
    columns: list[float | None] = [None] * width
    for at, value in zip(at_ms, values, strict=True):
        columns[min((at - at_ms[0]) * width // span, width - 1)] = value
    filled, last = [], values[0]
    for column in columns:
        last = last if column is None else column
        filled.append(last)
    return filled
