"""Settings of notifications: who is told of which events, in which words, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from btk.model.address import literal_secret
from btk.model.notice import template_problem
from btk.model.plain_words import HIDDEN, did_you_mean
from btk.model.section import Problem, Section

EventType = Literal[
    "scheduled",
    "opened",
    "partial_profit",
    "partial_loss",
    "breakeven",
    "partial_closed",
    "stop_moved",
    "take_moved",
    "averaged",
    "closed",
    "cancelled",
    "rejected",
    "error",
    "paused",
    "resumed",
    "stopped",
    "order",
    "alarm",
]

Address = Annotated[
    str,
    Meta(
        pattern=r"^(\$\{[^}]+\}|[^:/]+://.*)$",
        description="an address such as tgram://${TELEGRAM_TOKEN}/${TELEGRAM_CHAT} or ${NOTIFY_URL}",
        extra=HIDDEN,
    ),
]
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
QuietHours = Annotated[str, Meta(pattern=rf"^{_HOUR}-{_HOUR}$", description="UTC times such as 22:00-07:00")]
Minutes = Annotated[float, Meta(ge=0, le=1440, description="minutes from 0 to 1440")]
Room = Annotated[int, Meta(ge=10, le=100_000, description="a whole number from 10 to 100000")]


class Notify(Section, frozen=True, kw_only=True):
    """Who is told of which events; whatever is secret in the addresses is a reference."""

    urls: tuple[Address, ...] = ()
    events: tuple[EventType, ...] = ("opened", "closed", "rejected", "error", "alarm")
    templates: dict[str, str] = msgspec.field(default_factory=dict)
    repeat_minutes: Minutes = 10.0
    quiet_hours: QuietHours | None = None
    urgent: tuple[EventType, ...] = ("error", "alarm")
    max_waiting: Room = 1000

    @property
    def quiet_minutes(self) -> tuple[int, int] | None:
        """Minutes of the UTC day in which only what is urgent is sent: from, and to (excluded; may be the smaller)."""
        if self.quiet_hours is None:
            return None
        begin, end = (
            int(hour) * 60 + int(minute)
            for hour, minute in (time.split(":") for time in self.quiet_hours.split("-"))
        )
        return begin, end

    def contradictions(self) -> Iterator[Problem]:
        """No secret in the open, and templates that can be filled."""
        yield from self._address_problems()
        yield from self._template_problems()
        if self.quiet_minutes is not None and len(set(self.quiet_minutes)) == 1:
            yield Problem(("quiet_hours",), f"{self.quiet_hours} begins when it ends; null switches it off")

    def _address_problems(self) -> Iterator[Problem]:
        for index, address in enumerate(self.urls):
            what = literal_secret(address)
            if what:
                remedy = "write ${NAME} in its place, or ${NAME} for the whole address"
                yield Problem((f"urls[{index}]",), f"{what} is written out in the address; {remedy}")
            elif address in self.urls[:index]:
                yield Problem((f"urls[{index}]",), "this address is listed twice")

    def _template_problems(self) -> Iterator[Problem]:
        known = get_args(EventType)
        for kind, template in self.templates.items():
            if kind not in known:
                hint = did_you_mean(kind, known) or f"; there are {', '.join(known)}"
                yield Problem((f"templates.{kind}",), f"no event is called {kind!r}{hint}")
                continue
            problem = template_problem(kind, template) if template.strip() else "is empty"
            if problem:
                yield Problem((f"templates.{kind}",), problem)
