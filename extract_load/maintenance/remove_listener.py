"""Remove a listener: their plays, answers that nobody else needs, sign-in, app, published file, polls and alerts.

1. The registry forgets them, so nobody is polled any more; a rule in the spool says what goes, so a kill in the middle
   is finished by the next `forget` or `rebuild`, and an old backup that is restored brings nothing back.
2. State, secrets, published files and seeds lose what is theirs.
3. A rebuild deletes their files and makes warehouse and published files again from what is left.
In a lake the objects are rewritten and its rows made again, instead; buckets are built from what is left.
Backups follow when they are made again; what was exported, or put into the inbox, is a person's to delete.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.listener_registry import Listener, write_registry
from extract_load.core.listeners import family_path, published_path_of, registry_of, secrets_dir, settings_of
from extract_load.core.settings import Settings
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.line_subjects import PLAYS
from extract_load.erasure.removed_listeners import KIND, is_removed, rule_for
from extract_load.erasure.rules import Rule, Rules
from extract_load.landing.loader import LandingReport
from extract_load.maintenance.lake_erasure import erase_from_lake
from extract_load.maintenance.listener_changes import unregister_everywhere
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.rebuild import RebuildReport, rebuild_with_lock_held, seeds_dir
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.opening import open_store
from extract_load.storage.ports import State
from extract_load.storage.spool import SpoolStore

Progress = Callable[[int, int], None]

_TELLING = frozenset({"alerts", "inbox", "publish", "dbt"})
"""Services whose facts are sentences or lists: those that name who is removed go, and are made anew when needed."""


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """Who goes, by which rule, and how many files of theirs there are."""

    listener: Listener
    rule: Rule
    files: int


def plan_removal(settings: Settings, listener: Listener, *, clock: Clock | None = None) -> RemovalPlan:
    """Find out what a removal would take, without taking anything."""
    now = (clock or SystemClock()).now()
    salt = erasure_rules.load_rules(settings.spool_dir).salt
    rule = Rule(f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", KIND, salt, reaches_until=now)
    rule = replace(rule, subjects=rule_for(rule, listener.listener_id))
    store = SpoolStore.of(settings)
    files = [file for file in store.files() if file.entity in PLAYS and is_removed(store, file, Rules([rule]))]
    return RemovalPlan(listener, rule, len(files))


def remove_listener(
    settings: Settings,
    state: State,
    transform: Transform,
    plan: RemovalPlan,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Carry a plan out.

    Errors: what a rebuild raises; the removal holds all the same, and the next `forget` or `rebuild` finishes it.
    """
    clock = clock or SystemClock()
    listener = plan.listener
    own = settings_of(settings, listener)
    with spool_lock(settings, "listener remove", clock):
        erasure_rules.write_rules(settings.spool_dir, [plan.rule], note=None, at=clock.now())
        published = published_path_of(settings, listener.listener_id)
        write_registry(settings.listeners_path, registry_of(settings).without(listener.listener_id))
        _remove_secrets(settings, own)
        published.unlink(missing_ok=True)
        family_path(settings).unlink(missing_ok=True)
        forget_in_state(state, listener, own.scope)
        _forget_in_seeds(seeds or seeds_dir(), listener.listener_id)
        report = rebuild_with_lock_held(settings, state, transform, seeds=seeds, clock=clock, progress=progress)
        forget_in_state(state, listener, own.scope)  # a poll that was under way has noted itself meanwhile
        return report


def remove_from_lake(
    settings: Settings,
    state: State,
    plan: RemovalPlan,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
) -> LandingReport:
    """Carry a plan out in a lake; builds then make the published files again, without them.

    Errors: ServiceUnavailable; the removal holds all the same, and the next `forget` or `rebuild` finishes it.
    """
    clock = clock or SystemClock()
    listener, objects = plan.listener, open_store(settings)
    own = settings_of(settings, listener)
    written = erasure_rules.write_rules(settings.spool_dir, [plan.rule], note=None, at=clock.now())
    objects.push([written] if written else [])
    unregister_everywhere(settings, listener.listener_id)
    _remove_secrets(settings, own)
    forget_in_state(state, listener, own.scope)
    _forget_in_seeds(seeds or seeds_dir(), listener.listener_id)
    report = erase_from_lake(settings, state, [], seeds=seeds, clock=clock)
    forget_in_state(state, listener, own.scope)  # a poll that was under way has noted itself meanwhile
    return report


def forget_in_state(state: State, listener: Listener, scope: str) -> None:
    """Delete every row of the state that is about a listener, or names them, and every trace of it in the file."""
    listener_id = listener.listener_id
    named = _names_of(listener)
    ends = f":{listener_id}"
    sign_in = [f"{name}{scope}" for name in ("token", "needs_reauth", "account_checked")]
    facts = state.rows("select service, key, value from service_state")
    gone = [
        (fact["service"], fact["key"])
        for fact in facts
        if fact["key"].endswith(ends)
        or (fact["service"] == "spotify" and fact["key"] in sign_in)
        or (fact["service"] in _TELLING and named.search(fact["value"]))
    ]
    with state.transaction() as db:
        db.executemany("delete from service_state where service = ? and key = ?", gone)
        db.execute("delete from polls where listener_id = ?", (listener_id,))
        db.execute("delete from requests where bucket like ?", (f"%{ends}",))
        tables = state.table_names()
        if {"runs", "task_runs"} <= tables:
            db.execute("delete from task_runs where task like ?", (f"%: {listener_id}",))
            for table in ("runs", "task_runs"):
                told = state.rows(f"select run_id, message from {table} where message is not null")
                silent = [(row["run_id"], row["message"]) for row in told if named.search(row["message"])]
                db.executemany(f"update {table} set message = null where run_id = ? and message = ?", silent)
    state.compact()


def _names_of(listener: Listener) -> re.Pattern[str]:
    """Return what finds the id or the name of a listener as a word of its own."""
    words = [re.escape(one) for one in (listener.listener_id, listener.name) if one]
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(words)})(?![\w-])")


def _remove_secrets(settings: Settings, own: Settings) -> None:
    shutil.rmtree(secrets_dir(settings, own.listener_id), ignore_errors=True)
    token = own.token_path
    for path in (token, token.with_suffix(".refused.json"), token.with_name(f".{token.name}.lock")):
        path.unlink(missing_ok=True)


def _forget_in_seeds(seeds: Path, listener_id: str) -> None:
    """Take a listener's rows out of the seeds that have a `listener_id`."""
    for path in sorted(seeds.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
        if not rows or "listener_id" not in rows[0]:
            continue
        column = rows[0].index("listener_id")
        kept = [row for row in rows if row[column : column + 1] != [listener_id]]
        if len(kept) < len(rows):
            path.write_text(_as_csv(kept), encoding="utf-8")


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()
