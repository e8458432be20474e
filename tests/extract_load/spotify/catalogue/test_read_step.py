"""The three reading steps: what each asks for while the others are at work, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from extract_load.spotify.catalogue.read_step import AlbumStep, ArtistStep, ReadStep, TrackStep
from extract_load.spotify.history_import.importer import import_paths
from tests.support.exports import START, row, write_file

Make = Callable[..., Any]


@pytest.fixture
def spot(listener: Make, tmp_path: Any) -> Any:
    """Return a listener with an export of three tracks, two of which are on one album."""
    made = listener(settings_of_home={"spotify_daily_budget": 1000, "spotify_album_limit": 5})
    catalogue = made.sandbox.world.catalogue
    index = next(artist.index for artist in made.sandbox.world.artists if len(catalogue.of(artist.index).tracks) > 2)
    tracks = catalogue.of(index).tracks[:3]
    rows = [
        row(
            number,
            ts=f"{START.isoformat()}Z",
            spotify_track_uri=f"spotify:track:{catalogue.track_id(track)}",
            master_metadata_track_name=track.name,
            master_metadata_album_artist_name="Somebody",
            master_metadata_album_album_name="One" if number < 2 else "Two",
        )
        for number, track in enumerate(tracks)
    ]
    import_paths(made.run(), [write_file(tmp_path, "Streaming_History_Audio_2024_0.json", rows)])
    made.context = made.run()
    return made


def pending(spot: Any, step: ReadStep, more: bool) -> int:
    with spot.context.warehouse.open("test") as connection:
        return len(step.pending(connection, more))


def read(spot: Any, step: ReadStep, most: int) -> None:
    """Ask for the first pending ids, and land the answers."""
    with spot.context.warehouse.open("test") as connection:
        items = step.pending(connection, False)[:most]
    step.ask(items)
    with spot.context.warehouse.open("test") as connection:
        step.land(connection)


def test_a_track_waits_for_the_album_that_will_answer_for_it(spot: Any) -> None:
    """As long as albums are read beside it; one track of each album is asked for in any case."""
    tracks, albums, artists = TrackStep(spot.context), AlbumStep(spot.context), ArtistStep(spot.context)
    assert (pending(spot, tracks, True), pending(spot, albums, True), pending(spot, artists, True)) == (2, 0, 0)
    read(spot, tracks, 2)
    assert (pending(spot, tracks, True), pending(spot, tracks, False)) == (0, 1)
    siblings, rest = pending(spot, albums, True), pending(spot, albums, False)
    assert siblings == 1 <= rest
    assert pending(spot, artists, False) >= 1
    assert tracks.counts == {"tracks": 2}


def test_the_limit_counts_ids_that_were_asked_for(spot: Any) -> None:
    """And a batch is full when the limit is reached."""
    spot.context.settings = spot.context.settings.model_copy(update={"spotify_track_limit": 1})
    step = TrackStep(spot.context)
    assert (step.full, pending(spot, step, False)) == (1, 1)
    read(spot, step, 1)
    assert pending(spot, step, False) == 0


def test_what_is_not_offered_is_a_trouble_of_its_step(spot: Any) -> None:
    """Nothing more is asked for, and nothing is raised: a retry would not change it."""
    spot.fault("endpoint_forbidden", match="/v1/tracks/{id}")
    step = TrackStep(spot.context)
    read(spot, step, 1)
    assert pending(spot, step, False) == 0
    assert "Spotify does not offer the app to read tracks" in step.troubles[0]


def test_the_end_of_a_step_says_what_was_looked_up_and_what_is_left(spot: Any) -> None:
    """In its message, and for `status`."""
    step = TrackStep(spot.context)
    with spot.context.warehouse.open("test") as connection:
        assert step.left(connection) == "3 tracks wait."
    read(spot, step, 3)
    with spot.context.warehouse.open("test") as connection:
        step.finish(connection)
    assert step.message().startswith("Listening time looked up at Spotify: 0.0% before, ")
    assert spot.context.state.get("spotify", "backlog")["tracks"] == 1
