"""The demo market: prices of any symbol at any minute since 2020, computed from its name and the time alone.

A walk between anchors 1024 days apart (near the symbol's usual price, so that it neither vanishes nor
explodes) gives the price at each midnight; a walk between two midnights gives the minutes. Both walks have
regimes of volatility, trends and fat tails, and are bent to end where the next one begins: no minute depends
on where a reading starts.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.adapters.demo_noise import bell, even, noise_bits, stream_key, stretched
from btk.model.bars import Column

DAY_MINUTES = 1440
ERA_DAYS = 1024
_ANCHOR_DEVIATION = 0.4
_REGIME_DAYS = (96, 24, 6)
_REGIME_MINUTES = (240, 60, 15)
_TREND_DAYS = 18
_TREND_MINUTES = 200
_JUMP_SHARE = 1 / 4096
_JUMP_SIZE = 6.0

# Night in Asia is calm, the hours of the American exchanges are not.
_SEASON_BY_QUARTER = (
    (0.95, 0.9, 0.85, 0.8, 0.75, 0.75),
    (0.8, 0.9, 0.95, 0.95, 0.9, 0.9),
    (1.0, 1.2, 1.4, 1.45, 1.35, 1.2),
    (1.1, 1.05, 1.05, 1.0, 0.95, 0.95),
)
_SEASON = np.repeat(np.array(_SEASON_BY_QUARTER).ravel(), 60)
_DECIMALS_FROM = ((1000.0, 2), (100.0, 3), (10.0, 4), (1.0, 5))
_MAGNITUDES = (0.1, 1.0, 10.0, 100.0)
_KNOWN = {"BTCUSD": (30_000.0, 0.029), "ETHUSD": (2_000.0, 0.035)}


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one symbol's market from another's.

    Volatility is the deviation of a day's return, volume a minute's usual one, and the quiet share that of
    the minutes without a trade.
    """

    symbol: str
    usual_price: float
    decimals: int
    day_volatility: float
    usual_volume: float
    quiet_share: float


class Minutes(NamedTuple):
    """Five columns of whole days of minutes, one after the other."""

    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column


class _Steps(NamedTuple):
    moves: Column
    volatility: Column


def market_of(symbol: str) -> Market:
    """A symbol's market: BTC and ETH near their prices of 2021-2024, the others at one from their name."""
    traits = even(noise_bits(stream_key(symbol, "traits"), 0, 4), 0)
    price, volatility = _usual(symbol, traits)
    well_known = _known(symbol) is not None
    return Market(
        symbol=symbol,
        usual_price=price,
        decimals=_decimals(price),
        day_volatility=volatility,
        usual_volume=200_000.0 / price,
        quiet_share=0.012 if well_known else 0.02 + 0.1 * float(traits[3]),
    )


def minutes_of(market: Market, first_day: int, days: int) -> Minutes:
    """The minutes of `days` days from `first_day` (0 is the 1st of January 2020)."""
    midnights = _midnights(market, first_day, days)
    bits = noise_bits(stream_key(market.symbol, "minute shape"), first_day * DAY_MINUTES, days * DAY_MINUTES)
    steps = _minute_steps(market, first_day, days, luck=even(bits, 3))
    prices = _rounded(market, _walk(steps, midnights[:-1], midnights[1:]))
    opening = _rounded(market, midnights[:-1])
    opens = np.concatenate((opening[:, None], prices[:, :-1]), axis=1).ravel()
    closes = prices.ravel()
    reach = steps.volatility.ravel()
    high = np.maximum(opens, closes) * (1.0 + reach * _wick(even(bits, 0)))
    low = np.minimum(opens, closes) * (1.0 - reach * _wick(even(bits, 1)))
    volume = _volume(market, steps, even(bits, 2))
    return Minutes(opens, _ticks(market, high), _ticks(market, low), closes, volume)


def _known(symbol: str) -> tuple[float, float] | None:
    return _KNOWN.get(symbol.replace("-", "")[:6])


def _usual(symbol: str, traits: Column) -> tuple[float, float]:
    return _known(symbol) or (
        float((1.0 + 9.0 * traits[0]) * _MAGNITUDES[int(traits[1] * 4.0)]),
        float(0.03 + 0.014 * traits[2]),
    )


def _decimals(price: float) -> int:
    return next((decimals for least, decimals in _DECIMALS_FROM if price >= least), 6)


def _midnights(market: Market, first_day: int, days: int) -> Column:
    first_era = first_day // ERA_DAYS
    eras = (first_day + days) // ERA_DAYS - first_era + 1
    anchors = _anchors(market, first_era, eras + 1)
    walked = _walk(_day_steps(market, first_era * ERA_DAYS, eras), anchors[:-1], anchors[1:])
    whole = np.concatenate((anchors[:1], walked.ravel()))
    start = first_day - first_era * ERA_DAYS
    return whole[start : start + days + 1]


def _anchors(market: Market, first_era: int, count: int) -> Column:
    places = bell(noise_bits(stream_key(market.symbol, "anchor"), first_era, count)) * _ANCHOR_DEVIATION
    if first_era == 0:
        places[0] = 0.0
    return places


def _day_steps(market: Market, first_day: int, eras: int) -> _Steps:
    days = eras * ERA_DAYS
    volatility = _regimes(market, "day", first_day, days, _REGIME_DAYS) * market.day_volatility
    noise = bell(noise_bits(stream_key(market.symbol, "day noise"), first_day, days))
    trend = stretched(stream_key(market.symbol, "day trend"), first_day, days, _TREND_DAYS) - 0.5
    moves = volatility * _fat(noise) + trend * (0.6 * market.day_volatility)
    return _Steps(moves.reshape(eras, ERA_DAYS), volatility.reshape(eras, ERA_DAYS))


def _minute_steps(market: Market, first_day: int, days: int, luck: Column) -> _Steps:
    first, count = first_day * DAY_MINUTES, days * DAY_MINUTES
    moves = _fat(bell(noise_bits(stream_key(market.symbol, "minute noise"), first, count)))
    moves[luck >= 1.0 - _JUMP_SHARE] *= _JUMP_SIZE
    moves += (stretched(stream_key(market.symbol, "minute trend"), first, count, _TREND_MINUTES) - 0.5) * 0.25
    volatility = _minute_volatility(market, first_day, days)
    volatility *= _live(market, luck).reshape(days, DAY_MINUTES)
    return _Steps(moves.reshape(days, DAY_MINUTES) * volatility, volatility)


def _minute_volatility(market: Market, first_day: int, days: int) -> Column:
    first, count = first_day * DAY_MINUTES, days * DAY_MINUTES
    by_day = _regimes(market, "day", first_day, days, _REGIME_DAYS) * _minute_deviation(market)
    volatility = _regimes(market, "minute", first, count, _REGIME_MINUTES).reshape(days, DAY_MINUTES)
    volatility *= _SEASON[None, :]
    volatility *= by_day[:, None]
    return volatility


def _minute_deviation(market: Market) -> float:
    return market.day_volatility / sqrt(DAY_MINUTES)


def _regimes(market: Market, scale: str, first: int, count: int, lengths: tuple[int, ...]) -> Column:
    level = np.ones(count)
    for length in lengths:
        held = stretched(stream_key(market.symbol, scale, "regime", str(length)), first, count, length)
        level *= 0.68 + held * held * 0.9
    return level


def _fat(noise: Column) -> Column:
    # A cubic keeps the bell's middle and stretches its ends, without a function whose last bit is not fixed.
    return noise * (0.45 + 0.2 * noise * noise)


def _walk(steps: _Steps, starts: Column, ends: Column) -> Column:
    walk = np.cumsum(steps.moves, axis=1)
    clock = np.cumsum(steps.volatility * steps.volatility, axis=1)
    astray = (ends - starts - walk[:, -1]) / clock[:, -1]
    walk += clock * astray[:, None]
    walk += starts[:, None]
    walk[:, -1] = ends
    return walk


def _rounded(market: Market, log_price: Column) -> Column:
    # (1 + x/1024)^1024 instead of e^x: ten squarings, each exact to the last bit on every machine.
    growth = 1.0 + log_price / 1024.0
    for _ in range(10):
        growth *= growth
    return _ticks(market, growth * market.usual_price)


def _ticks(market: Market, price: Column) -> Column:
    return np.round(price, market.decimals)


def _live(market: Market, luck: Column) -> NDArray[np.bool_]:
    live = luck >= market.quiet_share
    # The last minute of a day brings the walk to the next midnight exactly, so it always trades.
    live[DAY_MINUTES - 1 :: DAY_MINUTES] = True
    return live


def _wick(luck: Column) -> Column:
    return luck * luck * 1.3


def _volume(market: Market, steps: _Steps, luck: Column) -> Column:
    bustle = (0.3 * steps.volatility + np.abs(steps.moves)).ravel() / _minute_deviation(market)
    volume: Column = np.round(market.usual_volume * bustle * (1.0 / (1.03 - luck) - 0.9), 3)
    np.maximum(volume, 0.001, out=volume, where=bustle > 0.0)
    return volume
