"""Notices: what is said about an event to people, by templates that are checked before anything happens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any, Literal, get_origin

import msgspec

from btk.model.events import Event
from btk.model.plain_words import did_you_mean
from btk.model.trade import Trade

LONGEST_NOTICE = 500
LONGEST_VALUE = 200

_ANYTHING = "{type} on {symbol}, {strategy}"
_LEVELS = "target {price_take_profit:.8g}, stop {price_stop_loss:.8g}"
TEMPLATES: Mapping[str, str] = {
    "scheduled": f"{{symbol}} {{strategy}}: {{position}} waits for {{price_open:.8g}}, {_LEVELS}",
    "opened": f"{{symbol}} {{strategy}}: {{position}} opened at {{price_open:.8g}}, {_LEVELS}, cost {{cost:.8g}}",
    "partial_profit": "{symbol} {strategy}: {level} % of the way to the target, at {price:.8g}",
    "partial_loss": "{symbol} {strategy}: {level} % of the way to the stop, at {price:.8g}",
    "breakeven": "{symbol} {strategy}: costs are earned, at {price:.8g}",
    "partial_closed": "{symbol} {strategy}: {pct:.4g} % closed at {price:.8g}, {pnl_pct:+.2f} % so far",
    "stop_moved": "{symbol} {strategy}: stop moved to {price_stop_loss:.8g} ({cause})",
    "take_moved": "{symbol} {strategy}: target moved to {price_take_profit:.8g}",
    "averaged": "{symbol} {strategy}: bought again at {price:.8g}, entry is {price_open:.8g} now",
    "closed": "{symbol} {strategy}: {position} closed at {price:.8g}, {close_reason}: {pnl_pct:+.2f} %, {pnl_cost:+.8g}",
    "cancelled": "{symbol} {strategy}: {position} at {price_open:.8g} given up, {reason}",
    "rejected": "{symbol} {strategy}: signal refused, {reason}: {detail}",
    "error": "{symbol} {strategy}: {where} failed: {message}",
    "paused": "{symbol} {strategy}: paused",
    "resumed": "{symbol} {strategy}: resumed",
    "stopped": "{symbol} {strategy}: told to end",
    "alarm": "{subject}: {message}",
}

_WIDE = re.compile(r"\d{3,}")
_UNSEEN = re.compile(r"[^\S ]+|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def template_of(kind: str) -> str:
    """What is said of events of a kind when nobody says otherwise."""
    return TEMPLATES.get(kind, _ANYTHING)


def template_problem(kind: str, template: str) -> str | None:
    """Why a template cannot be filled from events of this kind; None when it can."""
    known = _samples(kind)
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return f"is no template ({error}); a brace that is meant is written twice"
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in known or conversion:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            return f"{{{name}{f'!{conversion}' if conversion else ''}}} is nothing {kind} events have{hint}"
        problem = _misformat(known[name], spec or "")
        if problem:
            return f"{{{name}:{spec}}} cannot be written ({problem})"
    return None


def notice(event: Event, exchange: str, template: str) -> str:
    """The template filled from an event: one line of printable text, cut short."""
    values = _values(event, exchange)
    try:
        text = template.format_map(values)
    except (
        KeyError,
        TypeError,
        ValueError,
    ):  # a value of another type than declared: better plain words than none
        text = _ANYTHING.format_map(values)
    return shortened(text, LONGEST_NOTICE)


def shortened(text: str, longest: int) -> str:
    """One line of printable characters, at most `longest` of them."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def _values(event: Event, exchange: str) -> dict[str, Any]:
    values: dict[str, Any] = {"type": kind_of(event), "exchange": exchange}
    trade = getattr(event, "trade", None)
    for told in (trade, event):
        if told is not None:
            values |= {name: _value(getattr(told, name)) for name in told.__struct_fields__}
    return values


def _value(value: object) -> object:
    return shortened(value, LONGEST_VALUE) if isinstance(value, str) else value


def kind_of(event: Event) -> str:
    """The word for its type, such as `opened`."""
    return str(type(event).__struct_config__.tag)


@cache
def _samples(kind: str) -> dict[str, Any]:
    told = next((cls for cls in Event.__subclasses__() if cls.__struct_config__.tag == kind), Event)
    samples: dict[str, Any] = {"type": kind, "exchange": "demo"}
    sources: list[type[msgspec.Struct]] = [told]
    if "trade" in told.__struct_fields__:
        sources.append(Trade)
    for source in sources:
        for field in msgspec.structs.fields(source):
            sample = _sample(field.type)
            if sample is not None:
                samples.setdefault(field.name, sample)
    return samples


def _sample(annotation: Any) -> Any:
    if get_origin(annotation) is Literal:
        return "word"
    return {str: "word", int: 1, float: 1.0, bool: True}.get(annotation)


def _misformat(sample: Any, spec: str) -> str | None:
    if "{" in spec or _WIDE.search(spec):
        return "a width of at most 99, and nothing nested"
    try:
        format(sample, spec)
    except ValueError as error:
        return str(error)
    return None
