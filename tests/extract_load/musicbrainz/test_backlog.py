"""The backlog counts each artist in one state, weighted by listening time."""

from __future__ import annotations

from extract_load.musicbrainz.backlog import backlog

ALIAS = "insert into lookup.artist_aliases values (?, ?, ?, ?, '2026-01-01')"


def test_every_artist_is_in_one_state(context) -> None:
    with context.warehouse.open("test") as connection:
        statuses = ("found", "review", "not_found", "gone", "failed", None)
        for number, status in enumerate(statuses):
            connection.execute(ALIAS, ["spotify_id", f"id{number}", f"key{number}", "x"])
            if status:
                connection.execute(
                    "insert into lookup.musicbrainz_matches (artist_key, status, mbid, attempts) values (?, ?, ?, 1)",
                    [f"key{number}", status, f"mbid{number}" if status == "found" else None],
                )
        found = backlog(connection)
    assert {state: found[state] for state in ("matched", "in_review", "unmatched", "waiting")} == {
        "matched": 1,
        "in_review": 1,
        "unmatched": 3,
        "waiting": 1,
    }
    assert (found["without_facts"], found["areas"]) == (1, 0)
    assert set(found["listening_share"].values()) == {0.0}


def test_a_match_of_the_name_holds_for_the_spotify_artist_that_it_became(context) -> None:
    with context.warehouse.open("test") as connection:
        connection.execute(ALIAS, ["spotify_id", "id", "new", "x"])
        connection.execute(ALIAS, ["former_key", "old", "new", "x"])
        connection.execute(
            "insert into lookup.musicbrainz_matches (artist_key, status, mbid, attempts)"
            " values ('old', 'found', 'm', 1)"
        )
        assert backlog(connection)["matched"] == 1
