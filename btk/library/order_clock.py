"""The time that orders carry: measured again every few minutes, and at once where the exchange calls it wrong."""

from __future__ import annotations

from btk.library.alarms import Alarms
from btk.model.errors import Transient, Unknown
from btk.model.intervals import MINUTE_MS
from btk.ports import Broker

SUBJECT = "order clock"
EVERY_MS = 5 * MINUTE_MS
"""A clock that drifts by a second in an hour makes no order too old meanwhile."""


class OrderClock:
    """What was measured last stands where the exchange does not answer."""

    def __init__(self, broker: Broker, alarms: Alarms) -> None:
        self._broker = broker
        self._alarms = alarms
        self._measured_ms = broker.now_ms()

    async def keep_true(self, tick_ms: int) -> None:
        """Measure again once the last measurement is old."""
        if self._broker.now_ms() >= self._measured_ms + EVERY_MS:
            await self.measure(tick_ms)

    async def measure(self, tick_ms: int) -> None:
        """Measure now."""
        try:
            await self._broker.sync_clock()
        except (Transient, Unknown) as error:
            self._alarms.ring(tick_ms, SUBJECT, f"the exchange's time could not be measured: {error}")
        else:
            self._alarms.over(tick_ms, SUBJECT)
        self._measured_ms = self._broker.now_ms()
