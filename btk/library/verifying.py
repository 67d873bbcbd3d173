"""The live path held against a backtest: both go through one frame, and must tell the same events.

Where they do not, it is nearly always the strategy: it reads the clock, throws dice, or keeps what a restart forgets.
"""

from __future__ import annotations

import tempfile
from itertools import zip_longest
from pathlib import Path

import msgspec

from btk.adapters.async_run import run_to_end
from btk.core.slot_record import AnyEvent
from btk.engines.drivers import StopSwitch
from btk.library.backtest_run import BacktestRun
from btk.library.run_outcome import first_error
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun
from btk.model.event_line import event_line
from btk.model.settings import Settings
from btk.model.verified import Verified

EVENTS = "events.jsonl"


def verify(settings: Settings, root: Path, switch: StopSwitch, control: StopControl) -> Verified | None:
    """Run the frame of the settings twice; nothing is left behind. `StrategyError` where a strategy fails.

    `switch` ends the backtest, `control` the live path: None then, for what was cut short compares with nothing.
    The constructors of both runs refuse as they do elsewhere: `SettingsError`, `StrategyError`, `DataError`.
    """
    with tempfile.TemporaryDirectory(prefix="btk-verify-") as dump:
        state = msgspec.structs.replace(settings.state, backend="file", path=dump)
        apart = msgspec.structs.replace(settings, state=state)
        first = BacktestRun(apart, root)
        first.switch = switch
        backtest = first.run()
        if switch.requested:
            return None
        replay = run_to_end(TradingRun(apart, root, "replay").run(control, lambda started: None))
        if control.left_by is not None:
            return None
        error = backtest.first_error or first_error(replay.outcome)
        if error is not None:
            raise error
        return compare(_lines(backtest.folder), _lines(replay.folder))


def compare(backtest: list[str], replay: list[str]) -> Verified:
    """Event by event; the first pair that differs."""
    for ours, theirs in zip_longest(backtest, replay):
        if ours != theirs:
            return Verified(same=False, events=len(backtest), backtest=ours, replay=theirs)
    return Verified(same=True, events=len(backtest))


def _lines(folder: Path) -> list[str]:
    decoder = msgspec.json.Decoder(AnyEvent)
    written = (folder / EVENTS).read_bytes().splitlines()
    return [event_line(number, decoder.decode(line)) for number, line in enumerate(written, start=1)]
