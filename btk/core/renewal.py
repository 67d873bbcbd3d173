"""Renewal: when a stop that stands is placed anew for more of its position, what that counts for, and the gap it leaves.

An entry that rests may be filled in a hundred parts. Its first part is protected at once. After that a part may wait
`RENEW_MS`, if all that waits is at most `MINOR_SHARE` of what is held; more than that, the end of the entry and a level
that moves are never waited with. A renewal for every part would cost more than it protects: on spot it takes the stop
of the whole position away for two requests each time.
"""

from __future__ import annotations

from collections.abc import Sequence

from btk.model.intents import PROTECTIVE_LEGS, Intent

MINOR_SHARE = 0.1
RENEW_MS = 3_000


def may_wait(standing: Intent, held: float, now_ms: int) -> bool:
    """Whether a protective order may go on for less than is `held`, while more is still being bought."""
    if standing.accepted_at_ms is None or now_ms >= standing.accepted_at_ms + RENEW_MS:
        return False
    return held * (1 - MINOR_SHARE) <= standing.quantity - standing.filled_quantity <= held


def follows_a_fill(intent: Intent, intents: Sequence[Intent]) -> bool:
    """Whether it is the same protective order once more, for more than before.

    How often that happens is the market's doing and bounded by what was bought: it is no sign of a program gone wild, so
    the kill switch does not count it.
    """
    old = _replaced(intent, intents)
    if old is None or intent.leg not in PROTECTIVE_LEGS:
        return False
    same_levels = (intent.price, intent.price_trigger) == (old.price, old.price_trigger)
    return same_levels and intent.quantity > old.quantity


def naked_ms(intents: Sequence[Intent], replacement: Intent) -> int | None:
    """How long a position was without the stop that `replacement` renewed; None where it stood before."""
    old = _replaced(replacement, intents)
    if old is None or old.settled_at_ms is None or replacement.accepted_at_ms is None:
        return None
    return max(0, replacement.accepted_at_ms - old.settled_at_ms)


def _replaced(intent: Intent, intents: Sequence[Intent]) -> Intent | None:
    return next((one for one in intents if one.client_order_id == intent.replaces), None)
