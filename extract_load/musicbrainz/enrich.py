"""The MusicBrainz stage: who the artists are, facts about them, and the areas that they come from.

Requests go out one at a time and in full batches: a batch is sent when it is full, or when nothing more can come (the
Spotify stage is done and no earlier step has work). Answers are in the cache before they are landed, and landed every
few seconds, so the stage can be stopped anywhere and nothing is paid for twice. Between requests the warehouse is held
for moments only, which pass while the pace is waited for anyway.
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
from extract_load.landing.backlog import waiting_file
from extract_load.landing.manifest import known_files
from extract_load.lookups.artist_aliases import add_new_artists, refresh_aliases
from extract_load.musicbrainz.backlog import backlog
from extract_load.musicbrainz.client import connect
from extract_load.musicbrainz.fetch_areas import Areas
from extract_load.musicbrainz.fetch_artists import ArtistFacts
from extract_load.musicbrainz.fetch_genres import Genres
from extract_load.musicbrainz.manual_matches import apply_manual_matches, default_seed
from extract_load.musicbrainz.match_by_recording import Isrcs, Names
from extract_load.musicbrainz.match_by_url import Pages
from extract_load.musicbrainz.step import Run, Step
from extract_load.storage.writer_lock import WarehouseBusy

log = logging.getLogger(__name__)

STAGE = "musicbrainz"
UPSTREAM = "spotify"

_BURST_SECONDS = 12.0
_SLOW = 2.0  # requests a second, up to which there is time to land between two of them
_FAILURES = 2
_UNUSABLE: tuple[type[Exception], ...] = (BadInput, *MALFORMED)
_EDITION = """
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
        """Return whether nothing more fits in."""
        return sum(map(self.step.weight, self.items)) >= self.step.full

    @property
    def keys(self) -> set[str]:
        """Name its items."""
        return {self.step.key(item) for item in self.items}


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Identify the artists, describe them, and read their areas, until nothing is pending or a limit is reached.

    Errors: ConfigurationError when MusicBrainz refuses the program; an outage is a partial result. Safe to run again:
    a run with nothing to do sends no request.
    """
    seed = manual_seed or default_seed()
    run = Run(context, connect(context.settings, context.state, context.run_id, context.clock))
    started = context.clock.now()
    with context.warehouse.open("MusicBrainz: what is pending") as connection:
        context.landing.land(without=_NotOurs())  # answers of a run that was stopped
        prepare(context, connection, seed)
    stage = _Stage(run, seed, started)
    try:
        stage.work()
    finally:
        run.client.session.close()
        with context.warehouse.open("MusicBrainz: what it comes to") as connection:
            stage.land(connection)
            prepare(context, connection, seed)
            now = context.clock.now()
            context.state.put(STAGE, "backlog", {**backlog(connection), "at": str(now)}, now)
    return stage.result()


def prepare(context: Context, connection: duckdb.DuckDBPyConnection, manual_seed: Path | None = None) -> None:
    """Derive what needs no request: aliases, and matches set by hand. Part of a rebuild; quick if nothing changed."""
    now = context.clock.now()
    if context.state.get("aliases", "edition") != _edition(connection):
        refresh_aliases(connection)
    if apply_manual_matches(connection, manual_seed or default_seed(), now):
        refresh_aliases(connection)
    context.state.put("aliases", "edition", _edition(connection), now)


def _edition(connection: duckdb.DuckDBPyConnection) -> str:
    """Tell apart every state of the tables that aliases follow from: they only change by landing."""
    return str(connection.execute(_EDITION).fetchall()[0])


class _NotOurs:
    """Holds every lasting name but those of the answers of MusicBrainz: other stages land theirs themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith("cache/musicbrainz/")


class _Stage:
    """The loop of one run: plan a few batches, send them, land them, tell the signals."""

    def __init__(self, run: Run, manual_seed: Path, started: datetime) -> None:
        self._run, self._context, self._seed = run, run.context, manual_seed
        self._genres: Step = Genres(run)
        self._identity: tuple[Step, ...] = (Pages(run), Isrcs(run))
        self._facts: tuple[Step, ...] = (ArtistFacts(run), Areas(run))
        self._names = Names(run)
        self._naming = False
        self._written: list[Path] = []
        self._since = started
        self._failures = 0
        self._ended_by: ServiceUnavailable | QuotaExhausted | None = None

    def work(self) -> None:
        """Go on until nothing is pending and nothing more can come, or the service is out."""
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
            elif not self._retry_what_failed():
                break

    def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Land the answers that were written since; say whether there were any."""
        written, self._written = self._written, []
        names = {waiting_file(self._context.settings, path).name: path for path in written}
        known = known_files(connection) if names else set()
        self._context.landing.land_now(connection, [path for name, path in names.items() if name not in known])
        return bool(names)

    def result(self) -> TaskResult:
        """Return what came of it."""
        session, counts = self._run.client.session, self._run.counts
        trouble = self._ended_by or self._run.trouble
        if trouble is None and self._run.aside:
            trouble = ServiceUnavailable("MusicBrainz left some questions without an answer.", service=STAGE)
        status: Status = "partial" if trouble else "success" if session.sent else "no_updates"
        return TaskResult(
            status,
            counts,
            requests=session.sent,
            waited_seconds=session.waited,
            message=str(trouble) if trouble else _sentence(counts),
            resume_at=trouble.resume_at if isinstance(trouble, QuotaExhausted) else None,
        )

    def _plan(self, more: bool, *, upstream_ended: bool) -> list[Job]:
        """Land what was written, and choose the next batches."""
        with self._context.warehouse.open("MusicBrainz: landing answers") as connection:
            landed = self.land(connection)
            if upstream_ended:
                prepare(self._context, connection, self._seed)  # names may have become Spotify artists
            elif more:
                since, self._since = self._since, self._context.clock.now()
                add_new_artists(connection, since)
            jobs = self._choose(connection, more)
        self._tell(landed)
        return jobs

    def _land_in_the_gap(self) -> None:
        """Land while the pace makes us wait anyway; if somebody else has the warehouse, the next plan will do it."""
        if self._context.settings.musicbrainz_requests_per_second > _SLOW:
            return
        try:
            with self._context.warehouse.open("MusicBrainz: landing answers", wait_seconds=0) as connection:
                landed = self.land(connection)
        except WarehouseBusy:
            return
        self._tell(landed)

    def _tell(self, landed: bool) -> None:
        if landed:
            self._context.signals.announce()
            self._context.progress(STAGE, self._run.counts.get("artists_described", 0), None)

    def _choose(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Job]:
        """Return the batches of the first step that has some: full ones, or one that nothing can fill any more.

        Each step comes before those that it feeds. Names are last, for whom nothing else can tell, and slow: what is
        known is described before they begin, and described in full batches while they go on.
        """
        order = [(step, not more) for step in self._identity]
        if more:
            order += [(step, False) for step in self._facts]
        elif self._naming:
            order += [(step, False) for step in self._facts] + [(self._names, True)]
            order += [(step, True) for step in self._facts]
        else:
            order += [(step, True) for step in (*self._facts, self._names)]
        genres = self._jobs(self._genres, connection, more)
        for step, partial_too in order:
            batches = self._jobs(step, connection, more)
            full = [job for job in batches if job is not batches[-1] or job.is_full]
            if full or (batches and partial_too):
                self._naming = self._naming or step is self._names
                return genres + (full or batches)
        return genres

    def _jobs(self, step: Step, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Job]:
        """Return what is pending at a step, cut into requests, without what failed before."""
        items = [item for item in step.pending(connection, more) if step.key(item) not in self._run.aside]
        return [Job(step, batch) for batch in _batches(step, items)]

    def _send(self, jobs: list[Job]) -> None:
        """Send batches for a few seconds; what is left is planned again with the news."""
        clock = self._context.clock
        started = clock.monotonic()
        for job in jobs:
            try:
                self._written += job.step.ask(job.items)
                self._failures = 0
            except QuotaExhausted as error:
                self._ended_by = error
            except ServiceUnavailable as error:
                self._set_aside(job, error)
            except _UNUSABLE as error:
                msg = f"MusicBrainz sent an answer in a form that it does not use ({type(error).__name__})."
                self._set_aside(job, ServiceUnavailable(msg, service=STAGE))
            if self._run.trouble is not None:
                self._ended_by = self._run.trouble
            if self._ended_by is not None or clock.monotonic() - started >= _BURST_SECONDS:
                return
            self._land_in_the_gap()

    def _set_aside(self, job: Job, error: ServiceUnavailable) -> None:
        """Leave a batch for later; after a few in a row the run ends."""
        log.warning("%s", error)
        self._run.aside |= job.keys
        self._failures += 1
        if self._failures >= _FAILURES:
            self._ended_by = error

    def _retry_what_failed(self) -> bool:
        """Return the batches that failed one more chance at the end of the run; say whether there are any."""
        again = self._run.aside and not self._run.retried
        if again:
            self._run.aside.clear()
            self._run.retried = True
        return bool(again)


def _batches(step: Step, items: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Cut what is pending into requests; an item that does not fit any more opens the next one."""
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


def _sentence(counts: Mapping[str, int]) -> str:
    found = sum(counts.get(f"{way}_found", 0) for way in ("url", "isrc", "name"))
    described, areas = counts.get("artists_described", 0), counts.get("areas_read", 0)
    if not counts:
        return "Nothing was pending at MusicBrainz."
    return f"{found} artists identified, {described} described, {areas} areas read."
