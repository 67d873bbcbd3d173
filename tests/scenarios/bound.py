"""Symbols under one risk profile: what the tables of risk are made of."""

from __future__ import annotations

from btk.core.rules import Rules
from btk.model.events import OpenedEvent
from btk.model.settings import RiskProfile
from tests.scenarios.harness import Played, Scene, at_ms, clock, play
from tests.scenarios.script import Script, long

FLAT = {"09:00": "100"}
FREE = Rules(slippage_pct=0, fee_pct=0)


def limited(*rules, **limits):
    """One profile named `p`."""
    return {"p": (RiskProfile(**limits), [(rule.__name__, rule) for rule in rules])}


def together(profiles, side: str = "long", until: str = "09:10", rules: Rules = FREE, **scripts) -> Played:
    """Symbols under one profile."""
    bound = {symbol: Script(candles=FLAT, risk=("p",), **script) for symbol, script in scripts.items()}
    return play(Scene(scripts=bound, profiles=profiles, until=until, rules=rules), side)


def refuse_until(minute: str):
    """A profile `gate` whose rule refuses until a time."""

    def patience(candidate, book):
        return None if candidate.now_ms >= at_ms(minute) else "not yet"

    return {"gate": (RiskProfile(), [("patience", patience)])}


def once(minute: str, **wish: object) -> dict:
    """A script that wishes once."""
    return {"signals": {minute: long(**wish)}}


def refusals(played: Played) -> list[tuple[str, str]]:
    """When risk refused, and in which words."""
    return [(at, line.split(" risk: ")[1]) for at, line in played.lines if "rejected" in line]


def openings(played: Played) -> list[tuple[str, str]]:
    """When what was opened."""
    return [(clock(event.at_ms), event.symbol) for event in played.of(OpenedEvent)]
