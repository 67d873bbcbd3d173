"""Walk-forward: choose on one stretch of history, be measured on the next, and so on to the end of the frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from btk.engines.walker import Score, Variant
from btk.library.contenders import Contenders
from btk.library.parameter_grid import Axis
from btk.library.walk_courses import RunVariants, rank
from btk.model.errors import UsageError
from btk.model.intervals import DAY_MS
from btk.model.settings import Frame
from btk.model.trade import Trade
from btk.report.document import Document
from btk.report.gates import ratio
from btk.report.ranking import Ranked, Ranking
from btk.report.trade_statistics import trade_statistics

_WINDOWS = re.compile(r"(\d+)d/(\d+)d\Z")


class Lengths(NamedTuple):
    """Days to choose on, days to be measured on."""

    train_days: int
    test_days: int


class Window(NamedTuple):
    """One stretch to choose on and the one after it."""

    train: Frame
    test: Frame


def parse_lengths(text: str) -> Lengths:
    """`90d/30d`, or `UsageError`."""
    found = _WINDOWS.match(text.strip())
    if not found or "0" in found.groups():
        raise UsageError(f"--walk needs TRAIN/TEST in days, such as 90d/30d, got {text!r}")
    return Lengths(*map(int, found.groups()))


def windows_of(frame: Frame, lengths: Lengths) -> list[Window]:
    """Windows that follow each other by the length of a test; `UsageError` when the frame is too short for one."""
    train_ms, test_ms = lengths.train_days * DAY_MS, lengths.test_days * DAY_MS
    starts = range(frame.from_ms, frame.to_ms - train_ms - test_ms + 1, test_ms)
    if not starts:
        days = (frame.to_ms - frame.from_ms) / DAY_MS
        needed = lengths.train_days + lengths.test_days
        raise UsageError(f"--walk needs a frame of {needed} days at least, this one has {days:g}")
    return [
        Window(
            msgspec.structs.replace(frame, from_ms=start, to_ms=start + train_ms),
            msgspec.structs.replace(frame, from_ms=start + train_ms, to_ms=start + train_ms + test_ms),
        )
        for start in starts
    ]


class Forward:
    """Every variant on each training window, the winner of each on the test after it.

    The ranking is that of the newest training window: its winner is the one to go on with.
    """

    def __init__(
        self, contenders: Contenders, axes: tuple[Axis, ...], ranking: Ranking, lengths: Lengths
    ) -> None:
        self._contenders = contenders
        self._axes = axes
        self._lengths = lengths
        self._each = contenders.count(axes)
        self._windows = windows_of(contenders.job.frame, lengths)
        self._rankings = [Ranking(ranking.metric, ranking.minimize) for _ in self._windows[1:]] + [ranking]
        self._tests: dict[int, Score] = {}
        self.ranking = ranking

    @property
    def total(self) -> int:
        """Every variant on every window, and one test a window."""
        return len(self._windows) * (self._each + 1)

    def scores(self, run: RunVariants) -> Iterator[Score]:
        """First all training, then the tests of the winners."""
        for scored in run(self._training()):
            rank(self._rankings[(scored.number - 1) // self._each], scored)
            yield scored
        for scored in run(self._chosen()):
            self._tests[scored.number - 1 - len(self._windows) * self._each] = scored
            yield scored

    def document(self) -> Document:
        """Each window with its winner in and out of sample, and what all tests together came to."""
        rows = [self._row(place) for place in range(len(self._windows))]
        trades = [trade for _, scored in sorted(self._tests.items()) for trade in scored.trades]
        return {
            "walk_forward": {
                **self._lengths._asdict(),
                "windows": rows,
                "efficiency_pct": _efficiency(rows),
                "statistics": _out_of_sample(trades),
            }
        }

    def _training(self) -> Iterator[Variant]:
        for place, window in enumerate(self._windows):
            yield from self._contenders.variants(self._axes, window.train, 1 + place * self._each)

    def _chosen(self) -> Iterator[Variant]:
        first = 1 + len(self._windows) * self._each
        for place, (window, ranking) in enumerate(zip(self._windows, self._rankings, strict=True)):
            if ranking.best is not None:
                variant = self._contenders.variant(
                    first + place, self._place(ranking.best), ranking.best.params, window.test
                )
                yield msgspec.structs.replace(variant, keep_trades=True)

    def _place(self, best: Ranked) -> int:
        return next(
            place
            for place, contender in enumerate(self._contenders.all)
            if contender.cls.name == best.strategy
        )

    def _row(self, place: int) -> Document:
        window, ranking, tested = self._windows[place], self._rankings[place], self._tests.get(place)
        best, figures = ranking.best, tested.statistics if tested else {}
        return {
            "train": _stretch(window.train),
            "test": _stretch(window.test),
            "strategy": best.strategy if best else None,
            "params": best.params if best else None,
            "in_sample": best.value if best else None,
            "out_of_sample": figures.get(ranking.metric),
            "in_sample_return_pct": ranking.best_statistics.get("return_pct"),
            "out_of_sample_return_pct": figures.get("return_pct"),
            "out_of_sample_trades": figures.get("total_trades"),
            "error": tested.error if tested else "",
        }


def _stretch(frame: Frame) -> Document:
    return {"from_ms": frame.from_ms, "to_ms": frame.to_ms}


def _efficiency(rows: list[Document]) -> float | None:
    """Return a day out of sample beside that in sample, in percent; None where nothing was earned in sample."""
    inside = outside = inside_days = outside_days = 0.0
    for row in rows:
        earned, kept = row["in_sample_return_pct"], row["out_of_sample_return_pct"]
        if isinstance(earned, float) and isinstance(kept, float):
            inside, outside = inside + earned, outside + kept
            inside_days, outside_days = inside_days + _days(row["train"]), outside_days + _days(row["test"])
    found = ratio(outside * inside_days, inside * outside_days)
    return None if found is None else found * 100


def _days(stretch: object) -> float:
    assert isinstance(stretch, dict)
    return float((stretch["to_ms"] - stretch["from_ms"]) / DAY_MS)


def _out_of_sample(trades: list[Trade]) -> Document:
    return {name: figure for name, figure in trade_statistics(trades).items() if not isinstance(figure, dict)}
