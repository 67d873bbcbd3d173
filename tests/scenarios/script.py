"""The script of a scenario: the candles of a symbol, and what its strategy says and does at which time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    CancelScheduled,
    ClosePosition,
    Command,
    MoveToBreakeven,
    PartialClose,
    TrailStop,
    TrailTake,
)
from btk.model.signal import Signal
from btk.model.verdict import Verdict


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """`candles` by their open time: "open high low close [volume]", or one number for a flat minute.

    Minutes that are not named are flat at the last close. `signals`: what `get_signal` says at which tick (a
    `Signal`, a callable that is given the market, an exception to raise, rubbish), `otherwise` at any other;
    `hooks`: what is done by ("on_active", "09:05"): a command, a callable or an exception; `listens`: hooks that
    are only counted; `commands` come from outside.
    """

    candles: Mapping[str, str]
    signals: Mapping[str, Any] = {}
    otherwise: Any = None
    hooks: Mapping[tuple[str, str], Any] = {}
    listens: Sequence[str] = ()
    commands: Sequence[tuple[str, Command]] = ()
    interval: str = "1m"
    warmup: int = 0
    risk: tuple[str, ...] = ()


def long(stop: float = 95.0, take: float = 110.0, **rest: Any) -> Signal:
    """A long signal; the mirror makes it a short one."""
    return Signal("long", take, stop, **rest)


def hooked(script: Script, name: str, at: str) -> Sequence[Any]:
    """What a script does in a hook at a time."""
    done = script.hooks.get((name, at), ())
    return done if isinstance(done, tuple) else (done,)


def method_of(command: Command, market: Any, args: Sequence[Any]) -> Verdict:
    """Give a command from inside a hook, by the method that strategies have for it."""
    position = args[0] if args else None
    match command:
        case ClosePosition(note):
            return position.close(note)
        case PartialClose("profit", pct, cost):
            return position.partial_profit(pct, cost=cost)
        case PartialClose(_, pct, cost):
            return position.partial_loss(pct, cost=cost)
        case TrailStop(shift_pct, price):
            return position.trail_stop(shift_pct, price=price)
        case TrailTake(shift_pct, price):
            return position.trail_take(shift_pct, price=price)
        case MoveToBreakeven():
            return position.breakeven()
        case AverageBuy(cost):
            return position.average_buy(cost)
        case CancelScheduled(note):
            return market.cancel(note)
        case ActivateScheduled(note):
            return market.activate(note)
        case _:
            raise TypeError(f"{command!r} is no command of a hook")
