"""The step that matches areas in the offline gazetteer: every area that was read, without a request.

An area is matched again when its name, its country or one of its parents changed. Areas with coordinates from a
geocoder keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import duckdb

from extract_load.context import Context
from extract_load.geography.area_store import Area, put_locations, read_areas
from extract_load.geography.gazetteer import AreaQuery, Location, locate_areas
from extract_load.steps.step import Step


class GazetteerStep(Step[Area]):
    """Locates areas as they come; all that is new is one batch."""

    service: ClassVar[str] = "the gazetteer"
    sends_any: ClassVar[bool] = True
    full = 1_000_000

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._located: dict[AreaQuery, Location] = {}
        self._written_queries: dict[str, AreaQuery] = {}
        self._unwritten: dict[str, AreaQuery] = {}

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Area]:  # noqa: ARG002
        """Return the areas that this run has not matched yet, as they are now."""
        areas = read_areas(connection).values()
        return [area for area in areas if self._written_queries.get(area.mbid) != area.query]

    def key(self, item: Area) -> str:
        """Return the MBID."""
        return item.mbid

    def ask(self, items: Sequence[Area]) -> None:
        """Look areas up; the warehouse is not locked meanwhile, and no question is looked up twice."""
        new = list(dict.fromkeys(area.query for area in items if area.query not in self._located))
        found = locate_areas(new, cache_dir=self.context.settings.answers_dir)
        self._located.update(zip(new, found, strict=True))
        self._unwritten |= {area.mbid: area.query for area in items}

    @property
    def has_unlanded(self) -> bool:
        """Whether coordinates wait to be written."""
        return bool(self._unwritten)

    def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Write the coordinates; return whether there were any."""
        written, self._unwritten = self._unwritten, {}
        if written:
            answers = {mbid: self._located[query] for mbid, query in written.items()}
            self.count("areas_located", put_locations(connection, answers, self.context.clock.now()))
            self._written_queries |= written
        return bool(written)

    def message(self) -> str:
        """Return why there are no counts."""
        return "" if any(self.counts.values()) else "Every area has its coordinates."
