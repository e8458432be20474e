"""Who is in which bucket, and the settings of its file."""

from __future__ import annotations

import pytest

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import registry_of
from extract_load.core.settings import Settings
from extract_load.storage.lake.buckets import bucket_name, bucket_of, file_settings, listeners_of, used_buckets

EVERYBODY = [f"listener{number}" for number in range(40)]


@pytest.fixture
def many(settings: Settings) -> Settings:
    """Return settings of forty listeners in eight buckets."""
    write_registry(settings.listeners_path, Registry(tuple(map(Listener, EVERYBODY)), EVERYBODY[0]))
    return settings.model_copy(
        update={"warehouse_buckets": 8, "listener_id": EVERYBODY[0], "listener_trips": "2026-05-10 12:00:00=Asia/Tokyo"}
    )


def test_everybody_is_in_one_bucket(many: Settings) -> None:
    """And always in the same one; each has somebody here."""
    found = {bucket: listeners_of(many, bucket) for bucket in used_buckets(many)}
    assert sorted(one for listeners in found.values() for one in listeners) == sorted(EVERYBODY)
    assert list(found) == list(range(8)) and max(map(len, found.values())) < 12
    assert [bucket_of("anna", 8), bucket_of("anna", 1)] == [bucket_of("anna", 8), 0]
    assert bucket_name(many, 3) == "8-3"


def test_the_file_of_a_bucket_knows_its_listeners_alone(many: Settings) -> None:
    """Trips are the first listener's: a bucket without them has none."""
    home = file_settings(many, "8-x", EVERYBODY[:2])
    others = file_settings(many, "8-y", EVERYBODY[2:4])
    assert [one.listener_id for one in registry_of(home)] == EVERYBODY[:2]
    assert [one.listener_id for one in registry_of(others)] == EVERYBODY[2:4]
    assert (home.listener_trips, others.listener_trips) == (many.listener_trips, "")
    assert not home.is_lake and home.warehouse_path != others.warehouse_path
    assert registry_of(others).home is None


def test_one_listener_without_a_registry_is_a_bucket_too(settings: Settings) -> None:
    """As in an installation of one."""
    assert used_buckets(settings) == [0] and listeners_of(settings, 0) == ["me"]
    assert not file_settings(settings, "1-0", ["me"]).listeners_path.exists()
