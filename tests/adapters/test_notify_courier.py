"""A courier: what is observed is told once, whatever happens to the address, the disk or the process."""

import errno
import json
from collections.abc import Iterable
from pathlib import Path

from btk.adapters.disk import Chunk, Disk
from btk.adapters.notify_courier import Courier, Office
from btk.adapters.notify_mailbox import Mailbox, MailboxRules, Outage
from btk.adapters.notify_repeats import Note
from btk.adapters.notify_spill import Spill
from tests.adapters.notify_samples import MIDNIGHT_MS, MINUTE_MS, Answering, StandingClock, courier_of


def note(text: str, at_ms: int = MIDNIGHT_MS) -> Note:
    return Note(at_ms=at_ms, text=text)


def spilled(folder: Path) -> list[str]:
    """The texts that wait on disk."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines()[1:]]
    return [json.loads(line)["text"] for line in lines]


def test_what_is_told_leaves_no_file(tmp_path: Path) -> None:
    clock, sender = StandingClock(), Answering()
    courier = courier_of(sender, tmp_path, clock)
    courier.put(note("a"))
    assert courier.step() is None
    assert sender.bodies == ["a"]
    assert list(tmp_path.iterdir()) == []


def test_a_message_is_on_disk_before_it_is_sent_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "notify"
    seen: list[list[str]] = []
    sender = Answering(lambda: seen.append(spilled(folder)))  # type: ignore[func-returns-value]
    courier = courier_of(sender, folder, StandingClock())
    courier.put(note("a"))
    courier.step()
    assert seen == [["a"]]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_was_not_taken_waits_for_the_next_process(tmp_path: Path) -> None:
    clock = StandingClock()
    first = courier_of(Answering(lambda: "no"), tmp_path, clock)
    first.put(note("a"))
    first.put(note("b"))
    first.step()
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    sender = Answering()
    courier_of(sender, tmp_path, clock).step()
    assert sender.bodies == ["a\nb"]
    assert spilled(tmp_path) == []


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(tmp_path: Path) -> None:
    clock, told, sender = StandingClock(), list[str](), Answering(lambda: "error=500")
    courier = courier_of(sender, tmp_path, clock, told=told)
    courier.put(note("a"))
    for _ in range(6):
        courier.step()
        clock.now_ms += 10 * MINUTE_MS
    assert told == ["notifications to json://*** fail: error=500; they are kept and tried again"]
    assert courier.outage == Outage(since_ms=MIDNIGHT_MS, reason="error=500")
    sender.answer = lambda: None
    courier.step()
    assert told[1:] == ["notifications to json://*** work again, after failing since 2024-01-01 UTC"]
    assert courier.outage is None


def test_an_outage_outlives_a_restart_and_is_not_told_again(tmp_path: Path) -> None:
    clock, told = StandingClock(), list[str]()
    for _ in range(3):
        courier = courier_of(Answering(lambda: "no"), tmp_path, clock, told=told)
        courier.put(note("a"))
        for _ in range(3):
            courier.step()
            clock.now_ms += 10 * MINUTE_MS
    assert len(told) == 1


def test_late_messages_carry_their_time_and_lost_ones_are_counted(tmp_path: Path) -> None:
    clock, sender = StandingClock(), Answering(lambda: "no")
    courier = courier_of(sender, tmp_path, clock, MailboxRules(room=10, repeat_ms=0))
    for number in range(12):
        courier.put(note(f"{number}"))
    courier.step()
    sender.answer = lambda: None
    clock.now_ms += 10 * MINUTE_MS
    courier.step()
    lines = sender.bodies[-1].splitlines()
    assert lines[:2] == ["(2 older messages were dropped)", "2024-01-01 UTC 2"]
    courier.put(note("b", clock.now_ms))
    courier.step()
    assert sender.bodies[-1] == "b"


def test_a_damaged_spill_is_told_and_what_can_be_read_is_sent(tmp_path: Path) -> None:
    clock, told, sender = StandingClock(), list[str](), Answering()
    left = courier_of(Answering(lambda: "no"), tmp_path, clock)
    left.put(note("a"))
    left.put(note("b"))
    left.step()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    courier_of(sender, tmp_path, clock, told=told).step()
    assert sender.bodies == ["(1 older message was dropped)\na"]
    assert told == [f"{path}: 1 messages there cannot be read and are lost"]


def test_a_folder_in_place_of_the_spill_stops_nothing(tmp_path: Path) -> None:
    told, sender = list[str](), Answering()
    Spill(tmp_path, "json://x", "json://***").path.mkdir()
    courier = courier_of(sender, tmp_path, StandingClock(), told=told)
    courier.put(note("a"))
    courier.step()
    assert sender.bodies == ["a"]
    assert "cannot be read" in told[0]


class FullDisk(Disk):
    """Has no room while `full`."""

    full = True

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(path, chunks)


def test_a_full_disk_is_told_once_and_messages_wait_in_memory(tmp_path: Path) -> None:
    clock, told, disk, sender = StandingClock(), list[str](), FullDisk(), Answering(lambda: "no")
    courier = Courier(
        "json://***",
        sender,
        Spill(tmp_path, "json://x", "json://***", disk),
        Mailbox(MailboxRules(), lambda: 1.0),
        Office("btk", told.append, clock),
    )
    for text in "ab":
        courier.put(note(text))
        courier.step()
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert courier.disk_problem is not None
    disk.full = False
    courier.put(note("c"))
    courier.step()
    assert courier.disk_problem is None
    assert spilled(tmp_path) == ["a", "b", "c"]


def test_closing_tells_what_was_counted_and_keeps_what_is_left(tmp_path: Path) -> None:
    courier = courier_of(Answering(), tmp_path, StandingClock(), MailboxRules())
    for _ in range(3):
        courier.put(note("a"))
    courier.close(0.0)
    assert spilled(tmp_path) == ["a", "a (and 2 times more within a minute)"]


def test_nobody_listening_to_outages_stops_nothing(tmp_path: Path) -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError

    clock = StandingClock()
    courier = Courier(
        "x",
        Answering(lambda: "no"),
        Spill(tmp_path, "x", "x"),
        Mailbox(MailboxRules()),
        Office("btk", gone, clock),
    )
    courier.put(note("a"))
    for _ in range(3):
        courier.step()
        clock.now_ms += 10 * MINUTE_MS
    assert courier.outage is not None
