"""The patient driver: answers the loop in paper and live trading, where a strategy that hangs must stop nobody else.

Every strategy has a thread of its own. A question that takes longer is answered at a later tick; a hook that does
is given up, with what it asked for. Until such a call has returned its strategy is not called again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import closing
from queue import SimpleQueue
from typing import Any, TypeVar

import msgspec

from btk.core.market import Quotes
from btk.engines.drivers import is_async, method_of
from btk.engines.loop import Conversation
from btk.engines.requests import Ahead, Answer, Ask, Request, Watch
from btk.model.quotes import OrderBook, PublicTrade

Call = Ask | Watch
T = TypeVar("T")


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: how long a tick waits for all its questions, for a hook, for one more hook once one has hung, and after
    how long a question is given up."""

    question: float = 5.0
    hook: float = 15.0
    next_hook: float = 1.0
    limit: float = 180.0


ENDLESS = Patience(**dict.fromkeys(Patience.__struct_fields__, float("inf")))


class PatientDriver:
    """`clock` gives monotonic seconds."""

    def __init__(self, patience: Patience, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._lines: dict[int, _Line] = {}
        self._began = 0.0
        self._hook_hung = False

    async def drive(self, conversation: Conversation) -> None:
        """Answer to the end."""
        self._began, self._hook_hung = self._clock(), False
        answer: Answer | None = None
        try:
            request = next(conversation)
            while True:
                answer = await self._perform(request)
                request = conversation.send(answer)
        except StopIteration:
            return

    def close(self) -> None:
        """Let every thread end; one that hangs in a strategy ends with the process."""
        for line in self._lines.values():
            line.work.put(None)

    async def _perform(self, request: Request) -> Answer | None:
        if isinstance(request, Ahead):
            for ask in request.asks:
                self._begin(ask)
            return None
        line = self._begin(request)
        if line.call is not request:
            # The call before has not returned: there is no answer, and a hook is left out.
            return None if isinstance(request, Ask) else Answer(request.market.now_ms)
        return await self._answer(line, request)

    def _begin(self, call: Call) -> _Line:
        owner = _owner(call)
        line = self._lines.get(owner)
        if line is None:
            line = self._lines[owner] = _Line()
        if line.call is None or (line.call is not call and line.future.done()):
            line.begin(call, self._clock())
        return line

    async def _answer(self, line: _Line, call: Call) -> Answer | None:
        question = isinstance(call, Ask)
        allowed = self._left(line) if question else self._for_hook()
        await _settled(line.future, allowed)
        tick_ms = line.tick_ms
        if line.future.done():
            line.call = None
            return line.future.result()
        if question and self._clock() - line.began < self._patience.limit:
            return Answer(tick_ms, late=True)
        if question and line.given_up:
            return None
        line.given_up = True
        self._hook_hung |= not question
        seconds = self._patience.limit if question else allowed
        words = f"it took longer than {seconds:g} seconds and was given up"
        return Answer(tick_ms, error=TimeoutError(words), late=not question)

    def _left(self, line: _Line) -> float:
        # Many strategies that hang at once take a tick no longer than one does.
        return max(0.0, self._patience.question - (self._clock() - max(line.began, self._began)))

    def _for_hook(self) -> float:
        return self._patience.next_hook if self._hook_hung else self._patience.hook


class QuotesOnLoop:
    """What the exchange shows, asked for on the event loop of the feed and awaited in a strategy's own."""

    def __init__(self, feed: Quotes, loop: asyncio.AbstractEventLoop) -> None:
        self._feed = feed
        self._loop = loop

    async def order_book(self, symbol: str) -> OrderBook:
        """The order book at this moment."""
        return await asyncio.wrap_future(self._there(self._feed.order_book(symbol)))

    async def trades(self, symbol: str) -> tuple[PublicTrade, ...]:
        """The last single trades."""
        return await asyncio.wrap_future(self._there(self._feed.trades(symbol)))

    def _there(self, asked: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(asked, self._loop)


class _Line:
    """A strategy's thread, and the call it is in."""

    def __init__(self) -> None:
        self.work: SimpleQueue[tuple[Call, Future[Answer | None]] | None] = SimpleQueue()
        self.call: Call | None = None
        self.future: Future[Answer | None] = Future()
        self.began = 0.0
        self.tick_ms = 0
        self.given_up = False
        self._works = False

    def begin(self, call: Call, now: float) -> None:
        self.call, self.future, self.began, self.given_up = call, Future(), now, False
        self.tick_ms = call.market.now_ms
        try:
            self._start()
        except RuntimeError as error:  # no memory, or no process, is left for another thread
            self.future.set_result(Answer(self.tick_ms, error=error))
        else:
            self.work.put((call, self.future))

    def _start(self) -> None:
        if not self._works:
            threading.Thread(target=_work, args=(self.work,), name="strategy", daemon=True).start()
            self._works = True


def _work(work: SimpleQueue[Any]) -> None:
    # Its event loop, and the file descriptors of one, are made when something of a strategy is first awaited.
    with closing(asyncio.Runner()) as runner:
        while (item := work.get()) is not None:
            call, future = item
            try:
                answer = runner.run(call.perform_async()) if is_async(call) else call.perform()
            except BaseException as error:  # noqa: BLE001 - a cancelled task is one; whoever waits must hear of it
                answer = Answer(call.market.now_ms, error=error)
            future.set_result(answer)


async def _settled(future: Future[Answer | None], seconds: float) -> None:
    waiting = asyncio.wrap_future(future)
    await asyncio.wait([waiting], timeout=None if seconds == float("inf") else seconds)


def _owner(call: Call) -> int:
    method = method_of(call)
    return id(getattr(method, "__self__", method))
