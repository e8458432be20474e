"""The manifest of a backup from elsewhere: whatever it says, it is read or refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract_load.core.errors import BadInput
from extract_load.maintenance.manifest_parser import FileMark, parse_manifest, read_json

MARK = {"bytes": 3, "sha256": "ab"}
GOOD: dict[str, Any] = {
    "format": "music-tracker backup",
    "version": 1,
    "made_at": "2026-11-23 12:00:00",
    "program": "0.2.0",
    "files": {"src/spotify/recently_played/dt=2026-10-01/a b.ndjson.gz": MARK, "state.sqlite": MARK},
    "published": {
        "published_at": "2026-11-23 05:00:00",
        "marts": {"marts.fct_plays": {"rows": 1, "checksum": "1"}},
        "later_files": [],
        "later_polls": ["p"],
    },
}


def test_what_we_write_is_read() -> None:
    """With what is staged, and without published marts."""
    found = parse_manifest({**GOOD, "moved": ["state.sqlite"], "gone": ["src/x"]}, Path("m"))
    assert found.files["state.sqlite"] == FileMark(3, "ab")
    assert found.staged == {"state.sqlite"}
    assert found.published is not None
    assert found.published.later_polls == ["p"]
    assert parse_manifest({**GOOD, "published": None}, Path("m")).published is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": True},
        {"version": 2},
        {"format": None},
        {"files": None},
        {"files": []},
        {"files": {"src/a": None}},
        {"files": {"src/a": {"bytes": -1, "sha256": "x"}}},
        {"files": {"src/a": {"bytes": True, "sha256": "x"}}},
        {"files": {"src/a": {"bytes": 1.5, "sha256": "x"}}},
        {"files": {"src/a": {"bytes": 1, "sha256": "x" * 65}}},
        {"files": {"src/a": {"bytes": 1}}},
        {"files": {"": MARK}},
        {"files": {".": MARK}},
        {"files": {"/etc/passwd": MARK}},
        {"files": {"src/../../x": MARK}},
        {"files": {"src//a": MARK}},
        {"files": {"src/./a": MARK}},
        {"files": {"src/a/": MARK}},
        {"files": {"src\\..\\a": MARK}},
        {"files": {"src/a\0b": MARK}},
        {"files": {"src/a\nb": MARK}},
        {"files": {"src/\x1b[31ma": MARK}},
        {"files": {"src/\ud800": MARK}},
        {"files": {"src/" + "a" * 300: MARK}},
        {"files": {"a/" * 600 + "a": MARK}},
        {"files": {"src/a": MARK, "src/a/b": MARK}},
        {"moved": "src/a"},
        {"moved": [1]},
        {"gone": ["../x"]},
        {"gone": {"src/a": 1}},
        {"published": []},
        {"published": {"published_at": "x"}},
        {"published": {**GOOD["published"], "marts": {"marts.a": {"rows": "1", "checksum": "1"}}}},
        {"published": {**GOOD["published"], "later_files": "src/a"}},
        {"made_at": 5},
        {"program": ["x"]},
    ],
)
def test_what_no_backup_says_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """In one sentence, with a hint."""
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(BadInput) as caught:
        parse_manifest(read_json(path), path)
    assert caught.value.hint
    assert "\x1b" not in str(caught.value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(alphabet='[]{}":,0123456789eE.-nulltruefalse ', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Never an error of another kind."""
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        parse_manifest(read_json(path), path)


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """A link, a folder, nothing, and nesting without end."""
    (tmp_path / "real.json").write_text(json.dumps(GOOD))
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name in ("link.json", "folder.json", "deep.json", "none.json"):
        with pytest.raises(BadInput):
            read_json(tmp_path / name)
