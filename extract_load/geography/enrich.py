"""The geography stage: coordinates for the areas of the artists, offline first, then from a geocoder.

Starts on the first areas while MusicBrainz still works. The gazetteer answers for every area; only what stays below the
bar (confidence under 0.6, or nothing) goes to the geocoder: one at a time, `GEOCODER_LIMIT` places a run, each once for
ever, misses included. Answers are in the cache before they are landed. The warehouse is held for moments only.
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
    put_locations,
    read_areas,
    set_by_hand,
)
from extract_load.geography.gazetteer import AreaQuery, Location, locate_areas
from extract_load.geography.geocoder import Answer, Geocoder, Question, is_enabled
from extract_load.landing.area_coordinates import ENTITY, SOURCE
from extract_load.landing.backlog import waiting_file
from extract_load.landing.manifest import known_files
from extract_load.storage.spool import Envelope, write_envelopes

log = logging.getLogger(__name__)

STAGE = "geography"
UPSTREAM = "musicbrainz"
_BURST = 3


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Locate every area that was read, and ask the geocoder about doubtful ones, until nothing is pending.

    Errors: ConfigurationError for a geocoder that is unknown, lacks its key or refuses the program (what the gazetteer
    knows is written before); an outage or a spent quota is a partial result. Safe to run again.
    """
    enabled = is_enabled(context.settings)
    geocoder = Geocoder(context.settings, context.state, context.run_id, context.clock) if enabled else None
    context.landing.land(purpose="geography: answers of an earlier run", without=_NotOurs())
    stage = _Stage(context, geocoder, set_by_hand(manual_seed or default_seed()))
    try:
        stage.work()
    finally:
        stage.land()
        if geocoder is not None:
            geocoder.session.close()
    return stage.result()


def derive_lookups(settings: Settings, connection: duckdb.DuckDBPyConnection, clock: Clock) -> int:
    """Locate all areas with no request: part of a rebuild. Give the number of rows that changed."""
    areas = read_areas(connection)
    found = locate_areas([area.query for area in areas.values()], cache_dir=settings.answers_dir)
    return put_locations(connection, dict(zip(areas, found, strict=True)), clock.now())


def default_seed() -> Path:
    """Return the place of the seed in the project."""
    return project_root() / "dbt_project" / "seeds" / "area_coordinates_manual.csv"


class _NotOurs:
    """Holds every lasting name but those of the geocoder's answers: other stages land theirs themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith(f"cache/{SOURCE}/")


class _Stage:
    """The loop of one run: locate what is new, ask about a few doubtful ones, land, wait for news."""

    def __init__(self, context: Context, geocoder: Geocoder | None, by_hand: set[str]) -> None:
        self._context, self._geocoder = context, geocoder
        self._counts: Counter[str] = Counter()
        self._located: dict[AreaQuery, Location] = {}
        self._left = context.settings.geocoder_limit
        self._asked = set(by_hand)  # nothing is asked about what was set by hand
        self._put: dict[str, AreaQuery] = {}
        self._waiting = 0
        self._written: list[Path] = []
        self._areas: dict[str, Area] = {}
        self._trouble: ServiceUnavailable | QuotaExhausted | None = None

    def work(self) -> None:
        """Go on until every area is located and nothing more can come, or be asked."""
        signals = self._context.signals
        while True:
            seen = signals.version()
            more = signals.is_running(UPSTREAM)
            doubtful = self._locate()
            if doubtful:
                self._ask(doubtful[:_BURST])
            elif more:
                signals.wait(seen)
            else:
                break

    def land(self) -> None:
        """Land the geocoder's answers that were written since."""
        if self._written:
            with self._context.warehouse.open("geography: landing answers") as connection:
                self._land(connection)

    def result(self) -> TaskResult:
        """Return what came of it."""
        session = self._geocoder.session if self._geocoder else None
        counts = dict(self._counts)
        worked = any(counts.values()) or bool(session and session.sent)
        status: Status = "partial" if self._trouble else "success" if worked else "no_updates"
        return TaskResult(
            status,
            counts,
            requests=session.sent if session else 0,
            waited_seconds=session.waited if session else 0.0,
            message=str(self._trouble) if self._trouble else self._sentence(),
            resume_at=self._trouble.resume_at if isinstance(self._trouble, QuotaExhausted) else None,
        )

    def _locate(self) -> list[str]:
        """Land, locate what is new offline, and give the doubtful areas that may be asked about now."""
        with self._context.warehouse.open("geography: which areas are new") as connection:
            self._land(connection)
            self._areas = read_areas(connection)
            changed = {mbid: area.query for mbid, area in self._areas.items() if self._put.get(mbid) != area.query}
            doubtful = [] if changed else self._doubtful(connection)
        if changed:
            self._find(changed.values())
            answers = {mbid: self._located[query] for mbid, query in changed.items()}
            with self._context.warehouse.open("geography: writing coordinates") as connection:
                self._counts["areas_located"] += put_locations(connection, answers, self._context.clock.now())
                doubtful = self._doubtful(connection)
            self._put |= changed
            self._context.signals.announce()
            self._context.progress(STAGE, len(self._areas), None)
        self._waiting = len(doubtful)
        may_ask = self._geocoder is not None and self._trouble is None
        return doubtful[: self._left] if may_ask else []

    def _find(self, queries: Iterable[AreaQuery]) -> None:
        """Ask the gazetteer what it was not asked before, with the warehouse free for others."""
        new = [query for query in dict.fromkeys(queries) if query not in self._located]
        found = locate_areas(new, cache_dir=self._context.settings.answers_dir)
        self._located.update(zip(new, found, strict=True))

    def _doubtful(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """Return the areas that a geocoder should be asked about and was not in this run."""
        return [mbid for mbid in doubtful_areas(connection, self._context.clock.now()) if mbid not in self._asked]

    def _ask(self, mbids: list[str]) -> None:
        """Ask about a few areas; each answer is in the cache before the next question."""
        assert self._geocoder is not None
        for mbid in mbids:
            area = self._areas[mbid]
            self._asked.add(mbid)
            self._left -= 1
            try:
                answer = self._geocoder.ask(_question(area))
            except BadInput as error:
                log.warning("%s (%s)", error, area.name)
                answer = Answer("failed", message=str(error))
            except (QuotaExhausted, ServiceUnavailable) as error:
                log.warning("%s", error)
                self._trouble = error
                return
            self._counts[f"geocoder_{answer.status}"] += 1
            self._keep(mbid, answer)

    def _keep(self, mbid: str, answer: Answer) -> None:
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
            self._written.append(path)

    def _land(self, connection: duckdb.DuckDBPyConnection) -> None:
        written, self._written = self._written, []
        known = known_files(connection) if written else set()
        names = {waiting_file(self._context.settings, path).name: path for path in written}
        self._context.landing.land_now(connection, [path for name, path in names.items() if name not in known])

    def _sentence(self) -> str:
        if not any(self._counts.values()):
            return "Every area has its coordinates."
        asked = sum(self._counts[f"geocoder_{status}"] for status in ("found", "not_found", "failed"))
        told = f"{self._counts['areas_located']} areas located, the geocoder was asked about {asked}."
        return f"{told} {self._waiting} doubtful ones wait." if self._waiting else told


def _question(area: Area) -> Question:
    codes = frozenset((*((area.code,) if area.code else ()), *area.parent_codes))
    return Question(area.name, area.area_type, area.parents, area.country or "", codes)
