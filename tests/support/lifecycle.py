"""A listener's life in steps that a test can kill: polls, an import, enrichment, marts, compaction, backup, and so on.

Every step is safe to run again after it was killed; one that was killed often must end as one that never was. Times
are fixed per step, so two lives of one world can be compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.erasure.rules import load_rules
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.forget import finish_erasure, forget, plan_forgetting
from extract_load.maintenance.forget_request import ErasureRequest
from extract_load.maintenance.rebuild import rebuild
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from extract_load.publishing.publish import publish
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.clock import FixedClock
from tests.support.data_directories import settings_in, small_transform

FORGOTTEN = "The Forgotten Few"


@dataclass
class Lifecycle:
    """One data directory. `now` is the time at which polls are made, `variables` lead to the sandbox.

    `open_warehouse` makes the warehouse of the steps that ask services.
    """

    folder: Path
    variables: dict[str, str]
    now: datetime
    export: Path
    artist: str
    transform: Callable[[Settings], Any] = small_transform
    open_warehouse: Callable[[Settings], Warehouse] = Warehouse
    steps: dict[str, Callable[[], None]] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = {
            "poll": self.poll,
            "import": self.import_history,
            "spotify": self.enrich_spotify,
            "musicbrainz": self.enrich_musicbrainz,
            "geography": self.enrich_geography,
            "marts": self.marts,
            "compact": self.compact,
            "backup": self.backup,
            "forget": self.forget,
            "rebuild": self.rebuild,
            "restore": self.restore,
        }

    @property
    def settings(self) -> Settings:
        return settings_in(
            self.folder,
            lock_wait_seconds=30,
            spotify_requests_per_second=1000,
            spotify_daily_budget=100_000,
            **{name.lower(): value for name, value in self.variables.items()},
        )

    def run(self, step: str) -> None:
        """Run one step in this process."""
        self.steps[step]()

    def poll(self) -> None:
        from extract_load.spotify.recently_played import poll

        with _Context(self) as context:
            poll(context)

    def import_history(self) -> None:
        from extract_load.spotify.history_import.importer import import_paths

        with _Context(self) as context:
            result = import_paths(context, [self.export], confirm_listener=True)
            assert not result.refused, result.refused

    def enrich_spotify(self) -> None:
        from extract_load.spotify.catalogue.enrich import enrich

        with _Context(self) as context:
            assert enrich(context).status != "failed"

    def enrich_musicbrainz(self) -> None:
        from extract_load.musicbrainz.enrich import enrich

        with _Context(self) as context:
            assert enrich(context).status != "failed"

    def enrich_geography(self) -> None:
        from extract_load.geography.enrich import enrich

        with _Context(self) as context:
            assert enrich(context).status != "failed"

    def marts(self) -> None:
        with _Context(self) as context:
            context.landing.land()
            self.transform(context.settings)
            publish(context.settings, context.warehouse, context.state, clock=context.clock)

    def compact(self) -> None:
        clock = FixedClock(self.now + timedelta(days=10))
        settings = self.settings
        report = compact(settings, Warehouse(settings), clock=clock)
        assert not report.left_alone, report.left_alone

    def backup(self) -> None:
        report = backup(self.settings, self.folder / "backup", seeds=self.folder / "seeds", clock=FixedClock(self.now))
        assert not report.kept, report.kept

    def forget(self) -> None:
        with _Context(self) as context:
            seeds = self.folder / "seeds"
            if finish_erasure(context.settings, context.state, self.transform, seeds=seeds, clock=context.clock):
                return
            if load_rules(context.settings.spool_dir):
                return  # it is done already, and then nobody may be known by that name any more
            wish = ErasureRequest(artist=self.artist)
            plan = plan_forgetting(context.settings, context.warehouse, wish, clock=context.clock)
            forget(
                *(context.settings, context.state, self.transform, plan),
                seeds=self.folder / "seeds",
                clock=context.clock,
            )

    def rebuild(self) -> None:
        with _Context(self) as context:
            rebuild(
                *(context.settings, context.state, self.transform), seeds=self.folder / "seeds", clock=context.clock
            )

    def restore(self) -> None:
        """Lose the spool and the cache, and get them back."""
        restore(self.settings, self.folder / "backup", seeds=self.folder / "seeds", clock=FixedClock(self.now))

    def verify(self) -> Any:
        seeds = self.folder / "seeds"
        return verify(self.settings, self.folder / "backup", self.transform, seeds=seeds, clock=FixedClock(self.now))

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that two lives must have in common: plays, answers, decisions, marts; and that files add up.

        Of an album one track is read by itself; which one depends on where a run was stopped. So a track's answer is
        compared by its name only, and what is found by its ISRC (recordings, MBIDs of artists without a page) is not.
        """
        queries = {
            "polled": "select listener_id, played_at, track_key, payload from raw.spotify_recently_played",
            "judged": (
                "select distinct outcome, gap_from, gap_until from ops.polls"
                " where outcome in ('first', 'gap', 'overlap')"
            ),
            "exported": "select listener_id, file_sha256, row_number, payload from raw.spotify_streaming_history",
            "answers": (
                "select distinct service, entity, entity_id from raw.api_responses"
                " where entity in ('artist', 'album', 'area')"
            ),
            "tracks": "select spotify_track_id, status, payload ->> '$.name' from lookup.spotify_tracks",
            "artists": "select spotify_artist_id, status, payload from lookup.spotify_artists",
            "albums": "select spotify_album_id, status, payload from lookup.spotify_albums",
            "matches": "select artist_key, status, mbid from lookup.musicbrainz_matches where method = 'url'",
            "areas": "select area_mbid, status, parent_area_mbid, country_code from lookup.musicbrainz_areas",
            "coordinates": "select area_mbid, status, latitude, longitude from lookup.area_coordinates",
            "aliases": (
                "select alias_kind, alias, artist_key, name from lookup.artist_aliases where alias_kind <> 'mbid'"
            ),
            "marts": "select * from marts.fct_plays",
            "rejected": "select reason, count(*) from ops.rejected_rows where reason <> 'forgotten' group by all",
            "wrong": (
                "select source_file from ops.landed_files"
                " where rows_counted <> rows_landed + rows_known + rows_rejected"
            ),
        }
        with Warehouse(self.settings).open("facts") as connection:
            return {name: connection.execute(f"{sql} order by all").fetchall() for name, sql in queries.items()}


class _Context:
    """The context of a step, closed at its end."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        settings = lifecycle.settings
        self._state = State(settings.state_path)
        warehouse = lifecycle.open_warehouse(settings)
        self._context = Context(settings, warehouse, self._state, "lifecycle", FixedClock(lifecycle.now))

    def __enter__(self) -> Context:
        return self._context

    def __exit__(self, *_: object) -> None:
        self._state.close()
