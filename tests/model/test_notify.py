"""Settings of notifications refuse what could not be done, in words."""

from collections.abc import Mapping
from typing import get_args

import pytest

from btk.model.events import Event
from btk.model.notify import EventType, Notify
from btk.model.section import ImpossibleSettings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"urls": ("tgram://fakesecret/7",)}, "urls[0]: a token is written out in the address"),
        ({"urls": ("fakesecret",)}, "urls[0]: expected an address such as"),
        ({"urls": "tgram://fakesecret/7"}, "urls: expected a list"),
        ({"urls": ("${A}", "${A}")}, "urls[1]: this address is listed twice"),
        ({"events": ("opend",)}, "did you mean opened?"),
        ({"urgent": ("errors",)}, "did you mean error?"),
        ({"templates": {"closd": "x"}}, "templates.closd: no event is called 'closd'; did you mean closed?"),
        ({"templates": {"closed": "{pnl}"}}, "templates.closed: {pnl} is nothing closed events have"),
        ({"templates": {"closed": " "}}, "templates.closed: is empty"),
        ({"quiet_hours": "22-7"}, "quiet_hours: expected UTC times such as 22:00-07:00"),
        ({"quiet_hours": "07:00-07:00"}, "quiet_hours: 07:00-07:00 begins when it ends"),
        ({"repeat_minutes": -1}, "repeat_minutes: expected minutes from 0 to 1440"),
        ({"max_waiting": 0}, "max_waiting: expected a whole number"),
    ],
)
def test_impossible_settings_are_named_without_what_is_secret(
    given: Mapping[str, object], words: str
) -> None:
    with pytest.raises(ImpossibleSettings) as refused:
        Notify(**given)  # type: ignore[arg-type]
    assert words in str(refused.value)
    assert "fakesecret" not in str(refused.value)


def test_every_kind_of_event_can_be_chosen() -> None:
    kinds = {str(cls.__struct_config__.tag) for cls in Event.__subclasses__()}
    assert kinds <= set(get_args(EventType))


def test_quiet_hours_are_minutes_of_the_day() -> None:
    assert Notify(quiet_hours="22:30-07:00").quiet_minutes == (1350, 420)
    assert Notify().quiet_minutes is None
