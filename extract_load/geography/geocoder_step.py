"""The step that asks the geocoder: about areas that the gazetteer did not find, or with a confidence below 0.6.

One area at a time, `GEOCODER_LIMIT` areas a run, and never again, not even after "not found". Nothing is asked about
areas with manual coordinates, nor while the gazetteer is at work.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

import duckdb

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.geography.area_store import Area, doubtful_areas, read_areas
from extract_load.geography.geocoder import Answer, Geocoder, Question
from extract_load.http import Meter
from extract_load.landing.area_coordinates import ENTITY, SOURCE
from extract_load.steps.step import Step
from extract_load.storage.spool import Envelope, write_envelopes

log = logging.getLogger(__name__)


class GeocoderStep(Step[Area]):
    """Asks about a few areas at a time, so that their answers land soon."""

    service: ClassVar[str] = "the geocoder"
    sends_any: ClassVar[bool] = True
    waits_for_more: ClassVar[bool] = True
    replan_seconds: ClassVar[float] = 0.0
    failures_of_an_outage: ClassVar[int] = 1
    full = 3

    def __init__(self, context: Context, geocoder: Geocoder, manual: set[str]) -> None:
        super().__init__(context)
        self._geocoder = geocoder
        self._questions_left = context.settings.geocoder_limit
        self._settled = set(manual)
        self._doubtful_left = 0

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Area]:  # noqa: ARG002
        """Return the doubtful areas that may still be asked about, those of the most listening first."""
        doubtful = [one for one in doubtful_areas(connection, self.context.clock.now()) if one not in self._settled]
        self._doubtful_left = len(doubtful)
        wanted = doubtful[: max(0, self._questions_left)]
        areas = read_areas(connection) if wanted else {}
        return [areas[mbid] for mbid in wanted if mbid in areas]

    def key(self, item: Area) -> str:
        """Return the MBID."""
        return item.mbid

    def ask(self, items: Sequence[Area]) -> None:
        """Geocode a few areas; each answer is in the cache before the next question is sent."""
        for area in items:
            self._settled.add(area.mbid)
            self._questions_left -= 1
            try:
                answer = self._geocoder.ask(_question_about(area))
            except BadInput as error:
                log.warning("%s (%s)", error, area.name)
                answer = Answer("failed", message=str(error))
            self.count(f"geocoder_{answer.status}")
            self._write_to_cache(area.mbid, answer)

    def message(self) -> str:
        """Return how many areas wait."""
        return f"{self._doubtful_left:,} doubtful ones wait." if self._doubtful_left else ""

    def left(self, connection: duckdb.DuckDBPyConnection) -> str:  # noqa: ARG002
        """Return nothing: the message says it."""
        return ""

    def metered(self) -> AbstractContextManager[Meter]:
        """Count the requests of this thread."""
        return self._geocoder.session.metered()

    def _write_to_cache(self, mbid: str, answer: Answer) -> None:
        names = ("latitude", "longitude", "precision", "confidence", "attribution", "message")
        facts = {name: getattr(answer, name) for name in names}
        request = {"id": mbid, "status": answer.status, "origin": self._geocoder.service, "facts": facts}
        at, run_id = self.context.clock.now(), self.context.run_id
        envelope = Envelope(SOURCE, ENTITY, run_id, at, {"asked": answer.asked}, request)
        path = write_envelopes(self.context.settings.answers_dir, [envelope])
        if path is not None:
            self.written.append(path)


def _question_about(area: Area) -> Question:
    codes = frozenset((*((area.code,) if area.code else ()), *area.parent_codes))
    return Question(area.name, area.area_type, area.parents, area.country or "", codes)
