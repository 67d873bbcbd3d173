"""Validation: a wish becomes a plan, or every reason why not, each with the number that broke it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from btk.core.holding import Plan
from btk.core.rules import Rules, Terms
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal

_SIDES = {"long": 1, "short": -1}


def plan(signal: Signal, price: float, now_ms: int, terms: Terms) -> Plan | tuple[str, ...]:
    """The plan `signal` stands for at the market's `price`, or all its problems."""
    rules = terms.rules
    problems = ["there is no market price yet"] if math.isnan(price) else []
    side = _side(signal, rules, problems)
    if signal.symbol is not None and signal.symbol != terms.symbol:
        problems.append(f"the signal is for {signal.symbol}, this slot trades {terms.symbol}")
    entry = price if signal.price_open is None else _positive("price_open", signal.price_open, problems)
    take = _positive("price_take_profit", signal.price_take_profit, problems)
    stop = _positive("price_stop_loss", signal.price_stop_loss, problems)
    lifetime_ms = _lifetime_ms(signal.lifetime_minutes, rules, problems)
    cost = rules.position_cost if signal.cost is None else _positive("cost", signal.cost, problems)
    if signal.id is not None and not isinstance(signal.id, str):
        problems.append(f"id {signal.id!r} is not text")
    if side and not math.isnan(entry + take + stop):
        _check_levels(side, (entry, take, stop), rules, problems)
    resting = signal.price_open is not None and (price - entry) * side > 0
    if side and not resting and not problems:
        _check_market(side, price, take, stop, problems)
    if problems:
        return tuple(problems)
    return Plan(
        id=signal.id or f"{terms.symbol}_{terms.strategy}_{terms.exchange}-{now_ms}",
        position=signal.position,
        side=side,
        price_open=entry,
        price_take_profit=take,
        price_stop_loss=stop,
        lifetime_ms=lifetime_ms,
        cost=cost,
        note=str(signal.note),
        created_ms=now_ms,
        price=price,
        resting=resting,
        own_id=bool(signal.id),
    )


def _side(signal: Signal, rules: Rules, problems: list[str]) -> int:
    name = signal.position
    side = _SIDES.get(name, 0) if isinstance(name, str) else 0
    if side == 0:
        problems.append(f"position {name!r} is neither 'long' nor 'short'")
    elif not (rules.long if side > 0 else rules.short):
        problems.append(f"{name} signals are switched off (signal.{name})")
    return side


def _positive(name: str, value: Any, problems: list[str]) -> float:
    if not _is_number(value):
        problems.append(f"{name} {value!r} is not a number")
        return math.nan
    number = float(value)
    if not 0 < number < math.inf:
        problems.append(f"{name} {number:g} must be finite and above 0")
        return math.nan
    return number


def _is_number(value: Any) -> bool:
    # The two kinds that nearly all are cost the least.
    kind = type(value)
    return kind is float or kind is int or (kind is not bool and isinstance(value, (int, float, np.number)))


def _lifetime_ms(value: Any, rules: Rules, problems: list[str]) -> float:
    limit_ms = rules.max_lifetime_ms
    if value is None:
        return limit_ms
    if not _is_number(value):
        problems.append(f"lifetime_minutes {value!r} is not a number")
        return math.nan
    minutes = float(value)
    lifetime_ms = minutes * MINUTE_MS
    if not minutes > 0 or (minutes != math.inf and minutes != math.floor(minutes)):
        problems.append(f"lifetime_minutes {minutes:g} must be a whole number above 0")
    elif lifetime_ms > limit_ms:
        problems.append(
            f"lifetime_minutes {minutes:g} is above signal.max_lifetime_minutes {limit_ms / MINUTE_MS:g}"
        )
    return lifetime_ms


def _check_levels(side: int, levels: tuple[float, float, float], rules: Rules, problems: list[str]) -> None:
    entry, take, stop = levels
    order = "stop < entry < target" if side > 0 else "target < entry < stop"
    if (take - entry) * side <= 0 or (entry - stop) * side <= 0:
        problems.append(f"{order} does not hold: stop {stop:g}, entry {entry:g}, target {take:g}")
        return
    take_pct = (take - entry) * side / entry * 100
    stop_pct = (entry - stop) * side / entry * 100
    slack = rules.tolerance
    if take_pct < rules.min_take_profit_pct * (1 - slack):
        problems.append(
            f"target is {take_pct:.6g} % away, signal.min_take_profit_pct is {rules.min_take_profit_pct:g}"
        )
    if stop_pct < rules.min_stop_loss_pct * (1 - slack):
        problems.append(
            f"stop is {stop_pct:.6g} % away, signal.min_stop_loss_pct is {rules.min_stop_loss_pct:g}"
        )
    if rules.max_stop_loss_pct > 0 and stop_pct > rules.max_stop_loss_pct * (1 + slack):
        problems.append(
            f"stop is {stop_pct:.6g} % away, signal.max_stop_loss_pct is {rules.max_stop_loss_pct:g}"
        )


def _check_market(side: int, price: float, take: float, stop: float, problems: list[str]) -> None:
    if (take - price) * side <= 0 or (price - stop) * side <= 0:
        order = "stop < price < target" if side > 0 else "target < price < stop"
        problems.append(
            f"{order} does not hold at the market: stop {stop:g}, price {price:g}, target {take:g}"
        )
