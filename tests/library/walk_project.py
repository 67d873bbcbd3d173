"""A small project to walk over: two strategies on a month of the demo exchange."""

from __future__ import annotations

from pathlib import Path

STRATEGIES = """
import os
import pathlib
import signal

import numpy as np

from btk import Signal, Strategy


class Beat(Strategy):
    interval = "1h"
    every: int = 6
    side: str = "long"
    signal_at_20: int = 0
    die_once: str = ""

    def indicators(self, candles):
        if self.every == 0:
            raise ValueError("every is 0")
        if self.every == 20 and self.signal_at_20:
            os.kill(os.getppid(), self.signal_at_20)
        if self.die_once and self.every == 5 and not pathlib.Path(self.die_once).exists():
            pathlib.Path(self.die_once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.every == -9:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"turn": np.arange(len(candles)) % self.every == 0}

    def candidates(self, indicators):
        return indicators["turn"]

    def get_signal(self, market):
        if self.every == 7:
            raise RuntimeError("seven")
        return Signal.bracket(self.side, price=market.price, take_profit_pct=2, stop_loss_pct=1)


class Silent(Strategy):
    interval = "1h"

    def candidates(self, indicators):
        return None

    def get_signal(self, market):
        return None
"""

SETTINGS = """
symbols: [BTCUSDT]
strategy: {entry: [strategies/beat.py]}
frame: {from: 2024-01-01, to: 2024-02-01}
"""


def make_project(folder: Path) -> Path:
    """`config/btk.yaml` and `strategies/beat.py` (Beat and Silent) under `folder`."""
    for name, text in {"config/btk.yaml": SETTINGS, "strategies/beat.py": STRATEGIES}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
