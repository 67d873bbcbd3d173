"""Rules: every number and switch the core decides by, chosen once at the door from the settings."""

from __future__ import annotations

import msgspec

from btk.model.intervals import MINUTE_MS
from btk.model.settings import Settings

RELATIVE_TOLERANCE = 1e-9


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """Where the origin's rules are worse than ours and can be switched on for people who compare the two."""

    commands_one_candle_late: bool = False
    risk_before_validation: bool = False
    own_reservation_counts: bool = False
    no_tolerance: bool = False
    first_trail_is_free: bool = False
    breakeven_reports_without_improving: bool = False
    only_last_id_remembered: bool = False
    extremes_by_price: bool = False
    last_minute_may_be_missing: bool = False


OURS = Quirks()
ORIGIN = Quirks(**dict.fromkeys(Quirks.__struct_fields__, True))


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Percentages in percent, times in milliseconds (`max_lifetime_ms` may be infinite), cost in quote currency."""

    slippage_pct: float = 0.1
    fee_pct: float = 0.1
    average_price_candles: int = 5
    await_ms: int = 120 * MINUTE_MS
    max_lifetime_ms: float = 1440.0 * MINUTE_MS
    min_take_profit_pct: float = 0.5
    min_stop_loss_pct: float = 0.5
    max_stop_loss_pct: float = 20.0
    breakeven_pct: float = 0.6
    position_cost: float = 100.0
    long: bool = True
    short: bool = True
    dca_everywhere: bool = False
    partials_everywhere: bool = False
    trailing_everywhere: bool = False
    tolerance: float = RELATIVE_TOLERANCE
    quirks: Quirks = OURS

    @staticmethod
    def of(settings: Settings, market_can_short: bool) -> Rules:
        """The rules that `settings` ask for on a market that can or cannot be sold short."""
        signal, execution = settings.signal, settings.execution
        quirks = ORIGIN if execution.origin_quirks else OURS
        return Rules(
            slippage_pct=execution.slippage_pct,
            fee_pct=execution.fee_pct,
            average_price_candles=execution.average_price_candles,
            await_ms=signal.schedule_await_minutes * MINUTE_MS,
            max_lifetime_ms=signal.max_lifetime_minutes * float(MINUTE_MS),
            min_take_profit_pct=signal.min_take_profit_pct,
            min_stop_loss_pct=signal.min_stop_loss_pct,
            max_stop_loss_pct=signal.max_stop_loss_pct,
            breakeven_pct=2 * (execution.slippage_pct + execution.fee_pct) + signal.breakeven_threshold_pct,
            position_cost=signal.position_cost,
            long=signal.long,
            short=market_can_short if signal.short is None else signal.short,
            dca_everywhere=signal.dca_everywhere,
            partials_everywhere=signal.partials_everywhere,
            trailing_everywhere=signal.trailing_everywhere,
            tolerance=0.0 if quirks.no_tolerance else RELATIVE_TOLERANCE,
            quirks=quirks,
        )


class Terms(msgspec.Struct, frozen=True):
    """Who trades and by which rules: what every decision of one slot has in common."""

    symbol: str
    strategy: str
    exchange: str
    rules: Rules
