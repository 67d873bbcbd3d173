"""Repeats: equal messages within a window are counted, and told once with the count when it is over."""

from __future__ import annotations

import msgspec


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `counts` is 0 for a summary, which nobody observed."""

    at_ms: int
    text: str
    urgent: bool = False
    counts: int = 1


class _Window(msgspec.Struct):
    first: Note
    begun_ms: int
    more: int = 0


class Repeats:
    """Windows of `window_ms` (0: none), at most `room` at once; the oldest is ended early when there are more."""

    def __init__(self, window_ms: int, room: int) -> None:
        self._window_ms = window_ms
        self._room = room
        self._windows: dict[str, _Window] = {}

    def heard(self, note: Note) -> bool:
        """Whether an equal one was told in a window that is on; it is counted then."""
        if not self._window_ms:
            return False
        window = self._windows.get(note.text)
        if window is not None:
            window.more += 1
            return True
        self._windows[note.text] = _Window(note, note.at_ms)
        return False

    def over(self, now_ms: int) -> list[Note]:
        """Summaries of the windows that are over; what goes on repeating begins another one."""
        summaries = []
        while self._windows:
            window = next(iter(self._windows.values()))
            crowded = len(self._windows) > self._room
            if self._is_on(window, now_ms) and not crowded:
                break
            del self._windows[window.first.text]
            if window.more:
                summaries.append(self._summary(window, now_ms))
                if not crowded:
                    self._windows[window.first.text] = _Window(window.first, now_ms)
        return summaries

    def all(self, now_ms: int) -> list[Note]:
        """Summaries of everything that was counted; no window is on afterwards."""
        windows = [window for window in self._windows.values() if window.more]
        self._windows.clear()
        return [self._summary(window, now_ms) for window in windows]

    @property
    def next_ms(self) -> int | None:
        """When the first window is over; None when none is on."""
        window = next(iter(self._windows.values()), None)
        return None if window is None else window.begun_ms + self._window_ms

    def _is_on(self, window: _Window, now_ms: int) -> bool:
        # A clock that was put back would keep it on for as long.
        return window.begun_ms <= now_ms < window.begun_ms + self._window_ms

    def _summary(self, window: _Window, now_ms: int) -> Note:
        minutes = max(1, round((now_ms - window.begun_ms) / 60_000))
        times = "once" if window.more == 1 else f"{window.more} times"
        span = "a minute" if minutes == 1 else f"{minutes} minutes"
        text = f"{window.first.text} (and {times} more within {span})"
        return Note(at_ms=now_ms, text=text, urgent=window.first.urgent, counts=0)
