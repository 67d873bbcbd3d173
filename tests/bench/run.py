"""`make bench`: times the engine's works beside a bare NumPy loop, prints a table, writes `dump/bench/*.json`."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402

from btk.adapters.candle_reader import StoredCandles  # noqa: E402
from btk.core.rules import Rules  # noqa: E402
from btk.core.strategy import Strategy  # noqa: E402
from btk.engines.backtest import Backtest, Job, Seat  # noqa: E402
from btk.engines.drivers import StopSwitch  # noqa: E402
from btk.library.event_bus import EventBus  # noqa: E402
from btk.library.listener import Wish  # noqa: E402
from btk.library.telling import RunName, Teller  # noqa: E402
from btk.model.bars import Span  # noqa: E402
from btk.model.dates import format_date  # noqa: E402
from btk.model.names import SlotKey  # noqa: E402
from btk.model.settings import RiskProfile  # noqa: E402
from tests.bench import strategies, year  # noqa: E402
from tests.bench.reference import reference_trades  # noqa: E402
from tests.bench.stored_year import PORTFOLIO_ROWS, PORTFOLIO_SYMBOLS, store_year  # noqa: E402

REPEATS = 5

T = TypeVar("T")


class Figure(NamedTuple):
    """One measured work: the median of its seconds, what was asked, and what it produced."""

    work: str
    seconds: float
    asked: float | None
    note: str


def main() -> None:
    """Measure everything and tell."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        cache = project / "dump" / "data" / "candle"
        store_year(cache)
        figures = [*engine_figures(cache), *process_figures(cache), walk_figure(project)]
    reference = figures[0].seconds
    print(f"{platform.machine()}, Python {platform.python_version()}, median of {REPEATS}\n")
    print(f"{'work':34} {'seconds':>9} {'asked':>7} {'x ref':>8}  note")
    for figure in figures:
        asked = "" if figure.asked is None else f"{figure.asked:g}"
        mark = "" if figure.asked is None or figure.seconds <= figure.asked else "  MISSED"
        ratio = figure.seconds / reference
        print(f"{figure.work:34} {figure.seconds:9.4f} {asked:>7} {ratio:8.1f}  {figure.note}{mark}")
    target = ROOT / "dump" / "bench" / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps([figure._asdict() for figure in figures], indent=2))
    print(f"\nwritten to {target.relative_to(ROOT)}")


def engine_figures(cache: Path) -> list[Figure]:
    """The works inside this process: the engine's own seconds, candles mapped from the store."""
    bars, source = year.year(), StoredCandles(cache, "bench")
    works: list[tuple[str, Callable[[], Job], float | None]] = [
        ("W1 arrays", lambda: job(source, strategies.CrossArrays), 0.03),
        ("W1 arrays, peers' variant", lambda: job(source, strategies.CrossPeers), 0.03),
        ("W1 arrays, without milestones", lambda: quiet(job(source, strategies.CrossArrays)), 0.03),
        ("W1 callback", lambda: job(source, strategies.CrossCallback), 0.25),
        ("W1 arrays, vwap model", lambda: job(source, strategies.CrossArrays, model="vwap"), None),
        ("W2 525,600 calls", lambda: job(source, strategies.Silent), 0.2),
        ("W4 on_active", lambda: job(source, strategies.CrossWatched), 0.8),
        ("W5 nine symbols, shared risk", lambda: portfolio(source), 0.6),
    ]
    seconds, trades = timed(lambda: reference_trades(bars))
    figures = [Figure("ref: bare NumPy loop doing W1", seconds, None, f"{trades} trades")]
    for work, make, asked in works:
        seconds, trades = timed(lambda make=make: run(make()))  # type: ignore[misc]
        figures.append(Figure(work, seconds, asked, f"{trades} trades"))
    for topic in ("signal_event", "signal"):
        seconds, told = timed(lambda topic=topic: heard(job(source, strategies.CrossArrays), topic))  # type: ignore[misc]
        figures.append(Figure(f"W1 arrays, {topic} listened to", seconds, None, f"{told} told"))
    return figures


def process_figures(cache: Path) -> list[Figure]:
    """The works that are whole processes, and the load of a symbol-year."""
    span = Span(year.frame().from_ms, year.frame().to_ms)
    load, _ = timed(lambda: float(StoredCandles(cache, "bench").read("YEAR", span).close[-1]))
    btk = [sys.executable, "-m", "btk"]
    day = [*btk, "backtest", "--from", "2024-01-01", "--to", "2024-01-02"]
    script = [sys.executable, str(Path(__file__).with_name("whole_year.py")), str(cache)]
    figures = [Figure("W6 load a symbol-year", load, 0.015, "mapped and copied")]
    for work, command, asked in (
        ("W6 btk --help, whole process", [*btk, "--help"], 0.25),
        ("W6 btk backtest of a day, whole", day, 0.45),
        ("W1 arrays, whole process", script, 0.45),
    ):
        seconds, megabytes = process(command)
        figures.append(Figure(work, seconds, asked, f"{megabytes:.0f} MB"))
    return figures


def walk_figure(project: Path) -> Figure:
    """W3: one hundred variants by `btk walker` on all processors, as it says itself how long it took."""
    settings = project / "config" / "btk.yaml"
    settings.parent.mkdir()
    settings.write_text("exchange: {name: bench}\nsymbols: [YEAR]\n")
    first, last = (format_date(ms) for ms in (year.frame().from_ms, year.frame().to_ms))
    entry = f"{Path(strategies.__file__)}:CrossArrays"
    grid = ["--param", "fast=5:14:1", "--param", "slow=30:75:5"]
    command = [sys.executable, "-m", "btk", "walker", entry, *grid, "--from", first, "--to", last]
    command += ["--no-cache", "--json", "--root", str(project)]
    told = [
        json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        for _ in range(3)
    ]
    seconds = median(one["timing"]["seconds"] for one in told)
    return Figure("W3 walker, 100 variants", seconds, 1.8, f"{told[0]['timing']['busy_pct']:.0f} % busy")


def heard(work: Job, topic: str) -> int:
    """Run a job that a listener hears of; how often it was told."""
    bus, told = EventBus(), list[Any]()
    leave = bus.subscribe(topic, Wish(told.append))
    teller = Teller(RunName("backtest", "bench", "bench", waits=True), work.rules, bus)
    engine = Backtest(work, teller.event, time.perf_counter)
    engine.ping(teller.minutes, teller.ping)
    engine.passed = lambda reached_ms: teller.settle()
    engine.run(StopSwitch())
    teller.settle()
    leave()
    return len(told)


def job(source: StoredCandles, cls: type[Strategy], model: str = "candle") -> Job:
    """One strategy on the year."""
    seat = Seat(SlotKey("YEAR", cls.name, "bench"), cls())
    return Job(seats=[seat], source=source, frame=year.frame(), model=model, rules=Rules())


def quiet(work: Job) -> Job:
    """As the walker runs it: nobody reads events or draws the curve."""
    return msgspec.structs.replace(work, figures_only=True)


def portfolio(source: StoredCandles) -> Job:
    """Nine symbols that share one risk profile."""
    seats = [
        Seat(SlotKey(f"S{number}", "cross_bound", "bench"), strategies.CrossBound(), ("shared",))
        for number in range(PORTFOLIO_SYMBOLS)
    ]
    return Job(
        seats=seats,
        source=source,
        frame=year.frame(PORTFOLIO_ROWS),
        model="candle",
        rules=Rules(),
        profiles={"shared": (RiskProfile(max_positions=3, max_drawdown_pct=50, max_daily_loss_pct=20), ())},
    )


def run(work: Job) -> int:
    """Run a job; how many trades it made."""
    outcome = Backtest(work, lambda key, event: None, time.perf_counter).run(StopSwitch())
    return sum(len(record.trades) for record in outcome.records.values())


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The median seconds of some repeats after a warm-up, and the last answer."""
    answer, seconds = work(), []
    for _ in range(REPEATS):
        started = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - started)
    return median(seconds), answer


def process(command: list[str]) -> tuple[float, float]:
    """The median seconds of a whole process, and its peak memory in megabytes."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    return median(seconds), _peak_megabytes(command)


def _peak_megabytes(command: list[str]) -> float:
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", code, *command], cwd=ROOT, check=True, capture_output=True)
    return int(told.stdout) / 1024


if __name__ == "__main__":
    main()
