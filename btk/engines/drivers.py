"""Drivers: run the loop by answering its requests. The plain one calls strategies inline, for replays."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from types import FunctionType
from typing import Any

from btk.engines.loop import Conversation
from btk.engines.requests import Ahead, Answer, Ask, Request, Watch


class StopSwitch:
    """Lets somebody outside end a run: at once inside strategy code, else before the next request."""

    def __init__(self) -> None:
        self.requested = False
        self._in_strategy = False

    def press(self) -> None:
        """End the run; safe from a signal handler: the core is never cut in the middle of a decision."""
        self.requested = True
        if self._in_strategy:
            raise KeyboardInterrupt

    def perform(self, request: Request, runner: asyncio.Runner | None) -> Answer | None:
        """Do what a request says, interruptible."""
        self._in_strategy = True
        try:
            if isinstance(request, Ahead):
                return None
            if runner is not None and is_async(request):
                return runner.run(request.perform_async())
            return request.perform()
        finally:
            self._in_strategy = False


def drive(conversation: Conversation, switch: StopSwitch) -> bool:
    """Run to the end; False when the switch ended it before."""
    # Closed, not entered: so it makes an event loop only when the first `async` method is called.
    with closing(conversation), closing(asyncio.Runner()) as runner:
        answer: Answer | None = None
        try:
            request = next(conversation)
            while not switch.requested:
                answer = switch.perform(request, runner)
                request = conversation.send(answer)
        except StopIteration:
            return True
        except KeyboardInterrupt:
            return False
    return False


def is_async(request: Ask | Watch) -> bool:
    """Whether what it calls is `async`."""
    called = request.method if isinstance(request, Ask) else request.hook
    function = getattr(called, "__func__", None)
    if isinstance(function, FunctionType):
        return _is_coroutine_function(function)
    return inspect.iscoroutinefunction(method_of(request))


@lru_cache(maxsize=256)
def _is_coroutine_function(function: FunctionType) -> bool:
    # To look closely costs more than most questions, and each method is called thousands of times.
    return inspect.iscoroutinefunction(inspect.unwrap(function))


def method_of(request: Ask | Watch) -> Callable[..., Any]:
    """The strategy's own method behind a request."""
    called = request.method if isinstance(request, Ask) else request.hook
    method: Callable[..., Any] = inspect.unwrap(called)
    return method
