"""What the worker's container does on the Prefect server beside running flows: orphaned runs, names of coming runs.

Plain requests, so that the process that watches the worker needs none of Prefect's memory. An orphan is a run of our
flows that is not over although nobody holds the flow's lock. In: the address of the API and its password; out: how many
runs were changed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from extract_load.core.flows import FLOWS, lock_file_name
from extract_load.core.settings import Settings
from extract_load.storage.opening import open_lock
from extract_load.transport.session import EnvironmentSession

log = logging.getLogger(__name__)

UNFINISHED = ("RUNNING", "PENDING", "CANCELLING")
CRASH_MESSAGE = "Its process ended with its worker; the next run goes on from there."
_SECONDS = 20.0
_JUST_NOW = timedelta(seconds=5)
_MOST_RUNS = 200


class UpkeepClient:
    """Changes runs on one server. Errors of each method: requests.RequestException, ValueError."""

    def __init__(self, api: str, password: str | None, settings: Settings) -> None:
        self._api = api.rstrip("/")
        self._settings = settings
        self._session = EnvironmentSession()
        if password:
            user, _, word = password.partition(":")
            self._session.auth = (user, word)

    def mark_orphans_crashed(self) -> int:
        """Mark the runs of our flows, with all below them, that nobody works on any more as crashed."""
        before = datetime.now(UTC) - _JUST_NOW
        count = 0
        for flow in FLOWS:
            if open_lock(self._settings, lock_file_name(flow)).holder() is not None:
                continue
            for run in self._runs(flow, UNFINISHED):
                if _changed_at(run) < before:
                    self._mark_crashed(run)
                    log.info("%s was orphaned; it is marked as crashed.", run["name"])
                    count += 1
        return count

    def name_coming_runs(self) -> int:
        """Name the scheduled runs of our flows by flow and time, as those that have begun."""
        count = 0
        for flow in FLOWS:
            for run in self._runs(flow, ("SCHEDULED",)):
                if not str(run["name"]).startswith(f"{flow} "):
                    self._session.patch(
                        f"{self._api}/flow_runs/{run['id']}", json={"name": self._name(flow, run)}, timeout=_SECONDS
                    ).raise_for_status()
                    count += 1
        return count

    def _name(self, flow: str, run: dict[str, Any]) -> str:
        due = datetime.fromisoformat(str(run["expected_start_time"]).replace("Z", "+00:00"))
        return f"{flow} {due.astimezone(self._settings.zone):%Y-%m-%d %H:%M}"

    def _mark_crashed(self, run: dict[str, Any]) -> None:
        for child in self._ask("flow_runs", flow_runs={"parent_flow_run_id": {"any_": [run["id"]]}, **_in(UNFINISHED)}):
            self._mark_crashed(child)
        for task in self._ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}}, task_runs=_in(UNFINISHED)):
            self._crash("task_runs", task)
        self._crash("flow_runs", run)

    def _crash(self, kind: str, run: dict[str, Any]) -> None:
        crashed = {"state": {"type": "CRASHED", "name": "Crashed", "message": CRASH_MESSAGE}, "force": True}
        url = f"{self._api}/{kind}/{run['id']}/set_state"
        self._session.post(url, json=crashed, timeout=_SECONDS).raise_for_status()

    def _runs(self, flow: str, states: Sequence[str]) -> list[dict[str, Any]]:
        return list(self._ask("flow_runs", flows={"name": {"any_": [flow]}}, flow_runs=_in(states)))

    def _ask(self, kind: str, **filters: Any) -> Iterator[dict[str, Any]]:
        answer = self._session.post(
            f"{self._api}/{kind}/filter", json={**filters, "limit": _MOST_RUNS}, timeout=_SECONDS
        )
        answer.raise_for_status()
        yield from answer.json()


def _in(states: Sequence[str]) -> dict[str, Any]:
    return {"state": {"type": {"any_": list(states)}}}


def _changed_at(run: dict[str, Any]) -> datetime:
    """Return when a run came into its state."""
    return datetime.fromisoformat(str(run["state"]["timestamp"]).replace("Z", "+00:00"))
