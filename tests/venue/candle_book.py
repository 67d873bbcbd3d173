"""The candles of a venue: computed from symbol and minute, with a listing date, holes and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

MINUTE_MS = 60_000

Row = tuple[int, str, str, str, str, str]


class CandleBook:
    """What a venue knows at its time `now_ms`; the minute that is not over yet is there too, unfinished."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.listed_ms = 0
        self.silent: list[tuple[int, int]] = []
        self.corrected: set[int] = set()
        self.spoilt: set[int] = set()
        self.traded_ms = (1_600_000_000_000, 1_600_000_001_000)

    def rows(self, symbol: str, step_ms: int, from_ms: int, to_ms: int, most: int) -> list[Row]:
        """The first `most` candles that open in `[from_ms, to_ms)`."""
        found = []
        for row in self._rows(symbol, step_ms, from_ms, to_ms):
            found.append(row)
            if len(found) == most:
                break
        return found

    def newest(self, symbol: str, step_ms: int, from_ms: int, to_ms: int, most: int) -> list[Row]:
        """The last `most` of them."""
        to_ms = min(to_ms, self.now_ms // step_ms * step_ms + step_ms)
        return self.rows(symbol, step_ms, max(from_ms, to_ms - most * step_ms), to_ms, most)

    def _rows(self, symbol: str, step_ms: int, from_ms: int, to_ms: int) -> Iterator[Row]:
        first_ms = -(-max(from_ms, self.listed_ms) // step_ms) * step_ms
        for open_ms in range(first_ms, min(to_ms, self.now_ms + 1), step_ms):
            if not any(start <= open_ms < end for start, end in self.silent):
                yield self._row(symbol, open_ms, open_ms + step_ms > self.now_ms)

    def _row(self, symbol: str, open_ms: int, forming: bool) -> Row:
        noise = crc32(f"{symbol}{open_ms}".encode())
        opened, move = 10_000 + noise % 1000, noise // 1000 % 50
        close = opened + move + (1 if open_ms in self.corrected else 0)
        if open_ms in self.spoilt:
            return open_ms, f"{opened}.5", "0", f"{opened - 10}.75", f"{close}.1", "1"
        volume = "0.001" if forming else f"{noise % 97}.{noise % 1000:03d}"
        return open_ms, f"{opened}.5", f"{opened + 60}.25", f"{opened - 10}.75", f"{close}.1", volume
