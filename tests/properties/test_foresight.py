"""A variant whose plans another one has made before is what it would be alone: the same questions, trades and money."""

from __future__ import annotations

import gc
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.model import Minutes
from btk.engines import backtest
from btk.engines.backtest import Backtest
from btk.engines.drivers import StopSwitch
from btk.engines.foresight import Fates
from btk.engines.held_candles import HeldCandles
from btk.model.bars import Span
from tests.fakes.recorded_candles import RecordedCandles
from tests.properties.wild_run import JUMP, Wild, candles_of, job_of, wild_worlds
from tests.properties.wild_strategy import Diary


def held_candles(wild: Wild) -> HeldCandles:
    """The candles of a world, in memory."""
    candles = candles_of(wild)
    spans = {name: Span(bars.first_ms, bars.end_ms) for name, bars in candles.items()}
    return HeldCandles(RecordedCandles(candles), spans)


def left(wild: Wild, source: Any, block_minutes: int = JUMP) -> tuple[Any, ...]:
    """All that a run of these candles leaves."""
    diaries: list[Diary] = []
    job = job_of(wild, diaries, candles_of(wild))
    job = msgspec.structs.replace(job, source=source, block_minutes=block_minutes, figures_only=True)
    outcome = Backtest(job, lambda key, event: None, time.perf_counter).run(StopSwitch())
    return diaries, outcome.records, outcome.symbols, outcome.equity, outcome.open_slots, outcome.reached_ms


@given(wild=wild_worlds(), shorter=st.integers(0, 200), other_temper=st.sampled_from((0.05, 0.3)))
@settings(max_examples=60, deadline=None)
def test_what_was_found_for_one_variant_is_true_for_the_next(wild, shorter, other_temper):
    held, alone = held_candles(wild), RecordedCandles(candles_of(wild))
    cut = msgspec.structs.replace(wild, minutes=wild.minutes - shorter)
    tempered = msgspec.structs.replace(wild, temper=wild.temper._replace(wishes=other_temper))
    stranger = msgspec.structs.replace(wild, seed=wild.seed + 1)
    # The first finds everything, the second knows all of it; the others share some, and may end in the middle of it.
    for variant, block in ((wild, JUMP), (wild, 7), (cut, 1), (tempered, JUMP), (stranger, 5), (wild, JUMP)):
        assert left(variant, held, block) == left(variant, alone, block)


@pytest.mark.parametrize("seed", range(4))
def test_what_another_model_or_a_command_made_of_a_plan_is_not_taken_for_what_becomes_of_it(seed):
    alone = Wild(seed=seed, commands=0, limited=False)
    held = held_candles(alone)
    commanded = msgspec.structs.replace(alone, commands=12)
    averaged = msgspec.structs.replace(alone, model="vwap")
    for variant in (alone, commanded, averaged, alone, commanded):
        assert left(variant, held) == left(variant, RecordedCandles(candles_of(variant)))


def test_what_is_known_is_not_found_again(monkeypatch):
    wild = Wild(seed=1, commands=0, symbols=1)
    held, looked = held_candles(wild), []
    candle = Minutes.candle
    monkeypatch.setattr(Minutes, "candle", lambda self, row: (looked.append(row), candle(self, row))[1])
    first = left(wild, held)
    found = len(looked)
    assert left(wild, held) == first
    assert found > 20
    # Only that of the frame's end, and those of entries that rested.
    assert len(looked) - found < found / 2


def test_no_more_is_remembered_than_there_is_room_for_all_strategies_together(monkeypatch):
    held = held_candles(Wild(seed=1, symbols=2))
    monkeypatch.setattr(backtest, "MOST_FATES", 3)
    sizes: list[int] = []
    keep = Fates.keep
    monkeypatch.setattr(Fates, "keep", lambda self, *told: (keep(self, *told), sizes.append(known(self)))[0])
    left(Wild(seed=1, commands=0, symbols=2, strategies=2), held)
    assert set(sizes) == {1, 2, 3}


def known(fates: Fates) -> int:
    """So many plans are known, counted one by one."""
    assert len(fates) == sum(map(len, fates._known.values()))
    return len(fates)


def test_the_collector_has_nothing_to_look_at_in_what_is_remembered():
    wild = Wild(seed=1, commands=0, symbols=1)
    held = held_candles(wild)
    left(wild, held)
    gc.collect()
    remembered = [
        turns for plans in held.once(Fates, lambda: Fates(0))._known.values() for turns in plans.values()
    ]
    assert remembered
    assert not any(map(gc.is_tracked, remembered))
