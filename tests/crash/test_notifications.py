"""A notifier that is killed anywhere loses no message that it has kept, and tells at most the last ones twice."""

import itertools
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from btk.adapters.disk import Disk
from btk.adapters.notifier import open_notifier
from btk.model.notify import Notify
from tests.crash.dying_notifier import HOUR_MS, NOTES, courier_in
from tests.fakes.webhook import Webhook

SCRIPT = Path(__file__).with_name("dying_notifier.py")
REPOSITORY = Path(__file__).parents[2]
MOST_OPERATIONS = 100


def killed_at(operation: int, folder: Path) -> tuple[int, list[str]]:
    """The exit code of a courier that is killed at this file operation, and the notes that it said it had kept."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(operation)],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.split()


def told_in_the_end(folder: Path) -> Counter[str]:
    """How often each note was told, when another process has taken over and sent what was left."""
    courier = courier_in(folder, Disk(), itertools.count(1000 * HOUR_MS, HOUR_MS))
    for _ in range(4):
        courier.step()
    assert courier.waiting == 0
    told = folder / "told.txt"
    return Counter(re.findall(r"<\d>", told.read_text())) if told.exists() else Counter()


def test_a_kill_while_an_address_hangs_loses_no_message_on_its_way(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    with Webhook() as webhook:
        webhook.hold()
        address = f"{webhook.address}?rto=30"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT.with_name("hanging_notifier.py")), address, str(tmp_path)],
            cwd=REPOSITORY,
            env={"PYTHONPATH": str(REPOSITORY)},
        )
        webhook.wait_until(lambda: webhook.asked == 1)
        process.kill()
        process.wait()
        webhook.status = lambda: 500
        webhook.release()
        webhook.wait_until(lambda: webhook.answered == 1)
        webhook.status = lambda: 200
        notifier = open_notifier(Notify(urls=(address,)), tmp_path, tmp_path, "live", print)
        notifier.start()
        webhook.wait_until(lambda: {"one", "two", "three"} <= {line.split()[-1] for line in webhook.lines})
        notifier.close(30)
    assert list((tmp_path / "notify").iterdir()) == []


def test_a_kill_at_any_file_operation_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    for operation in range(1, MOST_OPERATIONS):
        folder = tmp_path / str(operation)
        folder.mkdir()
        code, kept = killed_at(operation, folder)
        told = told_in_the_end(folder)
        assert set(kept) <= set(told), operation
        # What was sent and not yet taken off the disk is told again: at most one bundle.
        assert max(told.values(), default=1) <= 2, operation
        if code == 0:
            assert told == Counter(f"<{number}>" for number in range(NOTES))
            return
        assert code == -signal.SIGKILL
    raise AssertionError("it never came to the end")
