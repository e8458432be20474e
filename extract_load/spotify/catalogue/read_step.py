"""The steps that read Spotify's catalogue: tracks, albums and artists, those first that explain most listening.

One track of an album is read, then the album, whose answer brings its other tracks; artists follow. Answers are files
below CACHE_DIR before they are rows, and land in small batches, so that other steps can start on them and a kill costs
one batch at most. The three share one signed-in reader. Source: docs/contracts/spotify.md, sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import duckdb

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.http import Meter
from extract_load.spotify.catalogue.failures import Failures
from extract_load.spotify.catalogue.pending import Kind, Pending, backlog, pending, refresh_listening, share_enriched
from extract_load.spotify.catalogue.reader import CatalogueReader
from extract_load.spotify.request_policy import SERVICE, EndpointNotAvailable
from extract_load.steps.step import MAX_PENDING, Step
from extract_load.storage.spool import Envelope, write_envelopes

CHUNK = 50
NAMES: dict[Kind, str] = {"track": "tracks", "album": "albums", "artist": "artists"}

Answer = tuple[str, dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the three steps share: the reader, and the share of listening time that was looked up before the run."""

    reader: CatalogueReader
    share_before: float


def catalogue_of(context: Context) -> Catalogue:
    """Return what the steps of this run share; whoever asks first counts the listening anew."""

    def make() -> Catalogue:
        with context.warehouse.open("counting what Spotify is to be asked") as connection:
            refresh_listening(connection)
            return Catalogue(CatalogueReader(context), share_enriched(connection))

    return context.shared.get(SERVICE, make)


class ReadStep(Step[Pending]):
    """The step that reads one kind; its limit counts ids that were asked for."""

    service: ClassVar[str] = "Spotify"
    replan_seconds: ClassVar[float] = 0.0  # an album answers for tracks that were pending a moment ago
    failures_of_an_outage: ClassVar[int] = 1
    kind: ClassVar[Kind]

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._catalogue = catalogue_of(context)
        limit: int | None = getattr(context.settings, f"spotify_{self.kind}_limit")
        self._quota = MAX_PENDING if limit is None else limit
        self._is_limited = limit is not None
        self._failures = Failures(self.kind)
        self._unanswered: set[str] = set()

    @property
    def full(self) -> int:  # type: ignore[override]
        """The size of a full batch: a chunk, or what the limit leaves."""
        return max(1, min(CHUNK, self._quota))

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Pending]:
        """Return the ids to ask for, most worthwhile first."""
        now, days = self.context.clock.now(), self.context.settings.spotify_refresh_days
        most = MAX_PENDING + len(self._unanswered)
        found = pending(connection, self.kind, most, now, days, more=more)
        return [one for one in found if one.id not in self._unanswered][: self._quota]

    def key(self, item: Pending) -> str:
        """Return the id."""
        return item.id

    def ask(self, items: Sequence[Pending]) -> None:
        """Read a chunk; whatever was answered is kept, also when the service stops half-way."""
        if self._is_limited:
            self._quota -= len(items)
        answers: list[Answer] = []
        try:
            for id_, found in self._catalogue.reader.read(self.kind, [one.id for one in items]):
                if isinstance(found, ServiceUnavailable):
                    self._failures.failed(id_, found)
                    continue
                self._failures.answered()
                answers.append((id_, found))
        except EndpointNotAvailable as error:  # a fact about the app, which a retry would not change
            self.troubles.append(str(error))
            self._quota = 0
        finally:
            self._unanswered |= {one.id for one in items} - {id_ for id_, _ in answers}
            self._keep(answers)

    def left(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Return how many wait."""
        waiting = backlog(connection, self.context.clock.now())[NAMES[self.kind]]
        return f"{waiting:,} {NAMES[self.kind]} wait." if waiting else ""

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the ids that failed wait, and count what is left for `status`."""
        now, name = self.context.clock.now(), NAMES[self.kind]
        number = self._failures.write(connection, now)
        if number:
            self.count(f"{name}_failed", number)
            self.troubles.append(f"Spotify failed to answer {number} {name}; they are asked again later.")
        facts = {**backlog(connection, now), "share_enriched": round(share_enriched(connection), 4)}
        self.context.state.put(SERVICE, "backlog", facts, now)

    def metered(self) -> AbstractContextManager[Meter]:
        """Count the requests of this thread."""
        return self._catalogue.reader.metered()

    def _keep(self, answers: list[Answer]) -> None:
        """Put answers into files; they land at once."""
        if not answers:
            return
        at = self.context.clock.now()
        self._write([self._envelope(*one, at) for one in answers])
        if self.kind == "album":
            self._write([one for _, album in answers if album for one in self._tracks_of(album, at)])
        name = NAMES[self.kind]
        self.count(name, sum(1 for _, found in answers if found is not None))
        self.count(f"{name}_gone", sum(1 for _, found in answers if found is None))

    def _write(self, envelopes: list[Envelope]) -> None:
        path = write_envelopes(self.context.settings.answers_dir, envelopes)
        if path:
            self.written.append(path)

    def _envelope(self, id_: str, found: dict[str, Any] | None, at: datetime) -> Envelope:
        payload = {key: value for key, value in found.items() if key != "tracks"} if found else None
        request = {"id": id_, "status": "found" if found else "gone", "origin": self.kind}
        return Envelope(SERVICE, self.kind, self.context.run_id, at, payload, request)

    def _tracks_of(self, album: dict[str, Any], at: datetime) -> Iterator[Envelope]:
        """Yield the simplified tracks of an album, each with the album that it is on."""
        kept = ("id", "name", "release_date", "release_date_precision", "album_type", "total_tracks", "artists")
        short = {key: album[key] for key in (*kept, "images") if key in album}
        page = album.get("tracks")
        items = page.get("items") if isinstance(page, dict) else None
        for track in items if isinstance(items, list) else []:
            if isinstance(track, dict) and track.get("id"):
                request = {"id": track["id"], "status": "found", "origin": "album"}
                yield Envelope(SERVICE, "track", self.context.run_id, at, {**track, "album": short}, request)


class TrackStep(ReadStep):
    """Reads one track of each album; with `more`, none whose album is about to answer for it."""

    kind: ClassVar[Kind] = "track"
    sends_any: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._share_after = self._catalogue.share_before

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Measure how much of the listening time is looked up now, too."""
        super().finish(connection)
        self._share_after = share_enriched(connection)

    def message(self) -> str:
        """Return the share of listening time that was looked up, before and after."""
        before, after = self._catalogue.share_before, self._share_after
        return f"Listening time looked up at Spotify: {before:.1%} before, {after:.1%} after this run."


class AlbumStep(ReadStep):
    """Reads albums; with `more`, only those that answer for tracks which wait."""

    kind: ClassVar[Kind] = "album"
    sends_any: ClassVar[bool] = True


class ArtistStep(ReadStep):
    """Reads artists as tracks name them."""

    kind: ClassVar[Kind] = "artist"
