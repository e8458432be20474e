"""The health of the installation for a terminal, a machine, an artifact and an alert alike: check results with hints.

In: `state.sqlite` and the published file only, never the warehouse, so it answers while a run writes. Out: `Health`.
Always holds: freshness is judged by the last successful poll (a holiday is not stale); nothing here sends a request,
and nothing is written except to the tables of the state itself.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.flows import FLOWS
from extract_load.core.settings import Settings
from extract_load.core.text import join_first, pluralize
from extract_load.monitoring.check_result import LEVELS, CheckResult, Level, ago, at
from extract_load.monitoring.facts import Facts, gather
from extract_load.monitoring.listener_checks import check_listeners
from extract_load.monitoring.run_log import RunRecord
from extract_load.storage.opening import open_state
from extract_load.storage.ports import State

UNPUBLISHED_AFTER = timedelta(days=2)
DISK_LOW_BYTES = 2 * 1024**3
MANY_TESTS = 3
OLD_BACKUP_AFTER = timedelta(days=3)
MANY_FILES = 3
UNDELIVERED_AFTER = timedelta(days=1)
BEGIN = "Import your export, or sign in and `music-tracker ingest`; then run `music-tracker etl`."


@dataclass(frozen=True, slots=True)
class Health:
    """All check results at a moment (UTC), in the order in which a person wants to read them."""

    checked_at: datetime
    results: tuple[CheckResult, ...]

    @property
    def worst(self) -> Level:
        """The worst level of all check results."""
        return max((result.level for result in self.results), key=LEVELS.index, default="ok")

    @property
    def exit_code(self) -> int:
        """0 when nothing is a problem, else 1."""
        return 1 if self.worst == "problem" else 0

    def alerts(self) -> list[CheckResult]:
        """Return the check results that a person is to be notified of."""
        return [result for result in self.results if result.alerts]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for `status --json`."""
        return {
            "checked_at": self.checked_at.isoformat(timespec="seconds") + "Z",
            "health": self.worst,
            "lines": [_as_json(result) for result in self.results],
        }


def health(settings: Settings, state: State | None = None, clock: Clock | None = None) -> Health:
    """Check everything. Without a `state` the one of the settings is opened and closed again."""
    now = (clock or SystemClock()).now()
    own = state or open_state(settings)
    try:
        facts = gather(settings, own, now)
    finally:
        if state is None:
            own.close()
    checks = (
        _runs,
        check_listeners,
        _services,
        _backlog,
        _set_aside,
        _tests,
        _published,
        _backup,
        _disk,
        _alert_addresses,
        _inbox,
    )
    return Health(now, tuple(result for check in checks for result in check(facts)))


def _runs(facts: Facts) -> Iterator[CheckResult]:
    for run in facts.running:
        yield CheckResult(f"running:{run.flow}", "note", f"{run.name} is running since {at(run.started_at)}.")
    for flow in FLOWS:
        ended = facts.ended.get(flow, [])
        if not ended:
            yield CheckResult(f"run:{flow}", "note", f"{flow} has not run yet.")
            continue
        last = ended[0]
        took = f" It took {last.seconds:,.0f} s." if last.seconds else ""
        if last.status in ("failed", "crashed"):
            text = f"{flow} {_verb(last)} {at(last.started_at)}: {last.message}"
            yield CheckResult(f"run:{flow}", "problem", text, "`music-tracker doctor` says more.", True)
        elif len(ended) > 1 and last.status == ended[1].status == "partial":
            text = f"{flow} was partial twice in a row, last {at(last.started_at)}: {last.message}"
            yield CheckResult(
                f"partial:{flow}", "warning", text, "See what is left or refused in the sentence above.", True
            )
        else:
            level: Level = "note" if last.status in ("partial", "cancelled") else "ok"
            said = f" {last.message}" if last.status == "partial" else ""
            yield CheckResult(f"run:{flow}", level, f"{flow} {_verb(last)} {at(last.started_at)}.{took}{said}")


def _services(facts: Facts) -> Iterator[CheckResult]:
    for service, bucket, until in facts.blocked:
        yield CheckResult(
            f"blocked:{service}:{bucket}",
            "note",
            f"{service} ({bucket}) is not asked before {at(until)}.",
            "Work resumes by itself.",
        )
    for service, bucket, sent, budget in facts.budgets:
        yield CheckResult(
            f"budget:{service}:{bucket}",
            "ok" if sent < budget else "note",
            f"{service} ({bucket}): {sent:,} of {budget:,} requests of the last 24 hours used.",
        )


def _backlog(facts: Facts) -> Iterator[CheckResult]:
    waiting = {name: count for name, count in facts.backlog.items() if count}
    if waiting:
        listed = ", ".join(f"{count:,} {name}" for name, count in waiting.items())
        yield CheckResult(
            "backlog", "note", f"Waiting to be enriched: {listed}.", "Each daily run works through some of it."
        )
    elif facts.backlog:
        yield CheckResult("backlog", "ok", "Nothing is waiting to be enriched.")
    if facts.looked_up is not None:
        yield CheckResult("looked-up", "ok", f"Spotify's catalogue knows {facts.looked_up:.1%} of your listening time.")
    if facts.matching:
        shares = ", ".join(f"{share:.1%} {said}" for said, share in facts.matching.items())
        hint = (
            "You can say who an artist is in dbt_project/seeds/artist_matches_manual.csv." if _doubtful(facts) else ""
        )
        yield CheckResult("matching", "ok", f"Artists at MusicBrainz, by listening time: {shares}.", hint)


def _doubtful(facts: Facts) -> bool:
    return any(facts.matching.get(said) for said in ("in review", "not found"))


def _set_aside(facts: Facts) -> Iterator[CheckResult]:
    hint = "All other files are loaded. Put it back from a backup, or delete it; the next run tries it again."
    if len(facts.set_aside) > MANY_FILES:
        text = f"{len(facts.set_aside)} files can't be loaded: {join_first(list(facts.set_aside))}."
        yield CheckResult("damaged-files", "problem", text, hint, True)
        return
    for name, reason in facts.set_aside.items():
        yield CheckResult(f"damaged:{name}", "problem", f"{name} can't be loaded: {reason}", hint, True)


def _tests(facts: Facts) -> Iterator[CheckResult]:
    hint = "Readers keep the last good file. `dbt build --project-dir dbt_project` shows the rows."
    if len(facts.failed_tests) > MANY_TESTS:
        text = f"{len(facts.failed_tests)} dbt tests or models failed: {join_first(facts.failed_tests)}."
        yield CheckResult("tests", "problem", text, hint, True)
    else:
        for name in facts.failed_tests:
            yield CheckResult(f"test:{name}", "problem", f"dbt: {name} failed.", hint, True)
    if facts.refresh_differences:
        text = (
            f"The weekly build of everything differs from the builds by month: {join_first(facts.refresh_differences)}."
        )
        hint = "Readers have its rows, and until both agree each build is one of everything. Please report it."
        yield CheckResult("weekly-build", "problem", text, hint, True)
    if facts.warned_tests:
        yield CheckResult("advice", "note", f"Advisory dbt tests found something: {join_first(facts.warned_tests)}.")


def _published(facts: Facts) -> Iterator[CheckResult]:
    if facts.published_at is None:
        text = "Nothing is published yet."
        waits = facts.first_run is not None and facts.now - facts.first_run > UNPUBLISHED_AFTER
        yield CheckResult("unpublished", "problem" if waits else "note", text, BEGIN, waits)
        return
    if facts.published_error:
        text = f"The published file can't be opened: {facts.published_error}."
        hint = (
            "Run `music-tracker etl`: it publishes a new one. With the warehouse damaged too: `music-tracker rebuild`."
        )
        yield CheckResult("published-unreadable", "problem", text, hint, True)
        return
    age = facts.now - facts.published_at
    plays = ""
    if facts.plays is not None:
        counted = "" if facts.plays == facts.plays_counted else f"; reports and pages count {facts.plays_counted:,},"
        counted += " those of 30 seconds or more that nothing leaves out" if counted else ""
        newest = f", the last {at(facts.newest_play)}" if facts.plays else ""
        plays = f" It holds {pluralize(facts.plays, 'play') if facts.plays else 'no plays yet'}{newest}{counted}."
    if age > UNPUBLISHED_AFTER:
        text = f"Nothing was published for {ago(age)}. {facts.kept}".rstrip()
        yield CheckResult("unpublished", "problem", text, "Run `music-tracker etl` to see why.", True)
    else:
        text = f"Published {at(facts.published_at)}.{plays}{facts.built} {facts.kept}".rstrip()
        hint = "" if facts.plays != 0 else BEGIN
        yield CheckResult("published", "warning" if facts.kept or hint else "ok", text, hint)


def _backup(facts: Facts) -> Iterator[CheckResult]:
    found, is_set = facts.backup, facts.settings.backup_path is not None
    if found.damage:
        text = f"The backup can't be trusted: {found.damage}"
        yield CheckResult("backup-damaged", "problem", text, "Make a new one into another folder.", True)
    since = found.last or found.failing_since
    if since is None:
        if is_set:
            yield CheckResult("backup", "note", "No backup was made yet; the daily run makes one.")
        return
    age, why = facts.now - since, f" {found.failure}" if found.failure else ""
    if is_set and age > OLD_BACKUP_AFTER:
        text = f"No good backup for {ago(age)} (the last one {at(found.last)}).{why}"
        yield CheckResult("backup-old", "problem", text, "Run `music-tracker backup` to see why.", True)
    elif found.failure:
        text = f"The last backup failed (the last good one {at(found.last)}).{why}"
        yield CheckResult("backup", "warning", text, "The next daily run tries again.")
    else:
        proof = f", verified {at(found.verified)}" if found.verified else ", not verified yet"
        yield CheckResult("backup", "ok", f"Backed up {at(found.last)} to {found.folder}{proof}.")


def _disk(facts: Facts) -> Iterator[CheckResult]:
    free = shutil.disk_usage(facts.settings.data_dir).free
    text = f"{free / 1024**3:,.1f} GB are free where the data lies."
    if free < DISK_LOW_BYTES:
        yield CheckResult("disk", "problem", text, "Make room: a run needs about 2 GB.", True)
    else:
        yield CheckResult("disk", "ok", text)


def _alert_addresses(facts: Facts) -> Iterator[CheckResult]:
    for name, since in facts.failing_addresses:
        text = f"Alerts can't be delivered to {name} since {at(since)}."
        is_old = facts.now - since > UNDELIVERED_AFTER  # an outage of an hour is nobody's business
        hint = "Check it with `music-tracker alert --test`."
        yield CheckResult(f"alert-address:{name}", "warning", text, hint, is_old)


def _inbox(facts: Facts) -> Iterator[CheckResult]:
    for key, fact in facts.inbox.items():
        kind, _, entry = key.partition(":")
        where = facts.settings.inbox_path / fact.get("path", "")
        if kind == "stopped":
            yield CheckResult("inbox", "note", f"{fact['reason']}.".replace("..", "."), "The next run tries again.")
        elif kind == "waiting":
            text = f"{fact['name']} in the inbox waits for your confirmation: {fact['reason']}."
            option = "--listener ID" if facts.others else "--confirm-listener"
            hint = f"If it is yours: `music-tracker import {option} {shlex.quote(str(where))}`; else delete it."
            yield CheckResult(f"inbox:{entry}:{fact['at']}", "warning", text, hint, True)
        else:
            text = f"{fact['name']} from the inbox could not be imported: {fact['reason']}."
            hint = f"{where}.txt says more. Move it back into the inbox to try it again, or delete it."
            yield CheckResult(f"inbox:{entry}:{fact['at']}", "warning", text, hint, True)


def _verb(run: RunRecord) -> str:
    words = {"success": "ended well", "no_updates": "found nothing new", "partial": "did a part of its work"}
    return {**words, "failed": "failed", "crashed": "crashed", "cancelled": "was cancelled"}.get(run.status, run.status)


def _as_json(result: CheckResult) -> dict[str, Any]:
    """Return a check result as plain values; the hint keeps its key of the first version, `todo`."""
    values = {name: value for name, value in asdict(result).items() if name != "listener" or value}
    return {"todo" if name == "hint" else name: value for name, value in values.items()}
