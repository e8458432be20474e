"""The catalogue reader: ids in, objects out, one by one or in batches, and what Spotify does not have as None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.spotify.catalogue.reader import BATCH, CatalogueReader

Make = Callable[..., Any]
UNKNOWN = "0" * 22


def artist_ids(spot: Any, count: int) -> list[str]:
    """Return ids of artists that the sandbox has."""
    spot.poll()
    sql = "select distinct payload ->> '$.track.artists[0].id' from raw.spotify_recently_played order by 1"
    found = [one for (one,) in spot.rows(sql)]
    assert len(found) >= count
    return found[:count]


@pytest.mark.parametrize(("mode", "requests"), [("existing", 1), ("development", 4)])
def test_objects_come_by_id_in_order(mode: str, requests: int, listener: Make) -> None:
    """In one batch where the app may; else one refused batch, then one by one. An unknown id is None."""
    spot = listener(mode=mode, settings_of_home={"spotify_daily_budget": 100})
    ids = [*artist_ids(spot, 2), UNKNOWN]
    reader, before = CatalogueReader(spot.run()), spot.sent()
    found = list(reader.read("artist", ids))
    assert [id_ for id_, _ in found] == ids
    assert [one and one["id"] for _, one in found] == [*ids[:2], None]
    assert spot.sent() - before == requests


def test_one_id_is_read_by_itself(listener: Make) -> None:
    """No batch is tried for it."""
    spot = listener(mode="existing", settings_of_home={"spotify_daily_budget": 100})
    [one] = artist_ids(spot, 1)
    [(id_, found)] = CatalogueReader(spot.run()).read("artist", [one])
    assert (id_, found["id"]) == (one, one)
    assert spot.sent("/v1/artists") == 0


def test_a_failed_read_is_the_error_of_its_id_alone(listener: Make) -> None:
    """The other id is answered."""
    spot = listener(settings_of_home={"spotify_daily_budget": 100})
    ids = artist_ids(spot, 2)
    spot.fault("refused", status=500, message="Server error.", part=ids[0])
    found = dict(CatalogueReader(spot.run()).read("artist", ids))
    assert isinstance(found[ids[0]], ServiceUnavailable)
    assert found[ids[1]]["id"] == ids[1]


def test_nothing_to_read_sends_nothing(listener: Make) -> None:
    """But the sign-in is checked first."""
    spot = listener()
    reader = CatalogueReader(spot.run())
    assert list(reader.read("album", [])) == []
    assert (spot.sent(), reader.waited) == (0, 0)
    assert set(BATCH) == {"track", "album", "artist"}
