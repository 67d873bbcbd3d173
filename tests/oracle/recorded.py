"""What the origin's log says, in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from btk.model.intervals import MINUTE_MS
from tests.oracle.rows import Extreme, Refused, Row, in_common_order
from tests.oracle.scenarios import Plain, Scenario
from tests.oracle.scripted import Done, Ping

_MOVES = {
    "partial-profit": "partial_closed",
    "partial-loss": "partial_closed",
    "trailing-stop": "stop_moved",
    "trailing-take": "take_moved",
    "breakeven": "stop_moved",
    "average-buy": "averaged",
}
_LEVELS = {"partialProfit": "partial_profit", "partialLoss": "partial_loss"}


def rows(scenario: Scenario) -> list[Row]:
    """Every event of a scenario that changes or marks a signal.

    Left out: `signal` and `schedule` say again what `tick` says; `tick` active only marks the end of a chunk of candles;
    `commit` of close, cancel and activate says again what follows it (its note names the reason); `op`, `risk` and
    `error` are compared apart.
    """
    return in_common_order(_Reader(scenario).rows())


class _Reader:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._notes: dict[str, str] = {}
        self._risk_ms = -1

    def rows(self) -> Iterator[Row]:
        for event in self._scenario.expected.events:
            kind = event["ev"]
            if kind == "tick" and event["action"] != "active":
                yield self._tick(event)
            elif kind in _LEVELS:
                values = {"level": event["level"], "price": event["currentPrice"]}
                yield Row(event["t"], _LEVELS[kind], event["id"], values)
            elif kind == "breakeven":
                yield Row(event["t"], kind, event["id"], {"price": event["currentPrice"]})
            elif kind == "risk":
                self._risk_ms = event["t"]
            elif kind == "commit":
                yield from self._commit(event)

    def _commit(self, event: Plain) -> Iterator[Row]:
        if event["action"] in _MOVES:
            yield _move(event)
        else:
            self._notes[event["id"]] = event.get("note", "")

    def _tick(self, event: Plain) -> Row:
        makers: dict[str, Callable[[Plain], Plain]] = {
            "scheduled": _scheduled,
            "opened": _opened,
            "cancelled": self._cancelled,
            "closed": self._closed,
        }
        values = makers[event["action"]](event)
        return Row(event["t"], event["action"], event["signal"]["id"], values)

    def _cancelled(self, event: Plain) -> Plain:
        signal = event["signal"]
        return {
            "reason": self._cancel_reason(event),
            "price": event["currentPrice"],
            "position": signal["position"],
            "price_open": signal["originalPriceOpen"],
            "scheduled_at_ms": signal["scheduledAt"],
            "note": self._notes[signal["id"]] if self._cancel_reason(event) == "user" else None,
        }

    def _cancel_reason(self, event: Plain) -> str:
        reason: str = event["reason"]
        if reason == "timeout" and event["t"] > self._scenario.last_tick_ms:
            return "frame_end"
        if reason == "user" and self._risk_ms == event["t"]:
            return "risk"
        if reason == "user" and self._notes.get(event["signal"]["id"]) == "stop_strategy":
            return "stopped"
        return reason

    def _closed(self, event: Plain) -> Plain:
        signal, pnl = event["signal"], event["pnl"]
        return {
            "reason": self._close_reason(event),
            "price": event["currentPrice"],
            "closed_at_ms": event["closeTimestamp"],
            "pnl_pct": pnl["pct"],
            "pnl_cost": pnl["cost"],
            "invested": pnl["invested"],
            "price_open": pnl["open"],
            "price_close": pnl["close"],
            "position": signal["position"],
            "first_cost": signal["cost"],
            "first_price": signal["originalPriceOpen"],
            "take": signal["priceTakeProfit"],
            "stop": signal["priceStopLoss"],
            "original_take": signal["originalPriceTakeProfit"],
            "original_stop": signal["originalPriceStopLoss"],
            "scheduled_at_ms": signal["scheduledAt"],
            "opened_at_ms": signal["pendingAt"],
            "entries": signal["totalEntries"],
            "partials": signal["totalPartials"],
            "closed_pct": signal["partialExecuted"],
            "best_pct": signal["peak"]["pct"],
            "worst_pct": signal["fall"]["pct"],
            "note": self._notes[signal["id"]] if self._close_reason(event) == "user" else None,
        }

    def _close_reason(self, event: Plain) -> str:
        reason: str = event["closeReason"]
        if reason == "time_expired" and event["t"] > self._scenario.last_tick_ms:
            return "frame_end"
        if reason == "closed":
            note = self._notes.get(event["signal"]["id"])
            return "partial" if note == "full_partial_close" else "user"
        return reason


def _scheduled(event: Plain) -> Plain:
    return {
        **_plan(event["signal"]),
        "price": event["currentPrice"],
        "created_ms": event["signal"]["scheduledAt"],
    }


def _opened(event: Plain) -> Plain:
    signal = event["signal"]
    return {
        **_plan(signal),
        "price": event["currentPrice"],
        "created_ms": signal["scheduledAt"],
        "opened_at_ms": signal["pendingAt"],
    }


def _plan(signal: Plain) -> Plain:
    return {
        "position": signal["position"],
        "cost": signal["cost"],
        "price_open": signal["originalPriceOpen"],
        "take": signal["originalPriceTakeProfit"],
        "stop": signal["originalPriceStopLoss"],
        "lifetime_minutes": signal["minuteEstimatedTime"],
    }


def _move(event: Plain) -> Row:
    action, pnl = event["action"], event["pnl"]
    values = {
        "action": action,
        "price": event["currentPrice"],
        "amount": event.get("percentToClose") or event.get("cost"),
        "price_open": event["priceOpen"],
        "take": event["priceTakeProfit"],
        "stop": event["priceStopLoss"],
        "first_price": event["originalPriceOpen"],
        "entries": event["totalEntries"],
        "partials": event["totalPartials"],
        "pnl_pct": pnl["pct"],
        "pnl_cost": pnl["cost"],
        "invested": pnl["invested"],
    }
    return Row(event["t"], _MOVES[action], event["id"], values)


def questions(scenario: Scenario) -> list[int]:
    """The ticks at which get_signal was called."""
    return [scenario.first_tick_ms + minute * MINUTE_MS for minute in scenario.expected.signal_calls]


def operations(scenario: Scenario) -> list[Done]:
    """The script's operations, with the price of the ping and the answer."""
    return [
        Done(event["t"], event["op"], event["ping"], _answer(event))
        for event in scenario.expected.events
        if event["ev"] == "op"
    ]


def _answer(event: Plain) -> bool | None:
    if event["op"] == "createSignal":
        return "error" not in event
    answer: bool | None = event["result"]
    return answer


def refusals(scenario: Scenario) -> list[Refused]:
    """What risk rules refused, in order."""
    return [
        Refused(
            event["t"],
            event["currentPrice"],
            event["activePositionCount"],
            event["id"],
            event["rejectionId"],
            event["note"],
        )
        for event in scenario.expected.events
        if event["ev"] == "risk"
    ]


def errors(scenario: Scenario) -> list[int]:
    """When a question ended in an error (the words are each engine's own)."""
    return [event["t"] for event in scenario.expected.events if event["ev"] == "error"]


def pings(scenario: Scenario, kind: str) -> list[Ping] | None:
    """Every once-a-minute look at a state (`getSignal`, `idle`, `schedule`, `active`); None where it is not recorded."""
    trace = scenario.expected.trace
    return None if trace is None else [Ping(at_ms, price) for name, at_ms, price in trace if name == kind]


def extremes(scenario: Scenario, name: str) -> list[Extreme]:
    """`peak` or `fall` of every closed position: id, when, at which price, net profit there."""
    return [
        Extreme(signal["id"], signal[name]["t"], signal[name]["price"], signal[name]["pct"])
        for signal in (
            event["signal"]
            for event in scenario.expected.events
            if event["ev"] == "tick" and event["action"] == "closed"
        )
    ]
