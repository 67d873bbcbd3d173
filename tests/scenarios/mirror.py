"""The mirror at 100: a long scenario becomes a short one, and what happened in it is read back as if it were long."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.model.commands import Command, SubmitSignal, TrailStop, TrailTake
from btk.model.signal import Signal

AXIS = 100.0
OTHER = {"long": "short", "short": "long"}


class Mirror(msgspec.Struct, frozen=True):
    """Off, it changes nothing."""

    on: bool

    def price(self, price: float) -> float:
        """A price, there or back."""
        return 2 * AXIS - price if self.on else price

    def shown(self, price: float) -> str:
        """A price as it is noted down."""
        return f"{round(self.price(price), 6):g}"

    def side(self, side: str) -> str:
        """A side, there or back."""
        return OTHER.get(side, side) if self.on else side

    def candle(self, row: Sequence[float]) -> tuple[float, float, float, float]:
        """Open, high, low, close: the high becomes the low."""
        first, high, low, close = (self.price(price) for price in row)
        return (first, low, high, close) if self.on else (first, high, low, close)

    def signal(self, signal: Signal) -> Signal:
        """The same wish on the other side."""
        if not self.on:
            return signal
        return msgspec.structs.replace(
            signal,
            position=self.side(signal.position),
            price_open=None if signal.price_open is None else self.price(signal.price_open),
            price_take_profit=self.price(signal.price_take_profit),
            price_stop_loss=self.price(signal.price_stop_loss),
        )

    def command(self, command: Command) -> Command:
        """A command whose price, if it has one, is on the other side."""
        if isinstance(command, SubmitSignal):
            return SubmitSignal(self.signal(command.signal))
        if isinstance(command, (TrailStop, TrailTake)) and command.price is not None:
            return msgspec.structs.replace(command, price=self.price(command.price))
        return command
