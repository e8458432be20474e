"""The enrichment stage of the Spotify catalogue: tracks, albums and artists, most listened first.

One track of an album is read, then the album, whose answer brings its other tracks; artists follow. Answers are files
below CACHE_DIR before they are rows, and land in small batches, so that other stages can start on them and a kill costs
one batch at most. A spent budget ends its own kind of reads, the others go on; the next run resumes where this stopped.
Source: docs/contracts/spotify.md, sections 2 and 4.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import Status, TaskResult
from extract_load.spotify.catalogue.failures import Failures
from extract_load.spotify.catalogue.pending import Kind, Pending, backlog, pending, refresh_listening, share_enriched
from extract_load.spotify.request_policy import EndpointNotAvailable
from extract_load.storage.spool import Envelope, write_envelopes

log = logging.getLogger(__name__)

STAGE = "spotify"
CHUNK = 50
NAMES: dict[Kind, str] = {"track": "tracks", "album": "albums", "artist": "artists"}
_SKIPPED = "Spotify's catalogue is skipped: SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set (see .env.example)."


class Reader(Protocol):
    """Reads objects of the catalogue; `sent` and `waited` (seconds) say what it cost so far."""

    @property
    def sent(self) -> int:
        """Requests sent."""
        ...

    @property
    def waited(self) -> float:
        """Seconds waited."""
        ...

    def read(self, kind: Kind, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any] | ServiceUnavailable | None]]:
        """Yield (id, object) as answers come, None for what Spotify does not have (404), the error where it failed.

        Errors: EndpointNotAvailable, QuotaExhausted, ServiceUnavailable, AuthorizationNeeded; what was yielded before
        stays good.
        """
        ...


@dataclass(slots=True)
class _Tally:
    """What a run did so far, shared by its threads."""

    counts: dict[str, int] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    failures: dict[Kind, Failures] = field(default_factory=lambda: {kind: Failures(kind) for kind in NAMES})
    resume_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, number: int) -> None:
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + number

    def stopped(self, error: Exception) -> None:
        with self.lock:
            self.partial.append(str(error))
            if isinstance(error, QuotaExhausted):
                self.resume_at = min(filter(None, (self.resume_at, error.resume_at)))


def enrich(context: Context, reader: Reader | None = None) -> TaskResult:
    """Read what is pending, tracks and albums beside artists, until nothing is, or limits or budgets are spent.

    The message tells the share of listening time enriched before and after. Without credentials: `no_updates`, saying
    what is skipped and how to enable it.
    """
    if reader is None:
        reader = connect(context)
    if reader is None:
        return TaskResult("no_updates", message=_SKIPPED)
    tally = _Tally()
    with context.warehouse.open("counting what Spotify is to be asked") as connection:
        refresh_listening(connection)
        before = share_enriched(connection)
    albums_done = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="spotify-artists") as pool:
        artists = pool.submit(_artists_until, context, reader, tally, albums_done)
        try:
            _tracks_and_albums(context, reader, tally)
        finally:
            albums_done.set()
            context.signals.announce()
        artists.result()
    return _result(context, reader, tally, before)


def connect(context: Context) -> Reader | None:
    """Return a reader that is signed in for catalogue reads, None when no app is set up."""
    if not context.settings.has_spotify_app:
        return None
    from extract_load.spotify.catalogue.reader import CatalogueReader

    return CatalogueReader(context)


def _tracks_and_albums(context: Context, reader: Reader, tally: _Tally) -> None:
    """Alternate between tracks and the albums that answer most; then the albums that are left."""
    tracks = _Quota(context.settings.spotify_track_limit)
    albums = _Quota(context.settings.spotify_album_limit)
    try:
        while not tracks.spent:
            read = _round(context, reader, tally, "track", tracks)
            _round(context, reader, tally, "album", albums, only_siblings=True)
            if not read:
                break
    except QuotaExhausted as error:
        tally.stopped(error)
    except (ServiceUnavailable, AuthorizationNeeded, ConfigurationError) as error:
        tally.stopped(error)
        return
    try:
        while not albums.spent and _round(context, reader, tally, "album", albums):
            pass
    except (QuotaExhausted, ServiceUnavailable, AuthorizationNeeded, ConfigurationError) as error:
        tally.stopped(error)


def _artists_until(context: Context, reader: Reader, tally: _Tally, albums_done: threading.Event) -> None:
    """Read artists as tracks name them, until no more can come."""
    quota = _Quota(context.settings.spotify_artist_limit)
    try:
        while not quota.spent:
            version, last = context.signals.version(), albums_done.is_set()
            if _round(context, reader, tally, "artist", quota, at_least=1 if last else CHUNK):
                continue
            if last:
                return
            context.signals.wait(version, seconds=2)
    except (QuotaExhausted, ServiceUnavailable, AuthorizationNeeded, ConfigurationError) as error:
        tally.stopped(error)


@dataclass(slots=True)
class _Quota:
    """How many more of a kind a run may ask for; None is no limit."""

    left: int | None

    @property
    def spent(self) -> bool:
        return self.left is not None and self.left <= 0

    def chunk(self) -> int:
        return CHUNK if self.left is None else max(0, min(CHUNK, self.left))

    def take(self, number: int) -> None:
        if self.left is not None:
            self.left -= number


def _round(
    context: Context,
    reader: Reader,
    tally: _Tally,
    kind: Kind,
    quota: _Quota,
    *,
    only_siblings: bool = False,
    at_least: int = 1,
) -> int:
    """Ask for one chunk of a kind and land the answers; give how many were asked for.

    A kind that Spotify does not offer ends here, the others go on.
    """
    if quota.spent:
        return 0
    with context.warehouse.open(f"looking for {NAMES[kind]} to ask Spotify") as connection:
        most = quota.chunk() + len(tally.unanswered)
        found = pending(connection, kind, most, context.clock.now(), context.settings.spotify_refresh_days)
    fresh = [one for one in found if one.id not in tally.unanswered and (one.weight > 0 or not only_siblings)]
    chunk = fresh[: quota.chunk()]
    if len(chunk) < min(at_least, quota.chunk()):
        return 0
    quota.take(len(chunk))
    try:
        _ask(context, reader, tally, kind, chunk)
    except EndpointNotAvailable as error:
        tally.stopped(error)
        quota.left = 0
        return 0
    return len(chunk)


def _ask(context: Context, reader: Reader, tally: _Tally, kind: Kind, chunk: list[Pending]) -> None:
    """Read a chunk; whatever was answered is kept and landed, also when the service stops half-way."""
    answers: list[tuple[str, dict[str, Any] | None]] = []
    try:
        for id_, found in reader.read(kind, [one.id for one in chunk]):
            if isinstance(found, ServiceUnavailable):
                tally.failures[kind].failed(id_, found)
                continue
            tally.failures[kind].answered()
            answers.append((id_, found))
    finally:
        with tally.lock:
            tally.unanswered |= {one.id for one in chunk} - {id_ for id_, _ in answers}
        if answers:
            _keep(context, kind, answers)
            tally.add(NAMES[kind], sum(1 for _, found in answers if found is not None))
            tally.add(f"{NAMES[kind]}_gone", sum(1 for _, found in answers if found is None))
            context.progress(f"spotify {NAMES[kind]}", tally.counts[NAMES[kind]], None)
            context.signals.announce()


def _keep(context: Context, kind: Kind, answers: list[tuple[str, dict[str, Any] | None]]) -> None:
    at = context.clock.now()
    files = [write_envelopes(context.settings.answers_dir, (_envelope(context, kind, *one, at) for one in answers))]
    if kind == "album":
        siblings = [one for _, album in answers if album for one in _tracks_of(context, album, at)]
        files.append(write_envelopes(context.settings.answers_dir, siblings))
    with context.warehouse.open("landing answers of Spotify's") as connection:
        context.landing.land_now(connection, [path for path in files if path])


def _envelope(context: Context, kind: Kind, id_: str, found: dict[str, Any] | None, at: datetime) -> Envelope:
    payload = {key: value for key, value in found.items() if key != "tracks"} if found else None
    request = {"id": id_, "status": "found" if found else "gone", "origin": kind}
    return Envelope(STAGE, kind, context.run_id, at, payload, request)


def _tracks_of(context: Context, album: dict[str, Any], at: datetime) -> Iterator[Envelope]:
    """Yield the simplified tracks of an album, each with the album that it is on."""
    kept = ("id", "name", "release_date", "release_date_precision", "album_type", "total_tracks", "artists", "images")
    short = {key: album[key] for key in kept if key in album}
    page = album.get("tracks")
    items = page.get("items") if isinstance(page, dict) else None
    for track in items if isinstance(items, list) else []:
        if isinstance(track, dict) and track.get("id"):
            request = {"id": track["id"], "status": "found", "origin": "album"}
            yield Envelope(STAGE, "track", context.run_id, at, {**track, "album": short}, request)


def _result(context: Context, reader: Reader, tally: _Tally, before: float) -> TaskResult:
    now = context.clock.now()
    with context.warehouse.open("counting what Spotify has answered") as connection:
        for kind, failures in tally.failures.items():
            number = failures.write(connection, now)
            if number:
                tally.add(f"{NAMES[kind]}_failed", number)
                tally.partial.append(f"Spotify failed to answer {number} {NAMES[kind]}; they are asked again later.")
        after = share_enriched(connection)
        waiting = backlog(connection, now)
    context.state.put(STAGE, "backlog", {**waiting, "share_enriched": round(after, 4)}, now)
    status: Status = "partial" if tally.partial else "success" if sum(tally.counts.values()) else "no_updates"
    summary = f"Listening time looked up at Spotify: {before:.1%} before, {after:.1%} after {reader.sent} requests."
    message = " ".join([summary, *dict.fromkeys(tally.partial)])
    return TaskResult(status, tally.counts, reader.sent, reader.waited, message, tally.resume_at)
