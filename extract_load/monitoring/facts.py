"""The facts that `health` checks, read from the state and the published file without judging them."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from extract_load.core.flows import FLOWS
from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import registry_of, settings_of
from extract_load.core.settings import Settings
from extract_load.landing.set_aside import files_set_aside
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.publishing.last_build import describe_last_build
from extract_load.storage.duckdb_connection import open_published
from extract_load.storage.ports import State
from extract_load.storage.state import from_iso, to_iso

log = logging.getLogger(__name__)

GOOD_POLLS = ("first", "overlap", "gap", "short", "unchanged", "empty")
WAITING = {
    "spotify": {"tracks": "tracks to read at Spotify", "albums": "albums", "artists": "artists"},
    "musicbrainz": {"waiting": "artists to look for at MusicBrainz", "without_facts": "to describe"},
}
MATCHING = {"matched": "matched", "in_review": "in review", "unmatched": "not found", "waiting": "not yet looked for"}
_ALL_CLOSED_GAPS = "select gap_from, gap_until from marts.fct_listening_gaps where is_closed"
_CLOSED_GAPS = f"{_ALL_CLOSED_GAPS} and listener_id = ?"
_NO_BOUND = datetime(1970, 1, 1)  # what marts.fct_listening_gaps has for a gap whose begin is not known
BUDGETED = ("artists", "albums", "tracks", "search")


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """The last good backup (moment and folder), the last proof of one, and what went wrong since when."""

    last: datetime | None = None
    folder: str = ""
    verified: datetime | None = None
    failing_since: datetime | None = None
    failure: str = ""
    damage: str = ""


@dataclass(slots=True)
class ListenerFacts:
    """What is known at `now` (UTC) about the polls and the sign-in of one listener, whose settings these are."""

    settings: Settings
    now: datetime
    listener: Listener
    last_poll: datetime | None = None
    last_poll_failure: str = ""
    gaps: list[tuple[datetime | None, datetime]] = field(default_factory=list)
    authorized_at: datetime | None = None
    needs_sign_in: bool = False


@dataclass(slots=True)
class Facts(ListenerFacts):
    """Everything that is known at `now` (UTC). Spans and moments are naive UTC; lists are oldest first but for runs.

    The facts of the first listener are its own, those of `others` stand beside them. `looked_up` (at Spotify) and
    `matching` (with MusicBrainz, by state) are shares of the listening time, 0 to 1.
    """

    others: list[ListenerFacts] = field(default_factory=list)
    running: list[RunRecord] = field(default_factory=list)
    ended: dict[str, list[RunRecord]] = field(default_factory=dict)
    first_run: datetime | None = None
    blocked: list[tuple[str, str, datetime]] = field(default_factory=list)
    budgets: list[tuple[str, str, int, int]] = field(default_factory=list)
    backlog: dict[str, int] = field(default_factory=dict)
    looked_up: float | None = None
    matching: dict[str, float] = field(default_factory=dict)
    failed_tests: list[str] = field(default_factory=list)
    refresh_differences: list[str] = field(default_factory=list)
    warned_tests: list[str] = field(default_factory=list)
    built: str = ""
    published_at: datetime | None = None
    published_error: str = ""
    kept: str = ""
    plays: int | None = None
    plays_counted: int | None = None
    """Those that reports and pages count."""
    newest_play: datetime | None = None
    failing_addresses: list[tuple[str, datetime]] = field(default_factory=list)
    inbox: dict[str, dict[str, str]] = field(default_factory=dict)
    backup: BackupFacts = field(default_factory=BackupFacts)
    set_aside: dict[str, str] = field(default_factory=dict)

    @property
    def listeners(self) -> list[ListenerFacts]:
        """The facts of every listener."""
        return [self, *self.others]


def gather(settings: Settings, state: State, now: datetime) -> Facts:
    """Read the state and the published file. Errors: ConfigurationError when the registry of listeners is damaged."""
    first, *others = registry_of(settings)
    facts = Facts(settings_of(settings, first), now, first)
    facts.others = [ListenerFacts(settings_of(settings, one), now, one) for one in others]
    _read_runs(facts, state)
    for one in facts.listeners:
        _read_polls(one, state, is_only=not others)
        _read_sign_in(one, state)
    _read_services(facts, state)
    _read_builds(facts, state)
    _read_alert_addresses(facts, state)
    _read_inbox(facts, state)
    facts.backup = _read_backup(facts, state)
    facts.set_aside = files_set_aside(state)
    _read_published(facts)
    return facts


def _read_runs(facts: Facts, state: State) -> None:
    runs = RunLog(state)
    runs.mark_crashed(facts.now)
    facts.running = runs.running(facts.now)
    facts.ended = {flow: runs.latest(flow, 2) for flow in FLOWS}
    first = state.rows("select min(started_at) as at from runs")[0]["at"]
    facts.first_run = from_iso(first) if first else None


def _read_polls(facts: ListenerFacts, state: State, *, is_only: bool) -> None:
    """Read the last poll, the last good one, and those with a gap: each by an index, however many polls there are.

    With one listener every poll is theirs, whatever LISTENER_ID was at the time.
    """
    whose = "true" if is_only else "listener_id = :listener"
    asked = {"listener": facts.listener.listener_id}
    is_good = f"outcome in {GOOD_POLLS!r}"
    last = state.rows(f"select outcome, message from polls where {whose} order by polled_at desc limit 1", asked)
    good = state.rows(f"select polled_at from polls where {whose} and {is_good} order by polled_at desc limit 1", asked)
    facts.last_poll = from_iso(good[0]["polled_at"]) if good else None
    if last and last[0]["outcome"] not in GOOD_POLLS:
        facts.last_poll_failure = last[0]["message"] or ""
    gaps = state.rows(
        "select gap_from, coalesce(gap_until, oldest_played_at, polled_at) as gap_until from polls"
        f" indexed by gaps_by_time where outcome = 'gap' and {whose} order by polled_at",
        asked,
    )
    facts.gaps = [(from_iso(gap["gap_from"]) if gap["gap_from"] else None, from_iso(gap["gap_until"])) for gap in gaps]


def _read_sign_in(facts: ListenerFacts, state: State) -> None:
    scope = facts.settings.scope
    token, refused = (state.get("spotify", f"{name}{scope}") or {} for name in ("token", "needs_reauth"))
    facts.needs_sign_in = bool(refused) and refused.get("token") == token.get("token", refused.get("token"))
    facts.authorized_at = from_iso(token["authorized_at"]) if token.get("authorized_at") else None


def _read_services(facts: Facts, state: State) -> None:
    for row in state.rows("select service, key, value from service_state where key like 'blocked_until:%'"):
        bucket = str(row["key"]).removeprefix("blocked_until:")
        until = state.blocked_until(row["service"], bucket, facts.now)
        if until:
            facts.blocked.append((row["service"], bucket, until))
    sent = state.rows(
        "select service, bucket, count(*) as n from requests where service = 'spotify'"
        " and requested_at between ? and ? group by service, bucket order by service, bucket",
        (to_iso(facts.now - timedelta(hours=24)), to_iso(facts.now)),
    )
    budget = facts.settings.spotify_daily_budget
    facts.budgets = [
        (row["service"], row["bucket"], int(row["n"]), budget)
        for row in sent
        if str(row["bucket"]).partition(":")[0] in BUDGETED
    ]
    for service, words in WAITING.items():
        backlog = state.get(service, "backlog") or {}
        facts.backlog.update({said: int(backlog[name]) for name, said in words.items() if name in backlog})
    facts.looked_up = (state.get("spotify", "backlog") or {}).get("share_enriched")
    shares: dict[str, float] = (state.get("musicbrainz", "backlog") or {}).get("listening_share", {})
    facts.matching = {said: shares[name] for name, said in MATCHING.items() if name in shares}


def _read_builds(facts: Facts, state: State) -> None:
    build: dict[str, Any] = state.get("dbt", "last_build") or {}
    facts.failed_tests = [str(name) for name in build.get("failed", [])]
    facts.warned_tests = [str(name) for name in build.get("told", [])]
    facts.refresh_differences = list(map(str, (state.get("dbt", "full_refresh") or {}).get("differences", [])))
    built = state.get("dbt", "built")
    facts.built = f" {describe_last_build(built)}" if built else ""
    kept = state.get("publish", "kept")
    facts.kept = str(kept["why"]) if kept else ""
    last = state.get("publish", "last")
    facts.published_at = from_iso(last["at"]) if last else None


def _read_alert_addresses(facts: Facts, state: State) -> None:
    """Read which addresses of ALERT_URLS did not accept the last message."""
    found = state.facts("alert_addresses").values()
    facts.failing_addresses = sorted((str(fact["name"]), from_iso(fact["since"])) for fact in found)


def _read_inbox(facts: Facts, state: State) -> None:
    """Read what lies in the inbox and needs a person; what was taken away meanwhile needs nobody."""
    for key, fact in state.facts("inbox").items():
        kind = key.partition(":")[0]
        lies_there = "path" in fact and os.path.lexists(facts.settings.inbox_path / fact["path"])
        if kind == "stopped" or (kind in {"failed", "waiting"} and lies_there):
            facts.inbox[key] = fact


def _read_backup(facts: Facts, state: State) -> BackupFacts:
    """Read what is known of backups: to BACKUP_DIR where it is set, else of the last one made by hand."""
    found = state.facts("backup")
    here = str(facts.settings.backup_path.resolve()) if facts.settings.backup_path else None
    said = {key: fact for key, fact in found.items() if here is None or str(fact.get("folder")) == here}
    last, verified, failing = (said.get(key) or {} for key in ("last", "verified", "failing"))
    return BackupFacts(
        last=from_iso(last["at"]) if last else None,
        folder=str(last.get("folder", "")),
        verified=from_iso(verified["at"]) if verified else None,
        failing_since=from_iso(failing["since"]) if failing else None,
        failure=str(failing.get("message", "")),
        damage=str((said.get("damaged") or {}).get("message", "")),
    )


_PLAYS = """
select count(*), count(*) filter (where is_play_spotify30 and not is_excluded), max(ended_at) from marts.fct_plays
"""


def _read_published(facts: Facts) -> None:
    """Read the number of plays, and drop the gaps that the published file shows as closed by an export.

    A published file that can't be opened, or has no plays, is a fact of its own: readers can't use it either. What only
    a newer one has is asked for when it is there (`_has_table`).
    """
    path = facts.settings.published_path
    if not path.is_file():
        facts.published_at = None
        return
    try:
        with open_published(facts.settings) as reader:
            facts.plays, facts.plays_counted, facts.newest_play = reader.execute(_PLAYS).fetchall()[0]
            for one in facts.listeners if _has_table(reader, "fct_listening_gaps") else ():
                sql, whose = (_CLOSED_GAPS, [one.listener.listener_id]) if facts.others else (_ALL_CLOSED_GAPS, [])
                closed = reader.execute(sql, whose).fetchall()
                one.gaps = [(since, until) for since, until in one.gaps if (since or _NO_BOUND, until) not in closed]
    except (duckdb.Error, OSError, UnicodeDecodeError) as error:
        log.debug("The published file could not be queried: %s", error)
        facts.published_error = _describe_published_error(error)


def _has_table(reader: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Return whether the published file has a mart: one of an older version lacks those that came later."""
    asked = "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'marts'"
    return reader.execute(f"{asked} and table_name = ?", [name]).fetchone() is not None


def _describe_published_error(error: Exception) -> str:
    """Return what is wrong with the published file, by the type of the error."""
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return "it has no plays in it"
    if isinstance(error, PermissionError):
        return "it may not be read"
    return "it is damaged, or in use by a program that writes to it"
