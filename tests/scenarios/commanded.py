"""A long from 100 whose hook asks for something at one price: what the tables of commands are made of."""

from __future__ import annotations

from btk.core.rules import Rules
from tests.scenarios.harness import Scene, play, scene
from tests.scenarios.script import long

OPENED = ("09:01", "opened long @100")
OURS = Rules()


def at_price(price: str, *asked: object, title: str = "", lines=(), rules: Rules = OURS) -> Scene:
    """A long from 100 (stop 95, target 110) whose hook asks something at 09:03, when the market shows `price`."""
    return scene(
        title,
        candles={"09:00": "100", "09:02": price},
        signals={"09:01": long(stop=95, take=110)},
        hooks={("on_active", "09:03"): asked},
        rules=rules,
        until="09:05",
        lines=[OPENED, *lines, ("09:05", f"closed frame_end @{price}")],
    )


def refusals_of(scene: Scene, side: str = "long") -> list[str]:
    """What the hook was told."""
    return [reason for _, reason in play(scene, side).refused]
