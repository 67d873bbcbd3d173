"""What third currencies are worth that fees were paid in: asked for when the first such fee is told, then every minute."""

from __future__ import annotations

from btk.engines.brokered_slots import BrokeredSlots
from btk.model.errors import Fatal, Transient, Unknown
from btk.model.intervals import MINUTE_MS
from btk.ports import Broker


class FeePrices:
    """Fills `slots.fee_prices`. What was told last stands; where nothing was, the note of the trade says so."""

    def __init__(self, broker: Broker, slots: BrokeredSlots) -> None:
        self._broker = broker
        self._slots = slots
        self._asked_ms: dict[tuple[str, str], int] = {}

    async def learn(self) -> None:
        """Ask for those that are not known, or old."""
        now_ms = self._broker.now_ms()
        for currency, quote in self._paid():
            if now_ms < self._asked_ms.get((currency, quote), 0) + MINUTE_MS:
                continue
            self._asked_ms[currency, quote] = now_ms
            try:
                price = await self._broker.worth(currency, quote)
            except (Transient, Unknown, Fatal):
                # Only the figures of a trade wait for it, and they say where it is missing.
                continue
            if price is not None:
                self._slots.fee_prices.setdefault(quote, {})[currency] = price

    def _paid(self) -> set[tuple[str, str]]:
        return {
            (fill.fee_currency, self._broker.limits(key.symbol).quote)
            for key, intent in self._slots.intents()
            for fill in intent.fills
            if fill.fee_other
        }
