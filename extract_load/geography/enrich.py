"""The geography stage: coordinates for the areas of the artists, offline first, then from a geocoder.

Starts with the first areas while the MusicBrainz stage still runs. The gazetteer locates every area; only areas that it
did not find, or with a confidence below 0.6, are sent to the geocoder: one at a time, `GEOCODER_LIMIT` areas a run, and
never again, not even after "not found". Answers are cached in files before they are landed. The warehouse is locked
only briefly.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb

from extract_load.context import Context
from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import Status, TaskResult
from extract_load.core.settings import Settings, project_root
from extract_load.geography.area_store import (
    Area,
    doubtful_areas,
    manual_areas,
    put_locations,
    read_areas,
)
from extract_load.geography.gazetteer import AreaQuery, Location, locate_areas
from extract_load.geography.geocoder import Answer, Geocoder, Question, is_enabled
from extract_load.landing.area_coordinates import ENTITY, SOURCE
from extract_load.landing.manifest import known_files
from extract_load.storage.spool import Envelope, SpoolStore, write_envelopes

log = logging.getLogger(__name__)

STAGE = "geography"
UPSTREAM = "musicbrainz"
_QUESTIONS_BETWEEN_LANDINGS = 3


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Locate every area that was read, and geocode the doubtful ones, until nothing is pending.

    Errors: ConfigurationError for a geocoder that is unknown, lacks its key or refuses the program (the locations of
    the gazetteer are written before); an outage or a spent quota is a partial result. Idempotent.
    """
    enabled = is_enabled(context.settings)
    geocoder = Geocoder(context.settings, context.state, context.run_id, context.clock) if enabled else None
    context.landing.land(purpose="geography: answers of an earlier run", exclude=_FilesOfOtherServices())
    stage = _Stage(context, geocoder, manual_areas(manual_seed or default_seed()))
    try:
        stage.work()
    finally:
        stage.land()
        if geocoder is not None:
            geocoder.session.close()
    return stage.result()


def derive_lookups(settings: Settings, connection: duckdb.DuckDBPyConnection, clock: Clock) -> int:
    """Write the gazetteer's location of every area, without a request; return the number of rows that changed."""
    areas = read_areas(connection)
    found = locate_areas([area.query for area in areas.values()], cache_dir=settings.answers_dir)
    return put_locations(connection, dict(zip(areas, found, strict=True)), clock.now())


def default_seed() -> Path:
    """Return the path of the seed in the project."""
    return project_root() / "dbt_project" / "seeds" / "area_coordinates_manual.csv"


class _FilesOfOtherServices:
    """A container of all manifest paths but those of the geocoder: other stages land their answers themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith(f"cache/{SOURCE}/")


class _Stage:
    """The loop of one run: locate new areas, geocode a few doubtful ones, land the answers, wait for signals."""

    def __init__(self, context: Context, geocoder: Geocoder | None, manual: set[str]) -> None:
        self._context, self._geocoder = context, geocoder
        self._counts: Counter[str] = Counter()
        self._located: dict[AreaQuery, Location] = {}
        self._questions_left = context.settings.geocoder_limit
        self._settled = set(manual)  # no request for areas with manual coordinates
        self._written_queries: dict[str, AreaQuery] = {}
        self._doubtful_left = 0
        self._unlanded: list[Path] = []
        self._areas: dict[str, Area] = {}
        self._outage: ServiceUnavailable | QuotaExhausted | None = None

    def work(self) -> None:
        """Go on until every area is located, no further question may be asked, and no further area can come."""
        signals = self._context.signals
        while True:
            seen = signals.version()
            more = signals.is_running(UPSTREAM)
            doubtful = self._locate()
            if doubtful:
                self._geocode(doubtful[:_QUESTIONS_BETWEEN_LANDINGS])
            elif more:
                signals.wait(seen)
            else:
                break

    def land(self) -> None:
        """Land the geocoder's answers that were written since the last time."""
        if self._unlanded:
            with self._context.warehouse.open("geography: landing answers") as connection:
                self._land_answers(connection)

    def result(self) -> TaskResult:
        """Return the result of the run."""
        session = self._geocoder.session if self._geocoder else None
        counts = dict(self._counts)
        worked = any(counts.values()) or bool(session and session.sent)
        status: Status = "partial" if self._outage else "success" if worked else "no_updates"
        return TaskResult(
            status,
            counts,
            requests=session.sent if session else 0,
            waited_seconds=session.waited if session else 0.0,
            message=str(self._outage) if self._outage else self._summary(),
            resume_at=self._outage.resume_at if isinstance(self._outage, QuotaExhausted) else None,
        )

    def _locate(self) -> list[str]:
        """Land answers, locate new and changed areas offline, and return the doubtful areas to geocode now."""
        with self._context.warehouse.open("geography: which areas are new") as connection:
            self._land_answers(connection)
            self._areas = read_areas(connection)
            changed = {
                mbid: area.query for mbid, area in self._areas.items() if self._written_queries.get(mbid) != area.query
            }
            doubtful = [] if changed else self._doubtful_areas(connection)
        if changed:
            self._query_gazetteer(changed.values())
            answers = {mbid: self._located[query] for mbid, query in changed.items()}
            with self._context.warehouse.open("geography: writing coordinates") as connection:
                self._counts["areas_located"] += put_locations(connection, answers, self._context.clock.now())
                doubtful = self._doubtful_areas(connection)
            self._written_queries |= changed
            self._context.signals.announce()
            self._context.progress(STAGE, len(self._areas), None)
        self._doubtful_left = len(doubtful)
        may_ask = self._geocoder is not None and self._outage is None
        return doubtful[: self._questions_left] if may_ask else []

    def _query_gazetteer(self, queries: Iterable[AreaQuery]) -> None:
        """Query the gazetteer for areas that it was not queried for yet; the warehouse is not locked meanwhile."""
        new = [query for query in dict.fromkeys(queries) if query not in self._located]
        found = locate_areas(new, cache_dir=self._context.settings.answers_dir)
        self._located.update(zip(new, found, strict=True))

    def _doubtful_areas(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """Return the doubtful areas that were not geocoded in this run, and have no manual coordinates."""
        return [mbid for mbid in doubtful_areas(connection, self._context.clock.now()) if mbid not in self._settled]

    def _geocode(self, mbids: list[str]) -> None:
        """Geocode a few areas; each answer is in the cache before the next question is sent."""
        assert self._geocoder is not None
        for mbid in mbids:
            area = self._areas[mbid]
            self._settled.add(mbid)
            self._questions_left -= 1
            try:
                answer = self._geocoder.ask(_question_about(area))
            except BadInput as error:
                log.warning("%s (%s)", error, area.name)
                answer = Answer("failed", message=str(error))
            except (QuotaExhausted, ServiceUnavailable) as error:
                log.warning("%s", error)
                self._outage = error
                return
            self._counts[f"geocoder_{answer.status}"] += 1
            self._write_to_cache(mbid, answer)

    def _write_to_cache(self, mbid: str, answer: Answer) -> None:
        assert self._geocoder is not None
        facts = {
            name: getattr(answer, name)
            for name in ("latitude", "longitude", "precision", "confidence", "attribution", "message")
        }
        request = {"id": mbid, "status": answer.status, "origin": self._geocoder.service, "facts": facts}
        envelope = Envelope(
            SOURCE, ENTITY, self._context.run_id, self._context.clock.now(), {"asked": answer.asked}, request
        )
        path = write_envelopes(self._context.settings.answers_dir, [envelope])
        if path is not None:
            self._unlanded.append(path)

    def _land_answers(self, connection: duckdb.DuckDBPyConnection) -> None:
        written, self._unlanded = self._unlanded, []
        known = known_files(connection) if written else set()
        store = SpoolStore.of(self._context.settings)
        names = {store.manifest_path(path): path for path in written}
        self._context.landing.land_now(connection, [path for name, path in names.items() if name not in known])

    def _summary(self) -> str:
        if not any(self._counts.values()):
            return "Every area has its coordinates."
        asked = sum(self._counts[f"geocoder_{status}"] for status in ("found", "not_found", "failed"))
        summary = f"{self._counts['areas_located']} areas located, the geocoder was asked about {asked}."
        return f"{summary} {self._doubtful_left} doubtful ones wait." if self._doubtful_left else summary


def _question_about(area: Area) -> Question:
    codes = frozenset((*((area.code,) if area.code else ()), *area.parent_codes))
    return Question(area.name, area.area_type, area.parents, area.country or "", codes)
