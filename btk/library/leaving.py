"""Leaving a replay whose strategy does not answer: it is waited for without end, but not by who wants to leave."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from btk.library.stop_control import INTERRUPTED, StopControl
from btk.model.errors import StrategyError

GRACE_SECONDS = 3.0


class LeftUnanswered(StrategyError):
    """Left as if killed, with the exit code of the signal that wanted it: what was saved is there, the last tick is not."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(
            "a strategy does not answer, so the run was left as if killed; the next start goes on with it"
        )
        self.exit_code = exit_code


async def unless_unanswered(work: Coroutine[Any, Any, bool], control: StopControl) -> bool:
    """What `work` answers; `LeftUnanswered` where it has not ended `GRACE_SECONDS` after it was told to leave."""
    running = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(control.leaving.wait())
    try:
        await asyncio.wait([running, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await asyncio.wait([running], timeout=GRACE_SECONDS)
        if not running.done():
            raise LeftUnanswered(control.left_by or INTERRUPTED)
        return running.result()
    finally:
        running.cancel()
        leaving.cancel()
        # Nothing of it may go on when the lock of its state is given back.
        await asyncio.gather(running, leaving, return_exceptions=True)
