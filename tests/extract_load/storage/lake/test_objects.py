"""Files as objects: put once, brought to other machines, published whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.spool import Envelope, write_envelopes
from tests.support.lake import MakeSettings

NOW = datetime(2026, 10, 1, 12, 0)


def spooled(settings: Settings, at: datetime = NOW, payload: str = "x") -> Path:
    """Write one file of the spool."""
    path = write_envelopes(settings.spool_dir, [Envelope("spotify", "recently_played", "r", at, payload)])
    assert path is not None
    return path


def nothing(_names: Sequence[str]) -> set[str]:
    """Know no file."""
    return set()


@pytest.fixture(params=["s3", "folder"])
def one(request: pytest.FixtureRequest, lake: MakeSettings, tmp_path: Path) -> Settings:
    """Return the settings of one machine, on either kind of store."""
    return lake() if request.param == "s3" else lake(warehouse_data=str(tmp_path / "shared"))


def other_machine(one: Settings, folder: Path) -> Settings:
    """Return the settings of another machine of the same lake."""
    return one.model_copy(update={"data_base_path": folder / "src", "cache_dir": folder / "cache"})


def test_what_one_machine_puts_another_gets(one: Settings, tmp_path: Path) -> None:
    """Byte for byte, under the same manifest path, once; what is landed already stays away."""
    two = other_machine(one, tmp_path / "two")
    ours, theirs = ObjectStore(one), ObjectStore(two)
    paths = [spooled(one, NOW - timedelta(days=day)) for day in range(3)]
    assert (ours.push(paths), ours.push(paths)) == (3, 0)
    newest = f"src/{paths[0].relative_to(one.spool_dir).as_posix()}"
    assert theirs.pull(lambda names: {newest} & set(names)) == 2
    assert theirs.pull(nothing) == 1
    assert theirs.pull(nothing) == 0
    for path in paths:
        assert (two.spool_dir / path.relative_to(one.spool_dir)).read_bytes() == path.read_bytes()


def test_only_late_days_are_looked_at_when_asked(one: Settings, tmp_path: Path) -> None:
    """A poll looks at a few days, however many years there are."""
    two = other_machine(one, tmp_path / "two")
    today = datetime.now()
    ObjectStore(one).push([spooled(one, NOW - timedelta(days=3000)), spooled(one, today)])
    assert ObjectStore(two).pull(nothing, since=today.date() - timedelta(days=1)) == 1


def test_nothing_is_overwritten(one: Settings) -> None:
    """Of two files of one name the first stays."""
    store, path = ObjectStore(one), spooled(one)
    first = path.read_bytes()
    store.push([path])
    path.write_bytes(b"another")
    assert store.push([path]) == 0
    path.unlink()
    assert store.pull(nothing) == 1
    assert path.read_bytes() == first


def test_a_published_file_replaces_the_last_one(one: Settings, tmp_path: Path) -> None:
    """By one put; a name that is not there is no error."""
    store, file, target = ObjectStore(one), tmp_path / "draft", tmp_path / "got" / "file"
    assert not store.fetch("published/anna/music_tracker.duckdb", target)
    for content in (b"first", b"second"):
        file.write_bytes(content)
        store.put(file, "published/anna/music_tracker.duckdb")
    assert store.fetch("published/anna/music_tracker.duckdb", target) and target.read_bytes() == b"second"
    assert list(store.names("published/")) == ["published/anna/music_tracker.duckdb"]
    store.remove("published/anna/music_tracker.duckdb")
    assert list(store.names("published/")) == []


def test_an_outage_is_one_and_tells_no_secret(lake: MakeSettings) -> None:
    """Refused credentials: no key, no address in the message."""
    settings = lake(aws_secret_access_key="wrong-secret")
    with pytest.raises(ServiceUnavailable) as caught:
        ObjectStore(settings).push([spooled(settings)])
    assert "wrong-secret" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
