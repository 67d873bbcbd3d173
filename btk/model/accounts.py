"""An account at an exchange: what it may do, what it holds, and the rules of its markets."""

from __future__ import annotations

from typing import Literal

import msgspec

Protection = Literal["separate", "pair"]
"""How a position is protected: a stop and a target of their own, or one pair that locks the balance."""


class PriceBand(msgspec.Struct, frozen=True, kw_only=True):
    """How far from the market's price a limit order may be, as multiples of it; 0 is no bound. `name`: the exchange's."""

    name: str = ""
    least: float = 0.0
    most: float = 0.0


class MarketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one market, prices in quote and quantities in base currency; 0 is no limit.

    `contract`: positions instead of balances, no fees in base currency, no least cost for orders that only reduce.
    """

    symbol: str
    base: str
    quote: str
    price_tick: float
    quantity_step: float
    min_quantity: float = 0.0
    max_quantity: float = 0.0
    market_step: float = 0.0
    market_min_quantity: float = 0.0
    market_max_quantity: float = 0.0
    min_notional: float = 0.0
    max_algo_orders: int = 0
    buy_band: PriceBand = PriceBand()
    sell_band: PriceBand = PriceBand()
    contract: bool = False
    protection: Protection = "separate"
    trading: bool = True


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position in a contract; `quantity` in base currency, negative for short, 0 for none."""

    symbol: str
    quantity: float
    price_open: float | None = None


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds of one currency; `locked` is bound in orders."""

    currency: str
    free: float
    locked: float = 0.0

    @property
    def total(self) -> float:
        """Free and locked."""
        return self.free + self.locked


class AccountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an account once it is connected; `warnings` are sentences for the user."""

    account_id: str
    exchange: str
    market: Literal["spot", "swap"]
    sandbox: bool
    proven: bool
    server_ahead_ms: int
    warnings: tuple[str, ...] = ()
