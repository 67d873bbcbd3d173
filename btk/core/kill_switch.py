"""The kill switch: limits beyond which nothing new is opened until a person says so."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.core.risk import Standing
from btk.model.settings import Broker

MARK = "kill switch: "
"""How the reason begins that a slot keeps, and that `btk resume` takes away."""


class SwitchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Orders sent within a minute, and money lost since the start of the UTC day, in quote currency (None: no limit)."""

    max_orders_per_minute: int
    max_daily_loss: float | None = None

    @staticmethod
    def of(broker: Broker) -> SwitchLimits:
        """What the settings say."""
        return SwitchLimits(
            max_orders_per_minute=broker.max_orders_per_minute, max_daily_loss=broker.max_daily_loss
        )


def too_many(sent_ms: Sequence[int], limits: SwitchLimits) -> str:
    """Why one more order to open something is one too many, given when those of the last minute left; "" if it is not."""
    if len(sent_ms) < limits.max_orders_per_minute:
        return ""
    return (
        f"{MARK}{len(sent_ms)} orders within a minute, broker.max_orders_per_minute is"
        f" {limits.max_orders_per_minute}; nothing new is opened until btk resume"
    )


def too_much_lost(standing: Standing, limits: SwitchLimits) -> str:
    """Why the day has cost too much; "" if it has not."""
    lost = standing.day_start - standing.equity
    if limits.max_daily_loss is None or lost < limits.max_daily_loss:
        return ""
    return (
        f"{MARK}{lost:.2f} lost today, broker.max_daily_loss is {limits.max_daily_loss:g};"
        " nothing new is opened until btk resume"
    )
