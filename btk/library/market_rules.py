"""The rules of the markets, asked for again while a run goes on: steps change, trading halts, markets end."""

from __future__ import annotations

from collections.abc import Sequence

from btk.library.alarms import Alarms
from btk.model.errors import Fatal, Transient, Unknown
from btk.model.intervals import HOUR_MS, MINUTE_MS
from btk.ports import Broker

SUBJECT = "market rules"


class MarketRules:
    """Renewed every hour, and when they are doubted; what was told last stands while the exchange does not answer."""

    def __init__(self, broker: Broker, symbols: Sequence[str], alarms: Alarms) -> None:
        self._broker = broker
        self._symbols = symbols
        self._alarms = alarms
        self._asked_ms = broker.now_ms()
        self._due_ms = self._asked_ms + HOUR_MS

    async def renew(self, tick_ms: int) -> None:
        """Ask again once they are old; a market that is not traded any more is an alarm."""
        if self._broker.now_ms() >= self._due_ms:
            await self._read(tick_ms)

    async def doubt(self, tick_ms: int) -> None:
        """An order was refused by a rule: the next one goes by what the rules are now. Once a minute is enough."""
        if self._broker.now_ms() >= self._asked_ms + MINUTE_MS:
            await self._read(tick_ms)

    async def _read(self, tick_ms: int) -> None:
        self._asked_ms = self._broker.now_ms()
        self._due_ms = self._asked_ms + MINUTE_MS
        try:
            await self._broker.reload_limits()
        except (Transient, Unknown, Fatal) as error:
            self._alarms.ring(tick_ms, SUBJECT, f"they could not be read again: {error}")
            return
        self._due_ms = self._asked_ms + HOUR_MS
        self._alarms.over(tick_ms, SUBJECT)
        for symbol in self._symbols:
            subject = f"market {symbol}"
            if self._broker.limits(symbol).trading:
                self._alarms.over(tick_ms, subject)
            else:
                self._alarms.ring(tick_ms, subject, "the exchange does not trade it; nothing is opened on it")
