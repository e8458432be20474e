"""The MusicBrainz stage: match the artists, then fetch facts about them and the areas that they come from.

Requests are sent one at a time and in full batches: a batch is sent when it is full, or when nothing more can come (the
Spotify stage is done and no earlier step has work). Answers are cached in files before they are landed, and landed
every few seconds, so the stage can be interrupted anywhere and no request is repeated. Between requests the warehouse
is locked only briefly, during the wait that the rate limit causes anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from extract_load.context import Context
from extract_load.core.errors import MALFORMED, BadInput, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import Status, TaskResult
from extract_load.core.text import FOLD_VERSION
from extract_load.landing.manifest import known_files
from extract_load.lookups.artist_aliases import add_new_artists, refresh_aliases
from extract_load.musicbrainz.backlog import backlog
from extract_load.musicbrainz.client import connect
from extract_load.musicbrainz.fetch_areas import AreaStep
from extract_load.musicbrainz.fetch_artists import ArtistStep
from extract_load.musicbrainz.fetch_genres import GenreStep
from extract_load.musicbrainz.manual_matches import apply_manual_matches, default_seed
from extract_load.musicbrainz.match_by_recording import IsrcStep, NameStep
from extract_load.musicbrainz.match_by_url import PageStep
from extract_load.musicbrainz.step import Run, Step
from extract_load.storage.spool import SpoolStore
from extract_load.storage.writer_lock import WarehouseBusy

log = logging.getLogger(__name__)

STAGE = "musicbrainz"
UPSTREAM = "spotify"

_SECONDS_BETWEEN_PLANS = 12.0
_SLOW_RATE = 2.0  # requests a second, up to which there is time to land between two requests
_FAILURES_OF_AN_OUTAGE = 2
_UNUSABLE: tuple[type[Exception], ...] = (BadInput, *MALFORMED)
_ALIAS_SOURCES_VERSION = """
select
    (select (count(*), max(landed_at)) from ops.landed_files),
    (select count(*) from raw.spotify_streaming_history),
    (select count(*) from raw.spotify_recently_played),
    (select count(*) from raw.api_responses),
    (select count(*) from lookup.artist_aliases)
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One batch of one step."""

    step: Step
    items: tuple[Any, ...]

    @property
    def is_full(self) -> bool:
        """Whether no further item fits into the batch."""
        return sum(map(self.step.weight, self.items)) >= self.step.full

    @property
    def keys(self) -> set[str]:
        """The keys of the items."""
        return {self.step.key(item) for item in self.items}


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Match the artists, fetch their facts and areas, until nothing is pending or a limit is reached.

    Errors: ConfigurationError when MusicBrainz refuses the program; an outage is a partial result. Idempotent: a run
    with nothing pending sends no request.
    """
    seed = manual_seed or default_seed()
    run = Run(context, connect(context.settings, context.state, context.run_id, context.clock))
    started = context.clock.now()
    with context.warehouse.open("MusicBrainz: what is pending") as connection:
        context.landing.land(exclude=_FilesOfOtherServices())  # answers of a run that was interrupted
        derive_lookups(context, connection, seed)
    stage = _Stage(run, seed, started)
    try:
        stage.work()
    finally:
        run.client.session.close()
        with context.warehouse.open("MusicBrainz: last answers and backlog") as connection:
            stage.land(connection)
            derive_lookups(context, connection, seed)
            now = context.clock.now()
            context.state.put(STAGE, "backlog", {**backlog(connection), "at": str(now)}, now)
    return stage.result()


def derive_lookups(context: Context, connection: duckdb.DuckDBPyConnection, manual_seed: Path | None = None) -> None:
    """Write what needs no request: aliases and manual matches. Quick if nothing changed."""
    now = context.clock.now()
    if context.state.get("aliases", "edition") != _alias_sources_version(connection):
        refresh_aliases(connection)
    if apply_manual_matches(connection, manual_seed or default_seed(), now):
        refresh_aliases(connection)
    context.state.put("aliases", "edition", _alias_sources_version(connection), now)


def _alias_sources_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a text that differs whenever the tables differ that aliases are derived from: they change by landing.

    The rule that folds names is one of its sources: where it changed, keys made of names are made again.
    """
    return f"{FOLD_VERSION} {connection.execute(_ALIAS_SOURCES_VERSION).fetchall()[0]}"


class _FilesOfOtherServices:
    """A container of all manifest paths but those of MusicBrainz: other stages land their answers themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith("cache/musicbrainz/")


class _Stage:
    """The loop of one run: plan some batches, send them, land the answers, signal the other stages."""

    def __init__(self, run: Run, manual_seed: Path, started: datetime) -> None:
        self._run, self._context, self._seed = run, run.context, manual_seed
        self._genre_step: Step = GenreStep(run)
        self._match_steps: tuple[Step, ...] = (PageStep(run), IsrcStep(run))
        self._fact_steps: tuple[Step, ...] = (ArtistStep(run), AreaStep(run))
        self._name_step = NameStep(run)
        self._names_begun = False
        self._unlanded: list[Path] = []
        self._aliases_since = started
        self._failures_in_a_row = 0
        self._ended_by: ServiceUnavailable | QuotaExhausted | None = None

    def work(self) -> None:
        """Send batches until nothing is pending and nothing more can come, or until the run is ended by an outage."""
        signals = self._context.signals
        more = signals.is_running(UPSTREAM)
        while self._ended_by is None:
            seen = signals.version()
            before, more = more, signals.is_running(UPSTREAM)
            jobs = self._plan(more, upstream_ended=before and not more)
            if jobs:
                self._send(jobs)
            elif more:
                signals.wait(seen)
            elif not self._retry_failed_batches():
                break

    def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Land the answers that were written since the last time; return whether there were any."""
        written, self._unlanded = self._unlanded, []
        store = SpoolStore.of(self._context.settings)
        names = {store.manifest_path(path): path for path in written}
        known = known_files(connection) if names else set()
        self._context.landing.land_now(connection, [path for name, path in names.items() if name not in known])
        return bool(names)

    def result(self) -> TaskResult:
        """Return the result of the run."""
        session, counts = self._run.client.session, self._run.counts
        trouble = self._ended_by or self._run.outage
        if trouble is None and self._run.failed_keys:
            trouble = ServiceUnavailable("MusicBrainz left some requests without an answer.", service=STAGE)
        status: Status = "partial" if trouble else "success" if session.sent else "no_updates"
        return TaskResult(
            status,
            counts,
            requests=session.sent,
            waited_seconds=session.waited,
            message=str(trouble) if trouble else _summary(counts),
            resume_at=trouble.resume_at if isinstance(trouble, QuotaExhausted) else None,
        )

    def _plan(self, more: bool, *, upstream_ended: bool) -> list[Job]:
        """Land what was written, and return the next batches."""
        with self._context.warehouse.open("MusicBrainz: landing answers") as connection:
            landed = self.land(connection)
            if upstream_ended:
                derive_lookups(self._context, connection, self._seed)  # names may have become Spotify artists
            elif more:
                since, self._aliases_since = self._aliases_since, self._context.clock.now()
                add_new_artists(connection, since)
            jobs = self._choose_jobs(connection, more)
        self._announce(landed)
        return jobs

    def _land_between_requests(self) -> None:
        """Land during the wait for the rate limit; if another process has the warehouse, the next plan lands."""
        if self._context.settings.musicbrainz_requests_per_second > _SLOW_RATE:
            return
        try:
            with self._context.warehouse.open("MusicBrainz: landing answers", wait_seconds=0) as connection:
                landed = self.land(connection)
        except WarehouseBusy:
            return
        self._announce(landed)

    def _announce(self, landed: bool) -> None:
        """Signal the other stages and report progress, if anything was landed."""
        if landed:
            self._context.signals.announce()
            self._context.progress(STAGE, self._run.counts.get("artists_described", 0), None)

    def _choose_jobs(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Job]:
        """Return the batches of the first step that has any: full ones, or one that nothing can fill any more.

        Each step comes before those that it feeds. Matching by name is last, because it is slow and only for artists
        that no other method matched: facts are complete before it begins, and fetched in full batches while it goes on.
        """
        order = [(step, not more) for step in self._match_steps]
        if more:
            order += [(step, False) for step in self._fact_steps]
        elif self._names_begun:
            order += [(step, False) for step in self._fact_steps] + [(self._name_step, True)]
            order += [(step, True) for step in self._fact_steps]
        else:
            order += [(step, True) for step in (*self._fact_steps, self._name_step)]
        genres = self._pending_jobs(self._genre_step, connection, more)
        for step, may_be_partial in order:
            batches = self._pending_jobs(step, connection, more)
            full = [job for job in batches if job is not batches[-1] or job.is_full]
            if full or (batches and may_be_partial):
                self._names_begun = self._names_begun or step is self._name_step
                return genres + (full or batches)
        return genres

    def _pending_jobs(self, step: Step, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Job]:
        """Return what is pending at a step, split into batches, without the items whose batch failed."""
        items = [item for item in step.pending(connection, more) if step.key(item) not in self._run.failed_keys]
        return [Job(step, batch) for batch in _split_into_batches(step, items)]

    def _send(self, jobs: list[Job]) -> None:
        """Send batches for some seconds; the rest is planned again, with the answers so far."""
        clock = self._context.clock
        started = clock.monotonic()
        for job in jobs:
            try:
                self._unlanded += job.step.ask(job.items)
                self._failures_in_a_row = 0
            except QuotaExhausted as error:
                self._ended_by = error
            except ServiceUnavailable as error:
                self._postpone(job, error)
            except _UNUSABLE as error:
                msg = f"MusicBrainz answered in an unknown format ({type(error).__name__})."
                self._postpone(job, ServiceUnavailable(msg, service=STAGE))
            if self._run.outage is not None:
                self._ended_by = self._run.outage
            if self._ended_by is not None or clock.monotonic() - started >= _SECONDS_BETWEEN_PLANS:
                return
            self._land_between_requests()

    def _postpone(self, job: Job, error: ServiceUnavailable) -> None:
        """Leave a failed batch for the end of the run; after two failures in a row, end the run."""
        log.warning("%s", error)
        self._run.failed_keys |= job.keys
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _FAILURES_OF_AN_OUTAGE:
            self._ended_by = error

    def _retry_failed_batches(self) -> bool:
        """Make the failed batches pending again, once a run; return whether there are any."""
        retry = bool(self._run.failed_keys) and not self._run.retried
        if retry:
            self._run.failed_keys.clear()
            self._run.retried = True
        return retry


def _split_into_batches(step: Step, items: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Split pending items into batches; an item that does not fit any more begins the next batch."""
    batches: list[list[Any]] = []
    weight = 0
    for item in items:
        size = step.weight(item)
        if not batches or weight + size > step.full:
            batches.append([])
            weight = 0
        batches[-1].append(item)
        weight += size
    return [tuple(batch) for batch in batches]


def _summary(counts: Mapping[str, int]) -> str:
    """Return the sentence about a run without trouble."""
    found = sum(counts.get(f"{method}_found", 0) for method in ("url", "isrc", "name"))
    described, areas = counts.get("artists_described", 0), counts.get("areas_read", 0)
    if not counts:
        return "Nothing was pending at MusicBrainz."
    return f"{found} artists identified, {described} described, {areas} areas read."
