"""Signal: what a strategy wishes for. It is inert; the core validates it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

PositionSide = Literal["long", "short"]

MOONBAG_TAKE_PROFIT_PCT = 50.0


class Signal(msgspec.Struct, frozen=True):
    """A wish to open one position; prices in quote currency, `price_open=None` means at market.

    `lifetime_minutes` counts from the opening and `cost` is in quote currency; None takes the settings' default.
    The same `id` never opens twice; None lets btk derive one from the slot and the time.
    """

    position: PositionSide
    price_take_profit: float
    price_stop_loss: float
    price_open: float | None = None
    lifetime_minutes: float | None = None
    cost: float | None = None
    note: str = ""
    id: str | None = None
    symbol: str | None = None

    @classmethod
    def bracket(
        cls, position: PositionSide, price: float, take_profit_pct: float, stop_loss_pct: float, **rest: Any
    ) -> Signal:
        """Target and stop in percent of `price`, each on its side of it; at market unless `price_open` is given."""
        direction = -1.0 if position == "short" else 1.0
        return cls(
            position,
            price * (1 + direction * take_profit_pct / 100),
            price * (1 - direction * stop_loss_pct / 100),
            **rest,
        )

    @classmethod
    def moonbag(cls, position: PositionSide, price: float, stop_loss_pct: float, **rest: Any) -> Signal:
        """A far target (50 %) and a stop in percent of `price`: let it run and trail it."""
        return cls.bracket(position, price, MOONBAG_TAKE_PROFIT_PCT, stop_loss_pct, **rest)
