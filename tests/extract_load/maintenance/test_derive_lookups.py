"""Lookup rows that follow from landed rows and seeds: aliases and manual matches, without a request."""

from __future__ import annotations

from extract_load.maintenance.derive_lookups import derive_lookups
from tests.support.data_directories import DataDirectory

MBID = "44444444-4444-4444-8444-444444444444"


def test_aliases_and_manual_matches_follow_from_rows_and_seeds(data_directory: DataDirectory) -> None:
    """A match of the seed makes its MBID another way in which the artist is known; again changes nothing."""
    data_directory.poll(0, 5)
    data_directory.landing.land()
    seed = data_directory.seeds / "artist_matches_manual.csv"
    seed.write_text(f"artist_name,spotify_artist_id,mbid,note\nBand 3,{3:022d},{MBID},by hand\n")
    for _ in range(2):
        with data_directory.warehouse.open("test") as connection:
            derive_lookups(data_directory.settings, connection, data_directory.seeds, data_directory.clock)
        assert data_directory.rows("select mbid, method, status from lookup.musicbrainz_matches") == [
            (MBID, "manual", "found")
        ]
        known = data_directory.rows(
            "select count(distinct artist_key), count(*) filter (contains(alias, ?)) from lookup.artist_aliases", MBID
        )
        assert known == [(5, 1)]
    assert data_directory.state.rows("select count(*) as n from requests") == [{"n": 0}]
