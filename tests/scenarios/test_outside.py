"""Semantics, sections 4 and 5: pause, resume, stop, and signals that are handed in from outside."""

from __future__ import annotations

from btk.model.commands import ClosePosition, Pause, Resume, Stop, SubmitSignal
from tests.scenarios.bound import refuse_until
from tests.scenarios.harness import both_sides, play, scene, table
from tests.scenarios.script import long

FLAT = {"09:00": "100"}
EVERY_5 = ["09:00", "09:05", "09:10", "09:15"]


def asked(script: dict, until: str = "09:17", **rest: object) -> list[str]:
    return play(scene(candles=FLAT, interval="5m", until=until, **script, **rest)).asked


@table(
    scene(
        "while paused nothing is asked; a slot that was not asked is asked at once",
        candles=FLAT,
        interval="5m",
        commands=[("09:03", Pause()), ("09:07", Resume())],
        until="09:12",
        lines=[("09:03", "paused"), ("09:07", "resumed")],
    ),
    scene(
        "pausing and resuming twice is the same as once",
        candles=FLAT,
        interval="5m",
        commands=[
            ("09:02", Resume()),
            ("09:03", Pause()),
            ("09:04", Pause()),
            ("09:07", Resume()),
            ("09:08", Resume()),
        ],
        until="09:12",
        lines=[("09:03", "paused"), ("09:07", "resumed")],
    ),
)
def test_pause_and_resume(scene):
    played = play(scene)
    assert played.lines == scene.lines
    assert played.asked == ["09:00", "09:07", "09:10"]


@both_sides
@table(
    scene(
        "a pause leaves what is open and what waits alone",
        candles={"09:00": "100", "09:04": "100 100 97 99", "09:06": "99 111 98 105"},
        signals={"09:01": long(price_open=98)},
        otherwise=long(),
        commands=[("09:01", Resume()), ("09:03", Pause())],
        until="09:10",
        lines=[
            ("09:00", "opened long @100"),
            ("09:03", "paused"),
            ("09:06", "closed take_profit @110"),
        ],
    ),
    scene(
        "a stop leaves an open position to its natural end and opens nothing new",
        candles={"09:00": "100", "09:06": "100 111 98 105"},
        otherwise=long(),
        commands=[("09:03", Stop()), ("09:04", Stop()), ("09:08", Resume())],
        until="09:10",
        lines=[
            ("09:00", "opened long @100"),
            ("09:03", "stopped"),
            ("09:06", "closed take_profit @110"),
        ],
    ),
    scene(
        "a stop cancels what waits",
        candles={"09:00": "100", "09:06": "97"},
        otherwise=long(price_open=98),
        commands=[("09:03", Stop())],
        until="09:10",
        lines=[("09:00", "scheduled long @98"), ("09:03", "stopped"), ("09:03", "cancelled stopped")],
    ),
    scene(
        "a stop of an idle slot ends it",
        candles=FLAT,
        signals={"09:05": long()},
        commands=[("09:03", Stop())],
        until="09:10",
        lines=[("09:03", "stopped")],
    ),
    scene(
        "a position can still be closed after a stop",
        candles=FLAT,
        signals={"09:01": long()},
        commands=[("09:03", Stop()), ("09:05", ClosePosition())],
        until="09:10",
        lines=[("09:01", "opened long @100"), ("09:03", "stopped"), ("09:05", "closed user @100")],
    ),
)
def test_pause_and_stop_of_what_is_open(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
@table(
    scene(
        "a signal from outside needs no due slot",
        candles=FLAT,
        interval="15m",
        commands=[("09:03", SubmitSignal(long(lifetime_minutes=2)))],
        until="09:20",
        lines=[("09:03", "opened long @100"), ("09:05", "closed time_expired @100")],
    ),
    scene(
        "it may rest",
        candles={"09:00": "100", "09:05": "97"},
        interval="15m",
        commands=[("09:03", SubmitSignal(long(price_open=98)))],
        until="09:07",
        lines=[
            ("09:03", "scheduled long @98"),
            ("09:05", "opened long @98"),
            ("09:07", "closed frame_end @97"),
        ],
    ),
    scene(
        "in the tick in which a position ended there is room for it",
        candles={"09:00": "100", "09:04": "100 111 99 100"},
        interval="15m",
        signals={"09:00": long()},
        commands=[("09:05", SubmitSignal(long()))],
        until="09:07",
        lines=[
            ("09:00", "opened long @100"),
            ("09:04", "closed take_profit @110"),
            ("09:05", "opened long @100"),
            ("09:07", "closed frame_end @100"),
        ],
    ),
    scene(
        "while something is open it is refused",
        candles=FLAT,
        interval="15m",
        signals={"09:00": long()},
        commands=[("09:05", SubmitSignal(long()))],
        until="09:07",
        lines=[
            ("09:00", "opened long @100"),
            ("09:05", "rejected x1 command: SubmitSignal: something is open, scheduled or queued already"),
            ("09:07", "closed frame_end @100"),
        ],
    ),
    scene(
        "two at once are one too many",
        candles=FLAT,
        interval="15m",
        commands=[("09:03", SubmitSignal(long())), ("09:03", SubmitSignal(long()))],
        until="09:05",
        lines=[
            ("09:03", "rejected x1 command: SubmitSignal: something is open, scheduled or queued already"),
            ("09:03", "opened long @100"),
            ("09:05", "closed frame_end @100"),
        ],
    ),
    scene(
        "after a stop it is refused",
        candles=FLAT,
        interval="15m",
        commands=[("09:03", Stop()), ("09:04", SubmitSignal(long()))],
        until="09:05",
        lines=[("09:03", "stopped"), ("09:04", "rejected x1 command: SubmitSignal: the slot is stopping")],
    ),
    scene(
        "during a pause it is kept until the slot is resumed",
        candles=FLAT,
        interval="15m",
        commands=[("09:03", Pause()), ("09:04", SubmitSignal(long())), ("09:06", Resume())],
        until="09:08",
        lines=[
            ("09:03", "paused"),
            ("09:06", "resumed"),
            ("09:06", "opened long @100"),
            ("09:08", "closed frame_end @100"),
        ],
    ),
    scene(
        "a stop drops what is kept",
        candles=FLAT,
        interval="15m",
        commands=[
            ("09:03", Pause()),
            ("09:04", SubmitSignal(long())),
            ("09:05", Stop()),
            ("09:06", Resume()),
        ],
        until="09:08",
        lines=[("09:03", "paused"), ("09:05", "stopped"), ("09:06", "resumed")],
    ),
)
def test_signals_from_outside(scene, side):
    assert play(scene, side).lines == scene.lines


def test_an_invalid_signal_from_outside_is_refused_with_every_number():
    wrong = SubmitSignal(long(stop=99.9, take=100.2))
    played = play(scene(candles=FLAT, commands=[("09:03", wrong)], until="09:05"))
    assert played.lines == [
        (
            "09:03",
            "rejected x1 command: SubmitSignal: target is 0.2 % away, signal.min_take_profit_pct is 0.5;"
            " stop is 0.1 % away, signal.min_stop_loss_pct is 0.5",
        )
    ]


def test_a_signal_from_outside_takes_the_interval_slot():
    script = {"commands": [("09:06", SubmitSignal(long(lifetime_minutes=1)))]}
    assert asked(script) == EVERY_5
    during_the_slot = {"commands": [("09:03", Pause()), ("09:05", SubmitSignal(long(lifetime_minutes=1)))]}
    during_the_slot["commands"].append(("09:06", Resume()))
    assert asked(during_the_slot) == ["09:00", "09:10", "09:15"]


def test_a_signal_from_outside_that_risk_refuses_leaves_the_slot_as_it_was():
    script = {"commands": [("09:06", SubmitSignal(long()))], "risk": ("gate",)}
    assert asked(script, profiles=refuse_until("12:00")) == EVERY_5


def test_a_command_given_between_two_minutes_is_heard_at_the_next():
    wish = SubmitSignal(long(lifetime_minutes=2))
    played = play(
        scene(candles=FLAT, interval="15m", commands=[("09:03", wish)], until="09:07", late_ms=1_500)
    )
    assert played.lines == [("09:04", "opened long @100"), ("09:06", "closed time_expired @100")]
