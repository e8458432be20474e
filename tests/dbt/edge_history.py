"""Marts made by hand in bare DuckDB, with the compiled reports and their table macros over them.

The history has an edge of each kind: a first and a last day that are half known, a hole of 25 days, a year that is
whole between two that are not, a comeback, a private play, a skip, and plays of Various Artists.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.dbt.bare_duckdb import CompiledProject

FIRST, LAST = date(2023, 6, 15), date(2025, 2, 10)
HOLE_FROM, HOLE_UNTIL = date(2024, 2, 29), date(2024, 3, 24)
MINUTE = 60_000
PARAMETER = re.compile(r"null /\* (\w+) \*/")
BUILT = ("fct_periods", "fct_listening_days", "fct_listening_totals", "fct_listening_hours", "fct_artist_days")
ARTISTS = {"a": "Ann", "b": "Bob", "c": "Cat", "e": "Various Artists"}
GENRES = {"son": 1, "unknown": 0}
RECORDINGS = {"a1": "Ann One", "a2": "Ann Two", "a3": "Ann Three", "b1": "Bob One", "c1": "Cat One", "e1": "Hit"}

# Day, recording, plays: three minutes each.
PLAYS = [
    (FIRST, "a1", 5),
    (date(2023, 6, 16), "b1", 20),
    (date(2024, 1, 1), "a2", 6),
    (date(2024, 2, 28), "a3", 1),
    (date(2024, 3, 25), "a1", 1),
    (date(2024, 12, 31), "c1", 12),
    (LAST, "c1", 1),
    (LAST, "e1", 3),
]


class EdgeHistory:
    """The reports of the project over the history, in memory."""

    def __init__(self, project: CompiledProject, target: Path) -> None:
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        self._nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute(f"set TimeZone = 'UTC'; attach ':memory:' as {project.catalogue}")
        self.connection.execute(f"use {project.catalogue}; create schema marts; create schema reporting")
        self.reports = [model.name for model in project.models if self._nodes[model.name]["schema"] == "reporting"]
        self._make_marts()
        for model in project.models:
            if model.name in BUILT or model.name in self.reports:
                self._make(model.name, model.relation, model.sql)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query).fetchall()

    def _make(self, name: str, relation: str, sql: str) -> None:
        self.connection.execute(f"drop table if exists {relation}; create table {relation} as {sql}")
        names = sorted(set(PARAMETER.findall(sql)))
        if names:
            body = PARAMETER.sub(r"\1", sql)
            parameters = ", ".join(f"{parameter} := null" for parameter in names)
            self.connection.execute(f"create macro {relation}({parameters}) as table {body}")

    def _make_marts(self) -> None:
        for name, node in self._nodes.items():
            if node["schema"] == "marts":
                columns = ", ".join(f"{column['name']} {column['data_type']}" for column in node["columns"].values())
                self.connection.execute(f"create table marts.{name} ({columns})")
        self._fill_dimensions()
        self._fill_days()
        self._fill_plays()

    def insert(self, table: str, **values: Any) -> None:
        """Insert one row; what is not given is null."""
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"insert into {table} ({', '.join(values)}) values ({marks})", list(values.values()))

    def _fill_dimensions(self) -> None:
        for key, name in ARTISTS.items():
            origin = {"country_name": "Cuba", "country_code": "CU", "origin_area_name": "Havana"} if key == "a" else {}
            self.insert(
                "marts.dim_artist", artist_key=int(key, 16), artist_name=name,
                is_special_purpose=key == "e", main_genre="son" if key == "a" else "unknown",
                origin_area_key=1 if key == "a" else 0, **origin,
            )  # fmt: skip
            genre = "son" if key == "a" else "unknown"
            self.insert(
                "marts.bridge_artist_genres", artist_key=int(key, 16), genre_key=GENRES[genre], genre_rank=1, weight=1.0
            )
        for genre, number in GENRES.items():
            self.insert("marts.dim_genre", genre_key=number, genre_name=genre, genre_family="Latin")
        for key, name in RECORDINGS.items():
            artist = ARTISTS[key[0]]
            year = 1971 if key == "a1" else None
            self.insert(
                "marts.dim_recording", recording_key=int(key, 16), recording_name=name,
                artist_name=artist, is_enriched=key != "b1", first_release_year=year,
                first_release_decade=1970 if year else None,
            )  # fmt: skip
            self.insert("marts.dim_track", track_key=int(key, 16), track_name=name, artist_name=artist)
            self.insert(
                "marts.bridge_track_artists", track_key=int(key, 16), artist_key=int(key[0], 16), credit_position=1
            )
        self.insert("marts.bridge_track_artists", track_key=0xC1, artist_key=0xA, credit_position=2)
        for key, name in ARTISTS.items():
            self.insert(
                "marts.dim_album", album_key=int(key, 16), album_name=f"Album {key}",
                artist_name=name, total_tracks=9,
            )  # fmt: skip

    def _fill_days(self) -> None:
        day = FIRST
        while day <= LAST:
            known = 720 if day in (FIRST, LAST) else 1440
            covered = 0 if HOLE_FROM <= day <= HOLE_UNTIL else known
            self.insert(
                "marts.fct_listening_coverage", listener_id="me", date_key=day, total_minutes=1440, known_minutes=known,
                covered_minutes=covered, coverage_pct=100.0 * covered / known, has_holes=covered < known,
                is_whole_day=known == 1440,
            )  # fmt: skip
            day += timedelta(days=1)
        self.connection.execute(
            "insert into marts.dim_date by name select cast(day as date) as date_key,"
            " cast(date_trunc('month', day) as date) as month_start,"
            " cast(date_trunc('year', day) as date) as year_start, cast(date_trunc('week', day) as date) as week_start"
            " from range(date '2023-01-01', date '2026-01-01', interval 1 day) as days (day)"
        )

    def _fill_plays(self) -> None:
        number = 0
        for day, recording, plays in PLAYS:
            for nth in range(plays):
                self._play(
                    number, datetime(day.year, day.month, day.day, 12) + timedelta(minutes=4 * number), recording, nth
                )
                number += 1
        self._play(number, datetime(2024, 1, 1, 23, 50), "a1", 0, ms_played=5_000, is_skip=True, counts=False)
        self.insert(
            "marts.fct_sessions", session_key=1, listener_id="me", date_key=FIRST, plays=5, plays_any=6, recordings=1,
            artists=1, minutes_played=15, length_minutes=19, skips=1, first_track_key=0xA1, last_track_key=0xA1,
            local_started_at=datetime(2023, 6, 15, 12), local_ended_at=datetime(2023, 6, 15, 12, 19),
        )  # fmt: skip
        self.insert("marts.fct_sessions", session_key=2, listener_id="me", date_key=FIRST, plays=0, plays_any=1)
        for spoken in (30, 12):
            self.insert(
                "marts.fct_spoken_plays", spoken_play_key=spoken, listener_id="me", kind="podcast", title="Show",
                part=f"Episode {spoken}", ms_played=spoken * MINUTE, date_key=FIRST,
            )  # fmt: skip
        for row, (fate, play, kind) in enumerate(
            [("counted", 0, "music"), ("merged", 1, "music"), ("excluded_podcast", None, "podcast"),
             ("duplicate_in_export", 0, "music")]
        ):  # fmt: skip
            self.insert(
                "marts.fct_source_rows", source_row_key=row, listener_id="me", source="export", fate=fate,
                content_kind=kind, play_key=play, reported_end_at=datetime(2023, 6, 15, 12, row), source_file="f",
                fetched_at=datetime(2025, 2, 10, 9),
            )  # fmt: skip

    def _play(
        self, number: int, at: datetime, recording: str, nth: int, *, ms_played: int = 3 * MINUTE,
        is_skip: bool = False, counts: bool = True,
    ) -> None:  # fmt: skip
        artist, track_key, artist_key = recording[0], int(recording, 16), int(recording[0], 16)
        ended = at + timedelta(milliseconds=ms_played)
        self.insert(
            "marts.fct_plays", play_key=number, listener_id="me", track_key=track_key, recording_key=track_key,
            album_key=artist_key, artist_key=artist_key, date_key=at.date(), started_at=at, ended_at=ended,
            local_started_at=at, local_ended_at=ended, time_zone="UTC", ms_played=ms_played, is_skip=is_skip,
            is_play_any=True, is_play_spotify30=counts, is_play_lastfm=counts, is_play_completed=counts,
            is_counted=counts, is_assumed=False, is_excluded=False, time_grade="exact",
            play_source="both" if number == 1 else "export",
            platform={"a": "Windows 10 (10.0.19045; x64)", "b": "ios"}.get(artist), is_offline=artist == "b",
            is_shuffle=False, is_incognito=recording == "a2" and nth == 0,
        )  # fmt: skip
