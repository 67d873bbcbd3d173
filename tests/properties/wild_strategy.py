"""A strategy that does anything: every kind of signal, every hook, every command, decided by dice of its own moment.

The dice depend only on a seed, the slot and the time, never on how often something was asked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from btk.core.market import Market
from btk.core.position import Position
from btk.core.strategy import HOOKS, Strategy
from btk.model.errors import InsufficientData
from btk.model.signal import Signal
from tests.properties.random_market import GRID

Diary = list[tuple[Any, ...]]
INTERVALS = ("1m", "3m", "5m", "15m")


class Temper(NamedTuple):
    """How often it wishes for something when asked, commands something in a hook, and talks nonsense (0..1)."""

    wishes: float = 0.25
    commands: float = 0.1
    nonsense: float = 0.1


def wild_strategy(seed: str, hooks: Iterable[str], interval: str, temper: Temper, diary: Diary) -> Strategy:
    """A strategy with just these hooks; it writes what it saw into `diary`."""
    body: dict[str, Any] = {"interval": interval, "get_signal": _question(seed, temper, diary)}
    body |= {name: _hook(name, seed, temper, diary) for name in HOOKS if name in set(hooks)}
    return type("Wild", (Strategy,), body)()


def made_async(strategy: Strategy) -> Strategy:
    """The same strategy with `async` methods that let others go first."""
    own = {name: method for name, method in vars(type(strategy)).items() if callable(method)}
    return type("Coloured", (type(strategy),), {name: _coloured(method) for name, method in own.items()})()


def _coloured(method: Callable[..., Any]) -> Callable[..., Any]:
    async def called(self: Strategy, *args: Any) -> Any:
        await asyncio.sleep(0)
        return method(self, *args)

    return called


def _question(seed: str, temper: Temper, diary: Diary) -> Callable[[Any, Market], Any]:
    def get_signal(self: Strategy, market: Market) -> Any:
        dice = Random(f"{seed}/question/{market.now_ms}")
        diary.append((market.now_ms, "get_signal", *_seen(market, dice)))
        if dice.random() < temper.commands / 4:
            diary.append((market.now_ms, *_command(dice, market, ())))
        if dice.random() < temper.wishes:
            signal = _wish(dice, market)
            return _nonsense(dice, signal) if dice.random() < temper.nonsense else signal
        return None

    return get_signal


def _hook(name: str, seed: str, temper: Temper, diary: Diary) -> Callable[..., None]:
    def called(self: Strategy, market: Market, *args: Any) -> None:
        dice = Random(f"{seed}/{name}/{market.now_ms}")
        diary.append((market.now_ms, name, *_seen(market, dice), *_told(args)))
        while dice.random() < temper.commands:
            diary.append((market.now_ms, *_command(dice, market, args)))
        if dice.random() < temper.nonsense / 10:
            raise RuntimeError(f"{name} broke")

    return called


def _seen(market: Market, dice: Random) -> tuple[Any, ...]:
    return (*_noted(market, dice), *_candles(market, dice))


def _noted(market: Market, dice: Random) -> tuple[Any, ...]:
    calls = market.session.get("calls", int, 0) + 1
    market.session.set("calls", calls)
    due = market.every(dice.choice(("5m", "15m", "1h")), _noted_at)
    known = market.state.get("first_call", int)
    if market.has_signal and known is None:
        market.state.set("first_call", calls)
    if dice.random() < 0.02:
        market.state.drop("first_call")
    return (calls, due, known)


def _noted_at(market: Market) -> int:
    market.session.set("last", market.now_ms)
    return market.now_ms


def _candles(market: Market, dice: Random) -> tuple[Any, ...]:
    interval = dice.choice(INTERVALS)
    try:
        candles = market.candles(interval, dice.randint(1, 4))
    except InsufficientData as problem:
        return (market.price, str(problem))
    return (market.price, interval, candles.open_ms.tolist(), candles.close.tolist(), candles.low.tolist())


def _told(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_position(arg) if isinstance(arg, Position) else str(arg) for arg in args)


def _position(position: Position) -> tuple[Any, ...]:
    return (
        position.id,
        position.price_open,
        position.price_stop_loss,
        position.price_take_profit,
        position.pnl_pct,
        position.peak_profit_pct,
        position.max_drawdown_pct,
        position.minutes_left,
        len(position.entries),
        len(position.partials),
    )


def _wish(dice: Random, market: Market) -> Signal:
    side = dice.choice((1, -1))
    kind = dice.choice(("market", "market", "resting", "resting", "passed"))
    away = {"resting": -side, "passed": side}.get(kind, 0) * dice.randint(1, 6) * GRID
    entry = market.price + away
    return Signal(
        "long" if side > 0 else "short",
        entry + side * dice.randint(2, 14) * GRID,
        entry - side * dice.randint(2, 14) * GRID,
        price_open=entry if away else None,
        lifetime_minutes=dice.choice((None, 1, 2, 5, 30, 200)),
        cost=dice.choice((None, 50.0, 300.0, 2000.0)),
        id=dice.choice((None, None, None, None, str(dice.randrange(9)))),
        note=dice.choice(("", "why not")),
    )


def _nonsense(dice: Random, signal: Signal) -> Any:
    kind = dice.randrange(5)
    if kind == 0:
        raise ValueError("no idea")
    if kind == 1:
        return "buy!"
    if kind == 2:
        return Signal("long", signal.price_stop_loss, signal.price_stop_loss)
    if kind == 3:
        return Signal(signal.position, float("nan"), signal.price_stop_loss, cost=-1.0)
    return Signal(signal.position, signal.price_take_profit, signal.price_stop_loss, symbol="OTHER")


def _command(dice: Random, market: Market, args: tuple[Any, ...]) -> tuple[Any, ...]:
    position = args[0] if args and isinstance(args[0], Position) else None
    if position is None:
        name = dice.choice(("cancel", "activate"))
        return (name, getattr(market, name)())
    price = market.price + dice.randint(-8, 8) * GRID
    asked: dict[str, Callable[[], Any]] = {
        "close": position.close,
        "partial_profit": lambda: position.partial_profit(dice.choice((20, 50, 100))),
        "partial_loss": lambda: position.partial_loss(cost=dice.choice((10.0, 40.0))),
        "trail_stop": lambda: position.trail_stop(price=price),
        "trail_stop by": lambda: position.trail_stop(dice.choice((-1.0, -0.5, 0.5))),
        "trail_take": lambda: position.trail_take(price=price),
        "breakeven": position.breakeven,
        "average_buy": lambda: position.average_buy(dice.choice((None, 30.0))),
    }
    name = "close" if dice.random() < 0.05 else dice.choice(tuple(asked)[1:])
    return (name, asked[name]())
