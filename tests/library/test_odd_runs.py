"""Clocks that jump, candles that do not come, strategies that hang: what a live run makes of them."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.disk import Chunk, Disk
from btk.adapters.equity_series import whole_rows
from btk.core.market import Market
from btk.core.position import Position
from btk.core.strategy import Strategy
from btk.engines.patient_driver import Patience
from btk.model.bars import Bars
from btk.model.errors import DumpError, Fatal, Transient
from btk.model.events import ClosedEvent, ErrorEvent, OpenedEvent
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from tests.fakes.recorded_candles import minutes_of
from tests.library.odd_run import OddRun
from tests.properties.random_market import random_minutes

BEGIN_MS = 1_704_153_600_000  # 2024-01-02T00:00Z, to the second
HOUR, DAY = 3600, 86_400
SHORT = Patience(question=0.4, hook=0.4, limit=180.0)
"""Long enough for a busy machine to call what does not hang."""


class Watched(Strategy):
    """Buys at its first question and holds for a day; notes what it was called for."""

    interval = "1m"
    seen: list[tuple[str, str, int]]
    lifetime = 1440

    def get_signal(self, market: Market) -> Signal | None:
        self.seen.append((market.symbol, "asked", minute(market)))
        return Signal.bracket("long", market.price, 5, 5, lifetime_minutes=self.lifetime)

    def on_active(self, market: Market, position: Position) -> None:
        self.seen.append((market.symbol, "active", minute(market)))


def minute(market: Market) -> int:
    """Of the run."""
    return (market.now_ms - BEGIN_MS) // MINUTE_MS


def watched(notes: list[tuple[str, str, int]], **attributes: Any) -> Callable[[], Strategy]:
    """Makes strategies that write into `notes`."""
    return type("Watching", (Watched,), {"seen": notes, **attributes})


def quiet(minutes: int = 3000) -> Bars:
    """A market in which nothing happens, from an hour before the beginning."""
    return minutes_of(BEGIN_MS - 60 * MINUTE_MS, [(100.0, 100.1, 99.9, 100.0, 1.0)] * (minutes + 60))


def run_of(tmp_path: Path, *symbols: str, **strategies: Callable[[], Strategy]) -> OddRun:
    """A run of some strategies on some quiet markets."""
    return OddRun(tmp_path, {symbol: quiet() for symbol in symbols or ("BTC",)}, strategies, BEGIN_MS)


def since_opened(notes: list[tuple[str, str, int]], symbol: str = "BTC") -> list[int]:
    """The minutes in which the position of a symbol was looked at."""
    return [at for name, what, at in notes if (name, what) == (symbol, "active")]


def follow(minutes: list[int]) -> bool:
    """Whether no minute is twice, and none left out."""
    return minutes == list(range(minutes[0], minutes[0] + len(minutes)))


@pytest.mark.parametrize("seconds", [-HOUR, DAY])
def test_a_wall_clock_that_is_set_changes_nothing_but_an_alarm(tmp_path: Path, seconds: int) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(notes))
    run.live(1200, {400: lambda run: setattr(run.host, "wall_off_ms", seconds * 1000)})
    minutes = [(tick_ms - BEGIN_MS) // MINUTE_MS for tick_ms in run.ticks]
    assert follow(minutes)
    assert len(minutes) >= 18
    assert follow(since_opened(notes))
    assert not run.told(ClosedEvent)
    assert max(run.host.pauses) <= 60
    assert run.alarms("machine clock")


@pytest.mark.parametrize("off_ms", [-HOUR * 1000, DAY * 1000])
def test_an_exchange_that_once_tells_a_wrong_time_is_not_believed(tmp_path: Path, off_ms: int) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(notes))
    wrong = {290: lambda run: setattr(run.feed, "clock_off_ms", off_ms)}
    right = {325: lambda run: setattr(run.feed, "clock_off_ms", 0)}
    run.live(1200, {**wrong, **right})
    minutes = [(tick_ms - BEGIN_MS) // MINUTE_MS for tick_ms in run.ticks]
    assert follow(minutes)
    assert minutes[-1] >= 18
    assert follow(since_opened(notes))


def test_it_can_be_left_while_an_exchange_does_not_answer(tmp_path: Path) -> None:
    run = run_of(tmp_path, holds=watched([]))
    run.live(305, {290: lambda run: setattr(run.feed, "hangs", True)})
    assert run.host.passed < 310


def test_an_exchange_that_goes_on_telling_another_time_is_believed(tmp_path: Path) -> None:
    # A machine that was frozen may have lost the time with both of its clocks.
    run = run_of(tmp_path, holds=watched([]))
    run.live(900, {290: lambda run: setattr(run.feed, "clock_off_ms", 600_000)})
    assert (run.ticks[-1] - BEGIN_MS) // MINUTE_MS >= 23


def test_a_run_that_followed_a_wrong_clock_says_so_when_that_clock_is_right_again(tmp_path: Path) -> None:
    run = run_of(tmp_path, holds=watched([]))
    wrong = {290: lambda run: setattr(run.feed, "clock_off_ms", DAY * 1000)}
    right = {900: lambda run: setattr(run.feed, "clock_off_ms", 0)}
    run.live(2400, {**wrong, **right})
    assert (run.ticks[-1] - BEGIN_MS) // MINUTE_MS > 1440
    ((message, over),) = run.alarms("run clock")
    assert "the run has come to 2024-01-03" in message
    assert "start it again with --set-back" in message
    assert not over


def test_an_exchange_without_a_clock_is_an_alarm_until_it_has_one(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(notes))
    lose = {200: lambda run: setattr(run.feed, "clock_error", Transient("no answer"))}
    find = {700: lambda run: setattr(run.feed, "clock_error", None)}
    run.live(1500, {**lose, **find})
    assert follow(since_opened(notes))
    assert [over for _, over in run.alarms("exchange clock")] == [False, True]


@pytest.mark.parametrize("seconds", [600, 3 * HOUR])
def test_a_machine_that_slept_catches_up_and_decides_at_the_newest_candle_only(
    tmp_path: Path, seconds: int
) -> None:
    held: list[tuple[str, str, int]] = []
    asked: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(held), waits=watched(asked, get_signal=never(asked)))
    run.live(seconds + 900, {400: lambda run: run.host.sleep(seconds)})
    assert follow(since_opened(held))
    assert not run.told(ClosedEvent)
    minutes = [at for _, _, at in asked]
    missed = set(range(minutes[0], minutes[-1])) - set(minutes)
    assert seconds // 60 - 2 <= len(missed) <= seconds // 60
    assert len(minutes) == len(set(minutes))
    assert [over for _, over in run.alarms("missed ticks")] == [True]


def never(notes: list[tuple[str, str, int]]) -> Callable[[Any, Market], None]:
    """A question that is only noted."""

    def get_signal(self: Strategy, market: Market) -> None:
        notes.append((market.symbol, "asked", minute(market)))

    return get_signal


def test_left_and_started_again_it_goes_through_every_minute_once(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(notes))
    for _ in range(3):
        run.live(500)
        run.host.sleep(1800)
    assert follow(since_opened(notes))
    assert since_opened(notes)[-1] > 70
    assert [type(event) for event in run.told(OpenedEvent, ClosedEvent)] == [OpenedEvent]


def test_entries_are_refused_while_catching_up(tmp_path: Path) -> None:
    verdicts: list[tuple[int, bool]] = []

    def on_active(self: Strategy, market: Market, position: Position) -> None:
        if minute(market) > 3:
            verdicts.append((minute(market), bool(position.average_buy(10))))

    run = run_of(tmp_path, adds=watched([], on_active=on_active))
    run.live(1500, {400: lambda run: run.host.sleep(600)})
    assert follow([at for at, _ in verdicts])
    refused = [at for at, accepted in verdicts if not accepted and 7 < at < 16]
    assert len(refused) >= 8


def test_a_symbol_that_has_no_candles_stops_no_other_and_catches_up_in_order(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, "BTC", "ETH", holds=watched(notes))
    silence = {310: lambda run: run.feed.silent.update(ETH=BEGIN_MS + 5 * MINUTE_MS)}
    run.live(1500, {**silence, 910: lambda run: run.feed.silent.clear()})
    assert follow(since_opened(notes, "BTC"))
    assert follow(since_opened(notes, "ETH"))
    assert [over for _, over in run.alarms("candles of ETH")] == [False, True]
    assert not run.alarms("candles of BTC")
    order = [symbol for symbol, what, at in notes if what == "active" and at == 8]
    assert order == ["BTC", "ETH"]


def test_stale_candles_are_not_decided_at(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, "BTC", "ETH", waits=watched(notes, get_signal=never(notes)))
    run.live(1500, {310: lambda run: run.feed.broken.update(ETH=Fatal("delisted"))})
    asked = [at for symbol, _, at in notes if symbol == "ETH"]
    assert asked
    assert max(asked) <= 6
    assert max(at for symbol, _, at in notes if symbol == "BTC") >= 24
    assert "delisted" in run.alarms("candles of ETH")[0][0]


def test_a_run_goes_on_without_a_symbol_that_is_gone_at_its_next_start(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, "BTC", "ETH", holds=watched(notes))
    run.live(500)
    run.feed.broken["ETH"] = Fatal("delisted")
    run.live(600)
    run.feed.broken.clear()
    run.live(500)
    assert follow(since_opened(notes, "BTC"))
    assert follow(since_opened(notes, "ETH"))
    assert len(run.told(OpenedEvent)) == 2


def test_a_symbol_that_lagged_when_the_run_was_left_catches_up_after_its_next_start(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, "BTC", "ETH", holds=watched(notes))
    run.live(4000, {310: lambda run: run.feed.silent.update(ETH=BEGIN_MS + 5 * MINUTE_MS)})
    run.feed.silent.clear()
    run.live(500)
    assert follow(since_opened(notes, "ETH"))
    assert since_opened(notes, "ETH")[-1] > 70


@pytest.mark.parametrize("model", ["candle", "vwap"])
def test_minutes_that_are_not_kept_any_more_are_an_alarm(tmp_path: Path, model: str) -> None:
    notes: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, "BTC", "ETH", holds=watched(notes))
    run.model = model
    run.live(500)
    run.host.sleep(6 * HOUR)
    run.feed.oldest_ms = BEGIN_MS + 300 * MINUTE_MS
    run.live(900)
    seen = since_opened(notes)
    missed = next(at for at, after in pairwise(seen) if after > at + 1)
    assert missed <= 8
    assert follow([at for at in seen if at > missed])
    assert 300 < seen[seen.index(missed) + 1] <= 305
    assert [over for _, over in run.alarms("lost candles of BTC")] == [True]
    assert not run.told(ClosedEvent)


def test_a_symbol_that_was_left_out_for_a_while_has_earned_what_it_had_earned(tmp_path: Path) -> None:
    lively = {
        symbol: random_minutes(seed, BEGIN_MS - 60 * MINUTE_MS, 300) for seed, symbol in enumerate("AB")
    }
    run = OddRun(tmp_path, lively, {"trades": watched([], lifetime=4)}, BEGIN_MS)
    for symbols in ("A", "AB", "B", "AB"):
        run.minutes = {symbol: lively[symbol] for symbol in symbols}
        run.live(900)
    wallet = run.session.trading.wallet()
    earned = dict.fromkeys("AB", 0.0)
    for event in run.told(ClosedEvent):
        assert isinstance(event, ClosedEvent)
        earned[event.symbol] += event.pnl_cost
    assert earned["A"] != 0
    assert wallet.realised_by_symbol == pytest.approx(earned)
    assert wallet.realised == pytest.approx(sum(earned.values()))


class Trouble:
    """What a strategy gets into when it is asked."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act
        self.asked: list[int] = []

    def strategy(self) -> Callable[[], Strategy]:
        trouble = self

        def get_signal(self: Strategy, market: Market) -> Any:
            trouble.asked.append(minute(market))
            return trouble.act()

        return type("Troubled", (Strategy,), {"interval": "1m", "get_signal": get_signal})


def raises(error: BaseException) -> Callable[[], object]:
    """Does so each time."""

    def act() -> object:
        raise error

    return act


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_strategy_that_raises_stops_no_other(tmp_path: Path, error: BaseException) -> None:
    notes: list[tuple[str, str, int]] = []
    trouble = Trouble(raises(error))
    run = run_of(tmp_path, holds=watched(notes), raises=trouble.strategy())
    run.live(600)
    assert follow(since_opened(notes))
    assert follow(trouble.asked)
    assert len(trouble.asked) >= 8
    (told,) = run.told(ErrorEvent)
    assert isinstance(told, ErrorEvent)
    assert told.message.startswith(type(error).__name__)


def test_a_strategy_that_hangs_is_given_up_and_asked_again_when_it_has_returned(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    free = threading.Event()
    trouble = Trouble(lambda: free.wait(20) and None)
    run = run_of(tmp_path, holds=watched(notes), hangs=trouble.strategy())
    run.patience = SHORT
    run.live(1200, {700: lambda run: free.set()})
    assert follow(since_opened(notes))
    (told,) = run.told(ErrorEvent)
    assert isinstance(told, ErrorEvent)
    assert "longer than 180 seconds" in told.message
    assert trouble.asked[1] - trouble.asked[0] >= 8
    assert len(trouble.asked) >= 4


def test_a_slow_answer_counts_at_the_tick_at_which_it_comes(tmp_path: Path) -> None:
    free = threading.Event()

    def act() -> object:
        free.wait(20)
        return Signal.bracket("long", 100.0, 5, 5, lifetime_minutes=1440)

    trouble = Trouble(act)
    run = run_of(tmp_path, slow=trouble.strategy())
    run.patience = SHORT
    run.live(600, {100: lambda run: free.set()})
    (opened,) = run.told(OpenedEvent)
    assert isinstance(opened, OpenedEvent)
    assert trouble.asked == [-1]
    assert (opened.scheduled_at_ms - BEGIN_MS) // MINUTE_MS == 2
    assert not run.told(ErrorEvent)


def test_a_hook_that_hangs_is_given_up_with_what_it_asks_for_later(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    free = threading.Event()
    done: list[str] = []

    def on_active(self: Strategy, market: Market, position: Position) -> None:
        if minute(market) == 4:
            done.append("hung")
            free.wait(20)
            position.close()
            done.append("closed")

    run = run_of(tmp_path, holds=watched(notes), hangs=watched([], on_active=on_active))
    run.patience = SHORT
    run.live(900, {600: lambda run: free.set()})
    assert follow(since_opened(notes))
    assert done == ["hung"]
    assert not run.told(ClosedEvent)
    assert [event.strategy for event in run.told(ErrorEvent)] == ["hangs"]


class NoEquity(Disk):
    """Has no room for the course of the equity."""

    refuses = True

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        if self.refuses and path.suffix == ".f64":
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        super().extend(path, at, chunk, durable)


def test_equity_that_cannot_be_written_is_an_alarm_and_stops_nothing(tmp_path: Path) -> None:
    asked: list[tuple[str, str, int]] = []
    disk = NoEquity()
    run = run_of(tmp_path, holds=watched([]), waits=watched(asked, get_signal=never(asked)))
    run.disk = disk
    run.live(900, {600: lambda run: setattr(disk, "refuses", False)})
    assert follow([at for _, _, at in asked])
    assert [over for _, over in run.alarms("equity")] == [False, True]
    (series,) = tmp_path.glob("runs/*/equity/*.f64")
    assert len(whole_rows(series)) >= 1


def test_a_disk_that_refuses_stops_entries_and_nothing_else(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    asked: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(notes), waits=watched(asked, get_signal=never(asked)))
    kept: list[Any] = []

    def refuse(run: OddRun) -> None:
        kept.append(run.session.memory._store._write_commit)
        run.session.memory._store._write_commit = full

    async def full(commit: object) -> None:
        raise DumpError("the disk is full")

    def allow(run: OddRun) -> None:
        run.session.memory._store._write_commit = kept[0]

    run.live(1200, {310: refuse, 610: allow})
    assert follow(since_opened(notes))
    minutes = {at for _, _, at in asked}
    assert not minutes & {8, 9, 10}
    assert {5, 12, 13} <= minutes
    assert [over for _, over in run.alarms("state")] == [False, True]


def test_a_strategy_that_awaits_nothing_costs_no_file_descriptors(tmp_path: Path) -> None:
    notes: list[tuple[str, str, int]] = []
    several = {f"number_{number}": watched(notes) for number in range(20)}
    run, seen = run_of(tmp_path, **several), list[int]()

    def count(run: OddRun) -> None:
        seen.append(len(list(Path("/dev/fd").iterdir())))

    count(run)
    run.live(300, {250: count})
    assert notes
    assert seen[1] - seen[0] < 20


def test_without_room_for_another_thread_a_strategy_waits_and_the_run_goes_on(tmp_path: Path) -> None:
    held: list[tuple[str, str, int]] = []
    run = run_of(tmp_path, holds=watched(held))
    run.live(400)
    before = threading.stack_size(1 << 46)
    try:
        run.live(600, {300: lambda run: threading.stack_size(before)})
    finally:
        threading.stack_size(before)
    assert [event.message for event in run.told(ErrorEvent)][:1] == ["RuntimeError: can't start new thread"]
    minutes = since_opened(held)
    assert minutes == sorted(set(minutes))
    assert minutes[-1] >= 15
