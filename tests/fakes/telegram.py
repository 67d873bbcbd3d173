"""A Telegram that answers logins as a test says."""

from __future__ import annotations

from collections.abc import Iterable

from btk.adapters.telegram_login import Scan
from btk.model.errors import Transient
from btk.model.secret import Secret

SESSION = "fakesession"


class FakeTelegram:
    """Each code meets the next of `scans`; `password` opens a locked account; `reachable` False: no network."""

    def __init__(self, scans: Iterable[Scan], password: str = "", reachable: bool = True) -> None:
        self.codes = 0
        self.closed = False
        self._scans = iter(scans)
        self._password = password
        self._reachable = reachable
        self._logged_in = False

    async def connect(self) -> None:
        if not self._reachable:
            raise Transient("Telegram cannot be reached")

    async def new_code(self) -> str:
        self.codes += 1
        return f"tg://login?token={self.codes}"

    async def scanned(self) -> Scan:
        scan = next(self._scans)
        self._logged_in = scan is Scan.DONE
        return scan

    async def unlock(self, password: Secret) -> bool:
        self._logged_in = password.reveal() == self._password
        return self._logged_in

    def session(self) -> Secret:
        assert self._logged_in
        return Secret(SESSION)

    async def close(self) -> None:
        self.closed = True
