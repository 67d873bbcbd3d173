"""The doctor: a project looked over from the machine to the account, and what can safely be repaired of it.

Looking changes nothing. Repairs are only of what nobody needs, or can be computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from btk.adapters.state_lock import only_writer
from btk.library.diagnosis import Diagnosis, Patient, Repair
from btk.library.doctor_account import see_account, see_exchange
from btk.library.doctor_machine import see_dump, see_keys, see_locks, see_settings_files, see_versions
from btk.library.doctor_state import see_runs, see_state
from btk.model.health import HealthReport

COMMAND = "btk doctor --repair"

Look = Callable[[Patient], Iterator[Diagnosis]]
LOOKS: tuple[Look, ...] = (
    see_versions,
    see_settings_files,
    see_dump,
    see_locks,
    see_keys,
    see_state,
    see_runs,
)
NETWORK_LOOKS: tuple[Look, ...] = (see_exchange, see_account)


class Doctor:
    """One examination of a project; `repairs` are what it has found to do."""

    def __init__(self, patient: Patient, network: bool) -> None:
        looks = (*LOOKS, *NETWORK_LOOKS) if network else LOOKS
        self._found = tuple(one for look in looks for one in look(patient))
        self.repairs: tuple[Repair, ...] = tuple(repair for one in self._found for repair in one.repairs)

    def report(self, repaired: bool = False) -> HealthReport:
        """What was found."""
        findings = tuple(one.finding for one in self._found)
        return HealthReport(
            healthy=all(finding.level != "failed" for finding in findings),
            findings=findings,
            repairs=tuple(repair.words for repair in self.repairs),
            repaired=repaired,
        )


def repair(repairs: Sequence[Repair]) -> None:
    """Do them, each while nobody else is at work there. `AlreadyRunning`, `DumpError`."""
    for one in repairs:
        with only_writer(one.lock, COMMAND):
            one.act()
