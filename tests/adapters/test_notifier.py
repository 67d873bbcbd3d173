"""The notifier with Apprise against a webhook on loopback that is up, down, slow, refusing and flapping."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from btk.adapters.notifier import Notifier, destinations, open_notifier
from btk.adapters.notify_courier import Courier
from btk.adapters.notify_mailbox import MailboxRules
from btk.adapters.redaction import Redaction
from btk.model.errors import SettingsError
from btk.model.events import StoppedEvent
from btk.model.notify import Notify
from btk.model.secret import Secret
from tests.adapters.notify_samples import (
    KEY,
    MIDNIGHT_MS,
    MINUTE_MS,
    HastyDisk,
    StandingClock,
    courier_of,
    failed,
    notifier_of,
    opened,
    real_destination,
)
from tests.fakes.webhook import Webhook

pytest.importorskip("apprise")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as running:
        yield running


def stepping(
    webhook: Webhook, folder: Path, clock: StandingClock, told: list[str] | None = None
) -> tuple[Notifier, Courier]:
    """A notifier without its thread: the test makes each step."""
    sender = real_destination(f"{webhook.address}?rto=0.2", {}, folder).sender
    courier = courier_of(sender, folder / "notify", clock, told=told)
    return notifier_of(courier, clock), courier


def test_chosen_events_reach_the_webhook_and_others_do_not(webhook: Webhook, tmp_path: Path) -> None:
    clock = StandingClock()
    notifier, courier = stepping(webhook, tmp_path, clock)
    notifier.observe(KEY, opened())
    notifier.observe(KEY, StoppedEvent(at_ms=0, tick_ms=0, symbol="BTCUSDT", strategy="sma_cross"))
    courier.step()
    assert webhook.taken == ["BTCUSDT sma_cross: long opened at 42000, target 43000, stop 41000, cost 100"]
    assert notifier.degraded is None


@pytest.mark.parametrize(("status", "words"), [(500, "error=500"), (404, "error=404"), (0, "Connection")])
def test_a_webhook_that_refuses_is_asked_again_until_it_takes(
    webhook: Webhook, tmp_path: Path, status: int, words: str
) -> None:
    clock, told = StandingClock(), list[str]()
    notifier, courier = stepping(webhook, tmp_path, clock, told)
    webhook.status = lambda: status
    notifier.observe(KEY, opened())
    for _ in range(4):
        courier.step()
        clock.now_ms += 10 * MINUTE_MS
    assert notifier.degraded is not None
    assert words.lower() in notifier.degraded.lower()
    assert webhook.asked == 4
    webhook.status = lambda: 200
    courier.step()
    assert len(webhook.taken) == 1
    assert notifier.degraded is None
    assert len(told) == 2


def test_a_webhook_that_is_down_costs_nothing_but_time(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"json://127.0.0.1:{unused.getsockname()[1]}"
    clock = StandingClock()
    courier = courier_of(real_destination(address, {}, tmp_path).sender, tmp_path / "notify", clock)
    notifier = notifier_of(courier, clock)
    for price in range(30):
        notifier.observe(KEY, opened(price))
    for _ in range(3):
        courier.step()
        clock.now_ms += 10 * MINUTE_MS
    (condition,) = notifier.conditions()
    assert (condition.waiting, condition.sent, condition.dropped) == (30, 0, 0)
    assert "A Connection error occurred" in (condition.degraded or "")


def test_a_webhook_that_never_answers_is_given_up_on_and_tried_again(
    webhook: Webhook, tmp_path: Path
) -> None:
    clock = StandingClock()
    notifier, courier = stepping(webhook, tmp_path, clock)
    webhook.hold()
    notifier.observe(KEY, opened())
    courier.step()
    (condition,) = notifier.conditions()
    assert (webhook.asked, condition.waiting) == (1, 1)
    webhook.release()
    clock.now_ms += MINUTE_MS
    courier.step()
    assert notifier.conditions()[0].waiting == 0


def test_observing_does_not_wait_for_a_webhook_that_hangs(webhook: Webhook, tmp_path: Path) -> None:
    notify = Notify(urls=(f"{webhook.address}?rto=30",), events=("opened",))
    notifier = open_notifier(notify, tmp_path, tmp_path / "data", "paper", print)
    webhook.hold()
    notifier.start()
    notifier.observe(KEY, opened(1.0))
    webhook.wait_until(lambda: webhook.asked == 1)
    for price in range(2, 500):
        notifier.observe(KEY, opened(price))
    assert webhook.taken == []
    webhook.release()
    webhook.wait_until(lambda: len(webhook.lines) == 499)
    notifier.close(30)
    assert [told.sent for told in notifier.conditions()] == [499]


def test_one_address_that_hangs_delays_no_other(webhook: Webhook, tmp_path: Path) -> None:
    with Webhook() as hanging:
        hanging.hold()
        urls = (hanging.address, webhook.address)
        notifier = open_notifier(Notify(urls=urls), tmp_path, tmp_path / "data", "live", print)
        notifier.start()
        notifier.observe(KEY, opened())
        webhook.wait_until(lambda: len(webhook.taken) == 1)
        assert hanging.taken == []
        notifier.close(0)


def test_closing_while_a_webhook_hangs_keeps_the_message_for_the_next_start(
    webhook: Webhook, tmp_path: Path
) -> None:
    def notifier_at(address: str) -> Notifier:
        return open_notifier(Notify(urls=(address,)), tmp_path, tmp_path / "data", "live", print)

    address = f"{webhook.address}?rto=30"
    first = notifier_at(address)
    webhook.hold()
    first.start()
    first.observe(KEY, opened())
    webhook.wait_until(lambda: webhook.asked == 1)
    first.observe(KEY, failed("late"))
    first.close(0)
    webhook.status = lambda: 500
    webhook.release()
    webhook.wait_until(lambda: webhook.answered == 1)
    webhook.status = lambda: 200
    second = notifier_at(address)
    second.start()
    webhook.wait_until(lambda: "BTCUSDT sma_cross: get_signal failed: late" in webhook.lines)
    second.close(30)
    assert second.degraded is None


def test_what_waits_for_an_address_that_is_gone_is_dropped_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    first = open_notifier(Notify(urls=("json://127.0.0.1:1",)), tmp_path, tmp_path, "live", told.append)
    first.observe(KEY, opened())
    first.close(0)
    (tmp_path / "notify" / ".half.jsonl.1234.tmp").touch()
    assert len(list((tmp_path / "notify").iterdir())) == 2
    open_notifier(Notify(), tmp_path, tmp_path, "live", told.append)
    assert list((tmp_path / "notify").iterdir()) == []
    assert told == ["1 messages for json://127.0.0.1:1, which notify.urls has no more, are dropped"]


def test_a_notifier_without_addresses_does_nothing(tmp_path: Path) -> None:
    notifier = open_notifier(Notify(), tmp_path, tmp_path / "data", "live", print)
    notifier.start()
    notifier.observe(KEY, opened())
    notifier.close(1)
    assert (notifier.degraded, notifier.conditions(), list(tmp_path.iterdir())) == (None, [], [])


def test_a_secret_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"notify\.urls\[0\]: not set in the environment: NOBODY_SETS_THIS"
    ):
        destinations(Notify(urls=("tgram://${NOBODY_SETS_THIS}/7",)), {}, tmp_path, Redaction())


def test_an_address_that_means_nothing_to_apprise_is_shown_without_its_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match=r"tgram://\$\{TOKEN\}/7 is no address that Apprise can use"):
        destinations(Notify(urls=("tgram://${TOKEN}/7",)), {"TOKEN": "fakesecret"}, tmp_path, Redaction())
    assert capfd.readouterr() == ("", "")


def test_no_secret_is_told_when_everything_fails_and_everything_is_logged(
    webhook: Webhook, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    clock, told = StandingClock(), list[str]()
    environ = {"TOKEN": "fakesecret1", "PASSWORD": "fakesecret2"}
    address = webhook.address.replace("://", "://me:${PASSWORD}@") + "/${TOKEN}"
    destination = real_destination(address, environ, tmp_path)
    courier = courier_of(destination.sender, tmp_path / "notify", clock, told=told)
    notifier = notifier_of(courier, clock)
    webhook.status = lambda: 500
    notifier.observe(KEY, opened())
    for _ in range(4):
        courier.step()
        clock.now_ms += 10 * MINUTE_MS
    out, err = capfd.readouterr()
    written = [path.read_text() for path in (tmp_path / "notify").iterdir()]
    everything = [out, err, caplog.text, repr(destination), str(notifier.conditions()), *told, *written]
    assert "fakesecret" not in " ".join(everything)
    assert webhook.asked == 4


def test_what_a_strategy_lets_slip_is_hidden(webhook: Webhook, tmp_path: Path) -> None:
    notifier, courier = stepping(webhook, tmp_path, StandingClock())
    notifier.redaction.hide(Secret("fakesecret1"))
    notifier.observe(KEY, failed("refused with fakesecret1, apiKey=fakesecret2"))
    courier.step()
    assert webhook.taken == ["BTCUSDT sma_cross: get_signal failed: refused with ***, apiKey=***"]


def test_a_simulated_week_with_a_flapping_webhook_loses_nothing_uncounted(
    webhook: Webhook, tmp_path: Path
) -> None:
    clock, told = StandingClock(), list[str]()
    sender = real_destination(webhook.address, {}, tmp_path).sender
    rules = MailboxRules(room=50, repeat_ms=10 * MINUTE_MS, quiet_minutes=(1320, 420))
    courier = courier_of(sender, tmp_path / "notify", clock, rules, told, disk=HastyDisk())
    notifier = notifier_of(courier, clock)
    hour = 60 * MINUTE_MS
    # Down five hours of each twelve, hiccuping in between.
    webhook.status = lambda: (
        500 if clock.now_ms // hour % 12 < 5 or clock.now_ms // MINUTE_MS % 7 == 0 else 200
    )
    observed, fullest, largest = 0, 0, 0
    for minute in range(7 * 1440):
        clock.now_ms = MIDNIGHT_MS + minute * MINUTE_MS
        if minute % 5 == 0:
            notifier.observe(KEY, opened(minute))
            notifier.observe(KEY, failed(f"the same for half a day {minute // 720}"))
            observed += 2
        if minute % 30 == 0 or webhook.status() == 200:
            courier.step()
        fullest = max(fullest, courier.waiting)
        largest = max([largest, *(path.stat().st_size for path in (tmp_path / "notify").glob("*"))])
    (end,) = notifier.conditions()
    assert observed == end.taken == end.sent + end.coalesced + end.dropped + end.waiting
    assert min(end.sent, end.coalesced, end.dropped) > 100
    assert fullest <= 50
    assert largest < 50 * 300
    # Fourteen outages, each told when it began and when it ended; hiccups are none.
    assert [line.split(" ")[3] for line in told] == ["fail:", "work"] * 14
