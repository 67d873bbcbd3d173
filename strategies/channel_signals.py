"""A strategy that trades what a Telegram channel says, from the channel's export as Telegram Desktop writes it."""

import json
import re
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from btk import Market, Signal, Strategy

PROJECT = Path(__file__).parents[1]

# Every channel has its own way of writing; this one reads "BTCUSDT LONG, entry 42000, target 43500, stop 41200".
HEADLINE = re.compile(r"#?\b([A-Z0-9]{2,12})/?(USDT|USDC)\s+(LONG|SHORT)\b", re.IGNORECASE)
NUMBER = r"\W{{0,3}}\b{}\w*\W{{0,3}}(\d+(?:\.\d+)?)"
TARGET, STOP, ENTRY = (re.compile(NUMBER.format(word), re.IGNORECASE) for word in ("target", "stop", "entry"))


class Post(NamedTuple):
    """A signal of the channel: `known_ms` is the first moment at which anybody could have read it as it stands."""

    known_ms: int
    id: int
    symbol: str
    position: Literal["long", "short"]
    target: float
    stop: float
    entry: float | None


class ChannelSignals(Strategy):
    """Open what the channel posted in the last minutes for this symbol; each post at most once."""

    interval = "1m"
    warmup = 1
    risk = ("conservative",)

    export: str = "channel.json"  # relative to the project
    fresh_minutes: int = 5  # what is older was missed and is not chased

    def get_signal(self, market: Market) -> Signal | None:
        path = PROJECT / self.export
        # Live, a collector replaces the file; in a backtest it is read once.
        posts = read_posts(path, path.stat().st_mtime_ns)
        last = bisect_right(posts, market.now_ms, key=lambda post: post.known_ms)
        for post in reversed(posts[:last]):
            if post.known_ms < market.now_ms - self.fresh_minutes * 60_000:
                return None
            if post.symbol == market.symbol:
                return Signal(
                    position=post.position,
                    price_take_profit=post.target,
                    price_stop_loss=post.stop,
                    price_open=post.entry,
                    note=f"post {post.id}",
                    id=f"post-{post.id}",  # an id never opens twice, not even after a restart
                )
        return None


@lru_cache(maxsize=4)
def read_posts(path: Path, changed_ns: int) -> list[Post]:
    """The signals in an export, in the order in which they became known."""
    messages = json.loads(path.read_text(encoding="utf-8"))["messages"]
    posts = (_post(message) for message in messages if message.get("type", "message") == "message")
    return sorted((post for post in posts if post is not None), key=lambda post: post[:2])


def _post(message: dict[str, Any]) -> Post | None:
    text = _text(message["text"])
    headline, target, stop, entry = (form.search(text) for form in (HEADLINE, TARGET, STOP, ENTRY))
    if not (headline and target and stop):
        return None
    # An edited message was another one before: what it says now was known only after its last edit. Whole seconds
    # are told, so it counts from their end. `date` without `unixtime` is the local time of whoever exported.
    seconds = max(int(message["date_unixtime"]), int(message.get("edited_unixtime", 0)))
    return Post(
        known_ms=(seconds + 1) * 1000,
        id=message["id"],
        symbol=f"{headline[1]}{headline[2]}".upper(),
        position="long" if headline[3].lower() == "long" else "short",
        target=float(target[1]),
        stop=float(stop[1]),
        entry=float(entry[1]) if entry else None,
    )


def _text(parts: str | list[Any]) -> str:
    # Plain text, or a list of plain and formatted pieces.
    if isinstance(parts, str):
        return parts
    return "".join(part if isinstance(part, str) else part["text"] for part in parts)
