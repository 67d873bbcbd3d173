"""Merging candles into a store, against a dictionary that does the same one minute at a time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_stretch import Hole
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import APRIL_MS, SERIES, candles, source

MINUTES = 40
FIRST_MS = APRIL_MS - MINUTES // 2 * MINUTE_MS
VERSIONS = [candles(FIRST_MS, MINUTES, seed).table for seed in range(3)]

step = st.fixed_dictionaries(
    {
        "rows": st.dictionaries(st.integers(0, MINUTES - 1), st.integers(0, 2), max_size=15),
        "hole": st.tuples(
            st.integers(0, MINUTES - 1), st.integers(1, 10), st.sampled_from(["empty", "failed"])
        ),
        "overwrite": st.booleans(),
    }
)


def _offered(rows: dict[int, int]) -> CandleRows:
    places = sorted(rows)
    table = np.array([VERSIONS[rows[place]][:, place] for place in places]).reshape(-1, 5).T
    return CandleRows(FIRST_MS + MINUTE_MS * np.array(places, dtype=np.int64), np.ascontiguousarray(table))


def _hole(first: int, length: int, reason: str) -> Hole:
    last = min(MINUTES, first + length)
    return Hole(Span(FIRST_MS + first * MINUTE_MS, FIRST_MS + last * MINUTE_MS), reason)


def _expect(known: dict[int, int | str], step: dict[str, object]) -> None:
    rows: dict[int, int] = step["rows"]  # type: ignore[assignment]
    first, length, reason = step["hole"]  # type: ignore[misc]
    if not step["overwrite"] and any(
        known.get(place) not in (rows[place], None, "empty", "failed") for place in rows
    ):
        return
    for place in range(first, min(MINUTES, first + length)):
        if place not in known or (reason == "empty" and known[place] == "failed"):
            known[place] = reason
    known.update(rows)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(step, min_size=1, max_size=6))
def test_any_sequence_of_stores_leaves_what_a_dictionary_would(steps: list[dict[str, object]]) -> None:
    known: dict[int, int | str] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for each in steps:
            with CandleWriter(root, SERIES) as writer:
                writer.store(
                    _offered(each["rows"]),  # type: ignore[arg-type]
                    holes=[_hole(*each["hole"])],  # type: ignore[misc]
                    overwrite=bool(each["overwrite"]),
                )
            _expect(known, each)
        span = Span(FIRST_MS, FIRST_MS + MINUTES * MINUTE_MS)
        reader = source(root)
        table = np.array(reader.read("BTCUSDT", span).columns)
        counts = reader.counts("BTCUSDT", span)
    for place in range(MINUTES):
        version = known.get(place)
        if isinstance(version, int):
            assert np.array_equal(table[:, place], VERSIONS[version][:, place])
        elif version != "empty":
            assert np.isnan(table[:, place]).all()
    assert counts.empty == sum(value == "empty" for value in known.values())
    assert counts.failed == sum(value == "failed" for value in known.values())
