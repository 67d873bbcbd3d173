"""`btk notify test` says for each address whether it took the message, and shows no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from btk.cli.app import run
from tests.cli.strategy_project import make_project
from tests.fakes.webhook import Webhook

pytest.importorskip("apprise")

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def notify_test(root: Path, urls: list[str], *words: str) -> int:
    (root / "urls.yaml").write_text(json.dumps({"notify": {"urls": urls}}))
    return run(["notify", "test", "--root", str(root), "--config", "urls.yaml", *words])


def test_each_address_is_tried_and_told_apart(
    root: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "fakesecret")
    with Webhook() as taking, Webhook() as refusing:
        refusing.status = lambda: 404
        urls = [f"{taking.address}/${{HOOK_TOKEN}}", refusing.address, "tgram://${NOBODY_SETS_THIS}/7"]
        assert notify_test(root, urls) == 5
        assert taking.taken == ["This is how btk would tell you of its events."]
    told = capsys.readouterr()
    first, second, third = told.out.splitlines()
    assert first == f"{urls[0]}: ok"
    assert "error=404" in second
    assert third.endswith("not set in the environment: NOBODY_SETS_THIS")
    assert told.err == "btk: 2 of 3 addresses did not take the message\n"
    assert "fakesecret" not in told.out


def test_all_taken_is_zero_and_one_document(root: Path, capsys: Captured) -> None:
    with Webhook() as webhook:
        assert notify_test(root, [webhook.address], "--json") == 0
        told = capsys.readouterr()
        assert json.loads(told.out) == {
            "schema": "btk.notify-test/1",
            "ok": True,
            "addresses": [{"address": webhook.address, "ok": True, "reason": None}],
        }
    assert told.err == ""


def test_only_the_addresses_asked_for_are_tried(root: Path, capsys: Captured) -> None:
    with Webhook() as wanted, Webhook() as other:
        assert notify_test(root, [other.address, wanted.address], "--only", wanted.address) == 0
        assert (len(wanted.taken), len(other.taken)) == (1, 0)
    assert notify_test(root, ["json://localhost"], "--only", "tgram") == 3
    assert "no address has 'tgram' in it (there: json://localhost)" in capsys.readouterr().err


def test_nobody_to_tell_is_said(root: Path, capsys: Captured) -> None:
    assert notify_test(root, []) == 3
    assert "notify.urls is empty" in capsys.readouterr().err
