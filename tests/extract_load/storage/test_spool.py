"""The spool: redacted before it is a file, and one store for single files and members of day archives."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from extract_load.core.errors import BadInput
from extract_load.storage.day_files import archive_of, members, write_archive
from extract_load.storage.gzip_files import pack
from extract_load.storage.spool import Envelope, SpoolStore, spooled_files, write_envelopes

NOON = datetime(2026, 11, 23, 12)


@pytest.fixture
def store(tmp_path: Path) -> SpoolStore:
    """Return an empty store."""
    return SpoolStore(tmp_path / "src", tmp_path / "cache")


def spool(store: SpoolStore, *payloads: object, at: datetime = NOON, root: int = 0) -> Path:
    envelopes = [Envelope("spotify", "recently_played", "r1", at, one, {}, "me") for one in payloads]
    path = write_envelopes(store.roots[root], envelopes)
    assert path is not None
    return path


def archive(folder: Path) -> Path:
    """Put the single files of a folder into its day archive."""
    singles = sorted(folder.iterdir())
    write_archive(archive_of(folder), [(one.name, pack(gzip.decompress(one.read_bytes()))) for one in singles])
    for one in singles:
        one.unlink()
    return archive_of(folder)


def payloads(lines: Iterable[bytes]) -> list[object]:
    return [orjson.loads(line)["payload"] for line in lines]


def test_personal_data_never_reaches_a_file(store: SpoolStore) -> None:
    """IP addresses, user agents and names are gone, at any depth, also from addresses of Spotify's."""
    path = spool(
        store,
        {
            "ip_addr": "203.0.113.7",
            "deep": [{"user_agent_decrypted": "Mozilla", "USERNAME": "jane.doe"}],
            "context": {"uri": "spotify:user:jane.doe:playlist:1", "href": "https://api.spotify.com/v1/users/jane.doe"},
        },
    )
    text = gzip.decompress(path.read_bytes()).decode()
    assert all(secret not in text for secret in ("203.0.113.7", "Mozilla", "jane.doe"))
    assert "spotify:user:-:playlist:1" in text


def test_a_failed_write_leaves_no_file(store: SpoolStore) -> None:
    """A payload that can't be written leaves neither a file nor a part of one."""
    with pytest.raises(TypeError):
        spool(store, {"good": 1}, {"bad": object()})
    assert not list(store.roots[0].rglob("*.*"))
    assert write_envelopes(store.roots[0], []) is None


def test_files_come_in_the_order_in_which_they_were_written(store: SpoolStore) -> None:
    """The name sorts by time, so a rebuild lands in the same order."""
    late = spool(store, 1, at=NOON + timedelta(days=1))
    early = spool(store, 1)
    assert spooled_files(store.roots[0]) == [early, late]


def test_both_forms_have_the_same_manifest_path_and_lines(store: SpoolStore) -> None:
    """Archiving a day changes where a file is stored and nothing that a reader sees."""
    spool(store, {"n": 1}, {"n": 2})
    folder = spool(store, {"n": 3}, at=NOON + timedelta(hours=1)).parent
    spool(store, {"n": 4}, root=1)
    before = {file.manifest_path: store.read_content(file) for file in store.files()}
    assert {path.split("/")[0] for path in before} == {"src", "cache"}
    archived = archive(folder)
    after = {file.manifest_path: store.read_content(file) for file in store.files()}
    assert after == before
    assert list(store.archives()) == [archived]
    assert [file.is_member for file in store.files()] == [True, True, False]
    assert all(store.exists(path) for path in before)
    assert {(file.source, file.entity) for file in store.files()} == {("spotify", "recently_played")}


def test_what_is_not_stored_does_not_exist(store: SpoolStore) -> None:
    """Neither beside an archive nor without one, and no path leads out of the data directory."""
    path = spool(store, 1)
    name = store.manifest_path(path)
    archive(path.parent)
    assert store.exists(name)
    assert not store.exists(name.replace("_r1_", "_r2_"))
    assert not store.exists(name.replace("2026-11-23", "2026-11-24"))
    assert store.path_of(name) == path
    for outside in ("src/../../secret", "etc/passwd", "", "/src/x", "src/a\0b"):
        with pytest.raises(BadInput, match="below src/ or cache/"):
            store.path_of(outside)


@pytest.mark.parametrize("is_archived", [False, True])
def test_lines_are_rewritten_in_either_form(store: SpoolStore, is_archived: bool) -> None:
    """Only the selected lines change; the numbers of the others stay."""
    first = spool(store, "a", "b", "c")
    spool(store, "b", at=NOON + timedelta(hours=1))
    paths = [archive(first.parent)] if is_archived else spooled_files(store.roots[0])

    def select(lines: Iterable[bytes], _entity: str) -> dict[int, str]:
        return {number: "x" for number, line in enumerate(lines, 1) if orjson.loads(line)["payload"] == "b"}

    def replace(line: bytes, entity: str, note: str) -> bytes:
        assert entity == "recently_played"
        return orjson.dumps(orjson.loads(line) | {"payload": note}) + b"\n"

    assert sum(store.rewrite_lines(path, select, replace) for path in paths) == 2
    assert [payloads(store.read_lines(file)) for file in store.files()] == [["a", "x", "c"], ["x"]]
    before = {path: (path.read_bytes(), path.stat().st_ino) for path in paths}
    assert sum(store.rewrite_lines(path, select, replace) for path in paths) == 0
    assert {path: (path.read_bytes(), path.stat().st_ino) for path in paths} == before


def test_a_member_is_handed_on_as_a_file_of_its_own(store: SpoolStore, tmp_path: Path) -> None:
    """The file holds this member alone, and is gone afterwards; a single file is handed on itself."""
    path = spool(store, "a", "b")
    (single,) = store.files()
    with store.as_single_file(single, tmp_path) as at:
        assert at == path
    spool(store, "c", at=NOON + timedelta(hours=1))
    archive(path.parent)
    first, _ = store.files()
    with store.as_single_file(first, tmp_path) as at:
        assert payloads(gzip.decompress(at.read_bytes()).splitlines()) == ["a", "b"]
    assert not at.exists()


def test_damage_is_named_in_either_form(store: SpoolStore) -> None:
    """A cut single file and a cut archive raise one plain sentence, and nothing is rewritten."""
    path = spool(store, "a", "b")
    (single,) = store.files()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=f"{path.name} is damaged"):
        list(store.read_lines(single))
    with pytest.raises(BadInput, match="damaged"):
        store.rewrite_lines(path, lambda lines, _: dict.fromkeys(range(1, len(list(lines)) + 1), ""), lambda *_: b"")
    path.write_bytes(content)
    archived = archive(path.parent)
    archived.write_bytes(archived.read_bytes()[:-5])
    with pytest.raises(BadInput, match=r"dt=2026-11-23\.ndjson\.gz in .* is damaged"):
        members(archived)
