"""The log of a run: one line each, private, without secrets, of bounded size, and nobody's problem."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from btk.adapters.run_log import OLD_FILES, RunLog
from btk.model.secret import Secret


def lines(data: Path) -> list[str]:
    return (data / "log/btk.log").read_text().splitlines()


def test_it_takes_in_what_btk_says_and_what_libraries_warn_of(tmp_path: Path) -> None:
    with RunLog(tmp_path) as log:
        log.say("tick")
        log.warn("candles are stale")
        logging.getLogger("some.library").warning("a socket was\nleft open")
        logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("after the run")
    assert [line.partition("Z ")[2] for line in lines(tmp_path)] == [
        "INFO btk: tick",
        "WARNING btk: candles are stale",
        "WARNING some.library: a socket was left open",
    ]


def test_nothing_secret_is_written_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    with RunLog(tmp_path) as log:
        log.redaction.hide(Secret("fakesecret"))
        log.say("GET /order?signature=0123456789abcdef&x=1")
        try:
            raise ValueError("the key is fakesecret")
        except ValueError:
            logging.getLogger("ccxt").exception("request failed")
    text = "\n".join(lines(tmp_path))
    assert "fakesecret" not in text
    assert "0123456789abcdef" not in text
    assert "the key is ***" in text
    assert stat.S_IMODE((tmp_path / "log/btk.log").stat().st_mode) == 0o600


def test_it_is_rotated_and_only_so_many_files_are_kept(tmp_path: Path) -> None:
    with RunLog(tmp_path, most_bytes=1000) as log:
        for number in range(200):
            log.say(f"line {number}")
    files = sorted((tmp_path / "log").iterdir())
    assert len(files) == OLD_FILES + 1
    assert all(path.stat().st_size <= 1000 for path in files)
    assert lines(tmp_path)[-1].endswith("line 199")


def test_why_it_cannot_be_written_is_told_until_it_can_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with RunLog(tmp_path) as log:
        (tmp_path / "log/btk.log").mkdir()
        log.say("lost")
        assert "btk.log" in str(log.trouble)
        (tmp_path / "log/btk.log").rmdir()
        log.say("kept")
        assert log.trouble is None
    assert capfd.readouterr().err == ""


def test_a_log_that_was_moved_away_goes_on_under_its_name(tmp_path: Path) -> None:
    with RunLog(tmp_path) as log:
        log.say("first")
        (tmp_path / "log/btk.log").rename(tmp_path / "log/yesterday.log")
        log.say("second")
        assert [line.partition("btk: ")[2] for line in lines(tmp_path)] == ["second"]
        (tmp_path / "log/btk.log").unlink()
        (tmp_path / "log/btk.log").mkdir()
        log.say("lost")
        assert "Is a directory" in str(log.trouble)


def test_the_error_that_ended_a_run_is_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), RunLog(tmp_path):
        raise RuntimeError("out of luck")
    assert lines(tmp_path)[-1].endswith("WARNING btk: ended by RuntimeError: out of luck")
