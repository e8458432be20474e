"""Writes the listener's exports, as Spotify packs them: `write_export(world, path, kind=...)`.

kind: "extended" (the full history of today), "legacy" (endsong files as until about 2022), "account" (the short
account data of the last twelve months), "account_legacy" (the same from older days: mixed, below MyData). The path is
a zip; a path without a suffix becomes a folder with the same files.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Literal

from sandbox.export.rows import OLD_UNTIL, Row, RowWriter, account_row
from sandbox.world.plays import Play, Spoken
from sandbox.world.world import World

ROWS_PER_FILE = 16_000
ExportKind = Literal["extended", "legacy", "account", "account_legacy"]

# The smallest document that a PDF reader opens.
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]>>endobj\n"
    b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \n"
    b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n170\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """Where a row went (row counts from 0 within its file), and the truth about it (see `Row.kind`)."""

    file: str
    row: int
    play_id: int
    kind: str


@dataclass(slots=True)
class WrittenExport:
    """What was written: rows by file, and each row with its truth."""

    path: Path
    files: dict[str, int] = field(default_factory=dict)
    rows: list[WrittenRow] = field(default_factory=list)


def write_export(
    world: World,
    path: Path | str,
    *,
    kind: ExportKind = "extended",
    start: datetime | None = None,
    end: datetime | None = None,
) -> WrittenExport:
    """Write an export of the plays that ended in [start, end) and return what it holds.

    `start` defaults to the beginning of the history (for account data: a year before `end`), `end` to
    `world.export_taken_at`. Rows near each other in time are in no order, as in real exports.
    """
    end = end or world.export_taken_at
    if start is None and kind.startswith("account"):
        start = end - timedelta(days=365)
    chosen = [play for play in world.plays if _within(play, start, end)]
    written = WrittenExport(Path(path))
    with _Target(written.path, packed_at=end) as target:
        if kind.startswith("account"):
            _write_account(world, chosen, target, written, mixed=kind == "account_legacy")
        else:
            _write_history(world, chosen, target, written, legacy=kind == "legacy")
    return written


class _Target:
    """A zip whose files were packed at a given moment, or a folder."""

    def __init__(self, path: Path, *, packed_at: datetime) -> None:
        self._path, self._packed_at = path, packed_at.astimezone(UTC).timetuple()[:6]
        self._zip: zipfile.ZipFile | None = None

    def __enter__(self) -> _Target:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.suffix:
            self._zip = zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip:
            self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        """Write one file."""
        if self._zip:
            entry = zipfile.ZipInfo(name, self._packed_at)
            entry.compress_type = zipfile.ZIP_DEFLATED
            self._zip.writestr(entry, content)
        else:
            (self._path / name).parent.mkdir(parents=True, exist_ok=True)
            (self._path / name).write_bytes(content)


def _write_history(world: World, plays: list[Play], target: _Target, written: WrittenExport, *, legacy: bool) -> None:
    folder = "MyData" if legacy else "Spotify Extended Streaming History"
    audio = [play for play in plays if not _is_video(play)]
    video = [play for play in plays if _is_video(play)]
    for number, first in enumerate(range(0, len(audio), ROWS_PER_FILE)):
        chunk = audio[first : first + ROWS_PER_FILE]
        name = f"endsong_{number}.json" if legacy else f"Streaming_History_Audio_{_years(chunk)}_{number}.json"
        newer = chunk[-1].ts_s >= OLD_UNTIL
        writer = RowWriter(world, legacy=legacy, audiobooks=newer and not legacy)
        _add(writer, f"{folder}/{name}", chunk, target, written)
    if video:
        name = "endvideo.json" if legacy else f"Streaming_History_Video_{_years(video)}.json"
        writer = RowWriter(world, legacy=legacy, audiobooks=not legacy)
        _add(writer, f"{folder}/{name}", video, target, written)
    if not legacy:
        target.add(f"{folder}/ReadMeFirst_ExtendedStreamingHistory.pdf", _PDF)


def _add(writer: RowWriter, name: str, plays: list[Play], target: _Target, written: WrittenExport) -> None:
    rows = list(_disordered([row for play in plays for row in writer.rows(play)]))
    written.files[name] = len(rows)
    written.rows.extend(WrittenRow(name, place, row.play_id, row.kind) for place, row in enumerate(rows))
    target.add(name, ("[" + ",".join(row.text for row in rows) + "]").encode())


def _disordered(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows in shuffled blocks whose inside is shuffled, too."""
    random = Random(len(rows))
    blocks = [rows[first : first + 500] for first in range(0, len(rows), 500)]
    random.shuffle(blocks)
    for block in blocks:
        random.shuffle(block)
        yield from block


def _write_account(world: World, plays: list[Play], target: _Target, written: WrittenExport, *, mixed: bool) -> None:
    parts: dict[str, list[tuple[int, str]]] = {"music": [], "podcast": [], "audiobook": []}
    for play in sorted(plays, key=lambda play: play.ts_s):
        kind, text = account_row(world, play, mixed=mixed)
        parts[kind].append((play.play_id, text))
    for kind, rows in parts.items():
        for number, first in enumerate(range(0, len(rows), 10_000)):
            chunk = rows[first : first + 10_000]
            name = f"Spotify Account Data/StreamingHistory_{kind}_{number}.json"
            if mixed:
                name = f"MyData/StreamingHistory{number}.json"
            written.files[name] = len(chunk)
            written.rows.extend(WrittenRow(name, place, row[0], "play") for place, row in enumerate(chunk))
            target.add(name, ("[\n" + ",\n".join(text for _, text in chunk) + "\n]").encode())


def _within(play: Play, start: datetime | None, end: datetime) -> bool:
    second = datetime.fromtimestamp(play.ts_s, UTC)
    return (start is None or start <= second) and second < end


def _is_video(play: Play) -> bool:
    return isinstance(play.item, Spoken) and play.item.video


def _years(plays: list[Play]) -> str:
    years = sorted({datetime.fromtimestamp(play.ts_s, UTC).year for play in (plays[0], plays[-1])})
    return "-".join(str(year) for year in years)
