"""Order ids: 32 hexadecimal characters derived from what an order is for, so that a restart finds the same again.

4 tag, 20 hash of signal, exchange, symbol and strategy, 2 leg, 2 part, 4 check. They name an order; what it is for is
only ever read from our own records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from btk.model.intents import Intent, Leg
from btk.model.names import SlotKey

TAG = "b7c0"
LEGS: Mapping[Leg, int] = {
    "entry": 1,
    "add": 2,
    "stop": 3,
    "target": 4,
    "pair": 5,
    "partial": 6,
    "close": 7,
}
PARTS = 256
_FORM = re.compile(rf"{TAG}[0-9a-f]{{28}}\Z")


def order_id(key: SlotKey, signal_id: str, leg: Leg, part: int = 0) -> str:
    """The id of one order of a signal; `part` counts the orders of a leg from 0."""
    # A stop that trails for days has more parts than two characters: the rest is hashed.
    round_, low = divmod(part, PARTS)
    named = "\0".join((signal_id, key.exchange, key.symbol, key.strategy, str(round_)))
    return _checked(f"{TAG}{_hash(named, 10)}{LEGS[leg]:02x}{low:02x}")


def next_part(intents: Iterable[Intent], signal_id: str, leg: Leg) -> int:
    """The next part of a leg that was never used."""
    parts = (one.part for one in intents if one.signal_id == signal_id and one.leg == leg)
    return max(parts, default=-1) + 1


def half_id(pair_id: str, leg: Leg) -> str:
    """The id of one half (`stop` or `target`) of a pair."""
    return _checked(f"{pair_id[:24]}{LEGS[leg]:02x}{pair_id[26:28]}")


def is_ours(client_order_id: str) -> bool:
    """Whether an id has our form and its check holds: then some btk on this account has sent it."""
    return bool(_FORM.match(client_order_id)) and _checked(client_order_id[:28]) == client_order_id


def _checked(body: str) -> str:
    return body + _hash(body, 2)


def _hash(text: str, size: int) -> str:
    return blake2b(text.encode(), digest_size=size).hexdigest()
