"""A mailbox: nothing is lost uncounted, nobody is told too often, and what fails is tried again later and later."""

from collections.abc import Callable

import pytest

from btk.adapters.notify_mailbox import (
    FIRST_DELAY_MS,
    LONGEST_DELAY_MS,
    MOST_CHARACTERS,
    MOST_NOTES,
    Kept,
    Mailbox,
    MailboxRules,
)
from btk.adapters.notify_repeats import Note

MINUTE_MS = 60_000
MIDNIGHT_MS = 1_704_067_200_000
HOUR_MS = 60 * MINUTE_MS


def mailbox(chance: Callable[[], float] = lambda: 1.0, **rules: object) -> Mailbox:
    return Mailbox(MailboxRules(**rules), chance)  # type: ignore[arg-type]


def note(text: str, at_ms: int = MIDNIGHT_MS, urgent: bool = False) -> Note:
    return Note(at_ms=at_ms, text=text, urgent=urgent)


def texts(notes: tuple[Note, ...]) -> list[str]:
    return [each.text for each in notes]


def counted(box: Mailbox) -> int:
    return box.tally.sent + box.tally.coalesced + box.tally.dropped + box.waiting


def test_notes_that_wait_together_go_together_in_their_order() -> None:
    box = mailbox()
    for text in "abc":
        box.put(note(text))
    assert texts(box.bundle(MIDNIGHT_MS)) == ["a", "b", "c"]
    box.delivered()
    assert box.bundle(MIDNIGHT_MS) == ()
    assert (box.tally.sent, box.waiting) == (3, 0)


def test_a_bundle_is_short() -> None:
    box = mailbox()
    for number in range(MOST_NOTES + 1):
        box.put(note(f"{number}"))
    assert len(box.bundle(MIDNIGHT_MS)) == MOST_NOTES
    box = mailbox()
    for number in range(3):
        box.put(note(f"{number}" * (MOST_CHARACTERS - 1)))
    assert len(box.bundle(MIDNIGHT_MS)) == 1


def test_an_equal_note_is_counted_and_told_once_with_the_count() -> None:
    box = mailbox(repeat_ms=10 * MINUTE_MS)
    for minute in range(5):
        box.put(note("a", MIDNIGHT_MS + minute * MINUTE_MS))
    assert texts(box.bundle(MIDNIGHT_MS)) == ["a"]
    box.delivered()
    assert box.next_ms(MIDNIGHT_MS) == MIDNIGHT_MS + 10 * MINUTE_MS
    assert texts(box.bundle(MIDNIGHT_MS + 10 * MINUTE_MS)) == ["a (and 4 times more within 10 minutes)"]
    box.delivered()
    assert (box.tally.taken, box.tally.sent, box.tally.coalesced) == (5, 1, 4)


def test_what_repeats_without_end_is_told_once_a_window() -> None:
    box = mailbox(repeat_ms=10 * MINUTE_MS)
    told = 0
    for minute in range(100):
        box.put(note("a", MIDNIGHT_MS + minute * MINUTE_MS))
        told += len(box.bundle(MIDNIGHT_MS + minute * MINUTE_MS))
        box.delivered()
    assert told == 10
    assert counted(box) == 100


def test_after_a_silent_window_the_note_is_told_anew() -> None:
    box = mailbox(repeat_ms=10 * MINUTE_MS)
    box.put(note("a"))
    box.bundle(MIDNIGHT_MS)
    box.delivered()
    box.put(note("a", MIDNIGHT_MS + 10 * MINUTE_MS))
    assert texts(box.bundle(MIDNIGHT_MS + 10 * MINUTE_MS)) == ["a"]


def test_without_a_window_every_note_is_told() -> None:
    box = mailbox(repeat_ms=0)
    box.put(note("a"))
    box.put(note("a"))
    assert texts(box.bundle(MIDNIGHT_MS)) == ["a", "a"]


def test_a_clock_that_was_put_back_keeps_no_window_on() -> None:
    box = mailbox(repeat_ms=10 * MINUTE_MS)
    box.put(note("a"))
    box.put(note("a", MIDNIGHT_MS - 24 * HOUR_MS))
    assert len(box.kept.notes) == 2


def test_windows_are_bounded_too() -> None:
    box = mailbox(room=10)
    for number in range(100):
        box.put(note(f"{number}"))
        box.put(note(f"{number}"))
    assert len(box._repeats._windows) <= 11
    assert counted(box) == 200


def test_the_oldest_note_makes_room_and_is_counted() -> None:
    box = mailbox(room=10)
    for number in range(25):
        box.put(note(f"{number}"))
    assert texts(box.kept.notes) == [f"{number}" for number in range(15, 25)]
    box.bundle(MIDNIGHT_MS)
    assert box.drops_in_flight == 15
    box.delivered()
    assert box.kept == Kept()
    assert (box.tally.dropped, box.tally.sent) == (15, 10)


def test_notes_in_flight_are_kept_until_they_are_taken() -> None:
    box = mailbox()
    box.put(note("a"))
    box.bundle(MIDNIGHT_MS)
    assert texts(box.kept.notes) == ["a"]
    box.failed("no", MIDNIGHT_MS)
    assert texts(box.kept.notes) == ["a"]


def test_what_fails_waits_longer_each_time_up_to_a_bound() -> None:
    box, now_ms, waits = mailbox(repeat_ms=0), MIDNIGHT_MS, []
    box.put(note("a"))
    for _ in range(9):
        assert box.bundle(now_ms)
        box.failed("no", now_ms)
        assert box.bundle(now_ms + 1) == ()
        next_ms = box.next_ms(now_ms + 1) or 0
        waits.append(next_ms - now_ms)
        now_ms = next_ms
    assert waits == [min(FIRST_DELAY_MS * 2**tries, LONGEST_DELAY_MS) for tries in range(9)]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_waits_are_spread(chance: float) -> None:
    box = mailbox(lambda: chance, repeat_ms=0)
    box.put(note("a"))
    box.bundle(MIDNIGHT_MS)
    box.failed("no", MIDNIGHT_MS)
    assert box.next_ms(MIDNIGHT_MS) == MIDNIGHT_MS + round(FIRST_DELAY_MS * (0.5 + chance / 2))


def test_a_clock_that_was_put_back_makes_no_wait_longer() -> None:
    box = mailbox()
    box.put(note("a"))
    box.bundle(MIDNIGHT_MS)
    box.failed("no", MIDNIGHT_MS)
    assert texts(box.bundle(MIDNIGHT_MS - HOUR_MS)) == ["a"]


def test_an_outage_begins_and_ends_once() -> None:
    box, now_ms, begun = mailbox(), MIDNIGHT_MS, []
    box.put(note("a"))
    for number in range(6):
        box.bundle(now_ms)
        outage = box.failed(f"no {number}", now_ms)
        begun.append(outage and outage.reason)
        now_ms += HOUR_MS
    assert begun == [None, None, "no 2", None, None, None]
    assert box.outage is not None
    assert (box.outage.since_ms, box.outage.reason) == (MIDNIGHT_MS, "no 5")
    box.bundle(now_ms)
    ended = box.delivered()
    assert ended is not None
    assert box.outage is None


def test_a_failure_or_two_is_no_outage() -> None:
    box = mailbox()
    box.put(note("a"))
    for hour in range(2):
        box.bundle(MIDNIGHT_MS + hour * HOUR_MS)
        assert box.failed("no", MIDNIGHT_MS + hour * HOUR_MS) is None
    box.bundle(MIDNIGHT_MS + 2 * HOUR_MS)
    assert box.delivered() is None


def test_in_quiet_hours_only_what_is_urgent_is_told() -> None:
    box = mailbox(quiet_minutes=(22 * 60, 7 * 60), repeat_ms=0)
    box.put(note("opened"))
    box.put(note("error", urgent=True))
    assert texts(box.bundle(MIDNIGHT_MS)) == ["error"]
    box.delivered()
    assert box.next_ms(MIDNIGHT_MS) == MIDNIGHT_MS + 7 * HOUR_MS
    assert texts(box.bundle(MIDNIGHT_MS + 7 * HOUR_MS)) == ["opened"]


@pytest.mark.parametrize(
    ("quiet", "hour", "told"),
    [((60, 120), 0, 1), ((60, 120), 1, 0), ((60, 120), 2, 1), ((1320, 420), 22, 0), ((1320, 420), 7, 1)],
)
def test_quiet_hours_begin_with_their_first_and_end_before_their_last_minute(
    quiet: tuple[int, int], hour: int, told: int
) -> None:
    box = mailbox(quiet_minutes=quiet)
    box.put(note("a", MIDNIGHT_MS + hour * HOUR_MS))
    assert len(box.bundle(MIDNIGHT_MS + hour * HOUR_MS)) == told


def test_the_end_tells_what_was_counted_so_far() -> None:
    box = mailbox()
    box.put(note("a"))
    box.put(note("a"))
    box.end_repeats(MIDNIGHT_MS)
    assert texts(box.kept.notes) == ["a", "a (and once more within a minute)"]


def test_a_mailbox_begins_with_what_another_left() -> None:
    left = mailbox(room=10)
    for number in range(12):
        left.put(note(f"{number}"))
    box = mailbox(room=10)
    box.restore(left.kept)
    assert box.kept == left.kept
    assert counted(box) == box.tally.taken == 10
