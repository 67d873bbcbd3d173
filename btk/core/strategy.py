"""Strategy: the class a trader writes. One object per slot; what it keeps in `self` is gone after a restart."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from numpy.typing import NDArray

from btk.core.market import Market
from btk.core.position import Position
from btk.model.bars import Candles
from btk.model.signal import Signal
from btk.model.trade import Trade


class Strategy:
    """Subclass it and write `get_signal`. Annotated class attributes are its parameters.

    `interval` is how often `get_signal` is asked, `warmup` how many bars of it must exist before the first question,
    `risk` the risk profiles of the settings it is bound by. `get_signal` and the hooks may be plain or `async`.
    """

    name: ClassVar[str] = ""
    interval: ClassVar[str] = "1m"
    warmup: ClassVar[int] = 0
    risk: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if "name" not in cls.__dict__:
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()

    def get_signal(self, market: Market) -> Any:
        """Asked once per interval while nothing is open: a `Signal`, or None."""
        raise NotImplementedError(f"{type(self).__name__} has no get_signal")

    def indicators(self, candles: Candles) -> dict[str, NDArray[Any]]:
        """Columns as long as `candles`, computed once; seen through `market.indicators`, cut at now."""
        return {}

    def candidates(self, indicators: dict[str, NDArray[Any]]) -> NDArray[Any] | None:
        """True at the bars at whose close `get_signal` could answer at all; elsewhere it is not called."""
        return None

    def on_idle(self, market: Market) -> Any:
        """Every minute in which nothing is open."""

    def on_scheduled(self, market: Market, signal: Signal) -> Any:
        """A signal began to wait for its entry price."""

    def on_waiting(self, market: Market, signal: Signal) -> Any:
        """Every minute in which a signal waits."""

    def on_cancelled(self, market: Market, signal: Signal, reason: str) -> Any:
        """A waiting signal was given up."""

    def on_opened(self, market: Market, position: Position) -> Any:
        """A position was opened."""

    def on_active(self, market: Market, position: Position) -> Any:
        """Every minute in which a position is open."""

    def on_partial_profit(self, market: Market, position: Position, level: int) -> Any:
        """`level` percent of the way to the target was reached for the first time."""

    def on_partial_loss(self, market: Market, position: Position, level: int) -> Any:
        """`level` percent of the way to the stop was reached for the first time."""

    def on_breakeven(self, market: Market, position: Position) -> Any:
        """The price has earned fees, slippage and the break-even threshold for the first time."""

    def on_closed(self, market: Market, trade: Trade) -> Any:
        """A position was closed."""

    def on_rejected(self, market: Market, signal: Signal, reason: str) -> Any:
        """A signal was refused."""

    def on_error(self, market: Market, error: Exception) -> Any:
        """One of these methods raised."""


HOOKS = tuple(name for name in vars(Strategy) if name.startswith("on_"))


def overrides(strategy: Strategy, method: str) -> bool:
    """Whether a strategy has its own version of a method."""
    return getattr(type(strategy), method) is not getattr(Strategy, method)
