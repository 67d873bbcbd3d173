"""Apprise: one client for Telegram, Discord, Slack, e-mail, webhooks and many more; imported when first needed."""

from __future__ import annotations

import logging
from typing import Any

from btk.adapters.redaction import Redaction
from btk.model.errors import SettingsError
from btk.model.secret import Secret


class AppriseSender:
    """Sends to one address; `SettingsError` when Apprise is missing or has no use for the address."""

    def __init__(self, address: Secret, shown: str, redaction: Redaction) -> None:
        apprise = load_apprise()
        self._redaction = redaction
        self._client: Any = apprise.Apprise(asset=_asset(apprise))
        if not self._client.add(address.reveal()):
            raise SettingsError(
                f"notify.urls: {shown} is no address that Apprise can use; "
                "its forms are listed under https://appriseit.com/services/"
            )

    def send(self, title: str, body: str) -> str | None:
        """None when it was taken, else why not; Apprise waits about 4 s to connect and 4 s for an answer."""
        result = self._client.notify(title=title, body=body, body_format="text")
        if result:
            return None
        said = [entry.message for entry in result.logs()]
        return self._redaction(said[-1] if said else "it was not taken")


def load_apprise() -> Any:
    """The module, kept from logging what is secret; `SettingsError` when it is not installed."""
    try:
        import apprise
    except ImportError:
        raise SettingsError("notify.urls needs Apprise: pip install 'btk[notify]'") from None
    # Its refusals come with its answers. What it logs beside them has whole addresses in it.
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    log.addHandler(logging.NullHandler())
    # At DEBUG it writes the paths of requests, and the token of a Telegram bot is in the path.
    http = logging.getLogger("urllib3")
    http.setLevel(max(http.level, logging.INFO))
    return apprise


def _asset(apprise: Any) -> Any:
    # In our own thread, in our own words, and never to where somebody else redirects a token.
    return apprise.AppriseAsset(
        app_id="btk", async_mode=False, service_timeout=0, http_redirects=False, storage_mode="memory"
    )
