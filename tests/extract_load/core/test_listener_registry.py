"""The registry of listeners: absent while one is all, whole or refused, and for its owner's eyes only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import (
    Listener,
    Registry,
    is_usable_id,
    read_registry,
    write_private,
    write_registry,
)

BOTH = Registry((Listener("me"), Listener("anna", "Anna Ä.", "Europe/Berlin", shares=True)), "me")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """In order, with every field, and readable by the owner alone."""
    path = tmp_path / "src" / "listeners.json"
    write_registry(path, BOTH)
    assert read_registry(path) == BOTH
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_listener_as_the_settings_say_needs_no_file(tmp_path: Path) -> None:
    """The file goes when nothing is left to say; with a name or without a home it stays."""
    path = tmp_path / "listeners.json"
    write_registry(path, BOTH)
    write_registry(path, BOTH.without("anna"))
    assert not path.exists()
    assert read_registry(path) == Registry()
    for kept in (Registry((Listener("me", "Ada"),), "me"), BOTH.without("me")):
        write_registry(path, kept)
        assert read_registry(path) == kept
    assert BOTH.without("me").home is None


def test_a_listener_is_put_in_place() -> None:
    """A changed one keeps its position; a new one is the last."""
    changed = BOTH.put(Listener("me", "Ada")).put(Listener("ben"))
    assert [one.shown for one in changed] == ["Ada", "Anna Ä.", "ben"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "home": "me", "listeners": []}',
        b'{"version": 1, "home": "gone", "listeners": []}',
        b'{"version": 1, "home": null, "listeners": [{"id": "../x", "name": "", "time_zone": "", "shares": false}]}',
        b'{"version": 1, "home": null, "listeners": [{"id": "a", "name": 1, "time_zone": "", "shares": false}]}',
        b'{"version": 1, "home": null, "listeners": [{"id": "a"}, {"id": "a"}]}',
    ],
)
def test_a_damaged_file_is_no_shorter_list(tmp_path: Path, content: bytes) -> None:
    """It is refused: with half of it somebody's plays would go to somebody else."""
    (tmp_path / "listeners.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"listeners\.json"):
        read_registry(tmp_path / "listeners.json")


@pytest.mark.parametrize("wrong", ["", ".", "..", "-a", "a/b", "family", "ALL", "a" * 65, "a b", "ä"])
def test_an_id_names_a_folder(wrong: str) -> None:
    """What could lead elsewhere, or is a name of ours, can't be an id."""
    assert not is_usable_id(wrong)
    assert is_usable_id("anna") and is_usable_id("A.b-c_9")


def test_a_private_file_is_whole_or_absent(tmp_path: Path) -> None:
    """A write that fails leaves the old content and nothing beside it."""
    path = tmp_path / "secret"
    write_private(path, b"old")
    with pytest.raises(TypeError):
        write_private(path, None)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
