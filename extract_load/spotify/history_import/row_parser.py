"""Parse the rows of one export file: from text to redacted lines, in bounded memory, each row counted.

Well-formed rows go the fast way (a template), all others one by one: rows with other keys, rows with characters
that are not Unicode (kept, counted as `mended`), and broken rows (rejected with a reason: the quarantine).
Always holds: a line is one JSON object without personal keys, or a reject; lines stand in the order of the file, so the
line number is the row number.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from extract_load.core.errors import BadInput
from extract_load.core.redaction import redact
from extract_load.spotify.history_import.encoding import CHUNK
from extract_load.spotify.history_import.history_file import Format
from extract_load.spotify.history_import.row_template import PLAYED_KEYS, TIME_KEYS, Template, learn_template

MAX_ROW_BYTES = 1 << 20
MAX_TEMPLATES = 6
MAX_PLAYED_MS = 30 * 86_400_000
FIRST_POSSIBLE = datetime(2006, 1, 1)

REJECT_MARK = b'{"_":"rejected",'

_BLANK = re.compile(rb"\s*")
_START = re.compile(rb"\s*\[\s*")
_END = re.compile(rb"\s*\]\s*")
_BOUNDARY = re.compile(rb"\}(?=\s*[,\]])")
_AFTER = re.compile(rb"\s*(?:,\s*|(?=\]))")
_NEXT_ROW = re.compile(rb'(?<=[,}\]])\s*\{\s*"')
_USERNAME = re.compile(rb'"username"\s*:\s*"([^"\\]{1,200})"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRIES = 4


class Text(Protocol):
    """A reader that returns UTF-8 text in pieces, and nothing at the end."""

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next piece."""
        ...


@dataclass(slots=True)
class RowCounts:
    """Row counts of one file by outcome; `ahead` lie in the future. `usernames` is never written anywhere."""

    kept: int = 0
    rejected: int = 0
    mended: int = 0
    ahead: int = 0
    cut: bool = False
    usernames: set[bytes] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """All rows that were seen."""
        return self.kept + self.rejected


class RowReader:
    """Reads one file once; `blocks` yields the lines, `tally` counts what was yielded so far."""

    def __init__(self, text: Text, format_: Format, today: datetime) -> None:
        self.tally = RowCounts()
        self._text = text
        self._time_key, self._played_key = TIME_KEYS[format_], PLAYED_KEYS[format_]
        self._last_possible = today + timedelta(days=2)
        self._templates: list[Template] = []
        self._at_end = False

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks of whole lines, each about as long as what was read at once."""
        buffer, offset = self._read_more(b""), 0
        start = _START.match(buffer)
        if not start:
            raise BadInput("it is not a JSON list of plays")
        place = start.end()
        while True:
            lines: list[bytes] = []
            done = self._read_lines(buffer, place, offset, lines)
            self._note_usernames(buffer)
            if lines:
                lines.append(b"")
                yield b"\n".join(lines)
            if done < 0:
                return
            offset += done
            buffer, place = self._read_more(buffer[done:]), 0

    def _read_more(self, rest: bytes) -> bytes:
        piece = self._text.read(CHUNK)
        self._at_end = not piece
        return rest + piece

    def _read_lines(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int:
        """Append the lines of a buffer; return how many bytes were consumed, or -1 at the end of the list."""
        is_text = _is_utf8(buffer)
        while True:
            place = _BLANK.match(buffer, place).end()  # type: ignore[union-attr]
            if is_text:
                place = self._read_by_template(buffer, place, lines)
            if _END.match(buffer, place) or place >= len(buffer):
                if not self._at_end and place >= len(buffer):
                    return place
                self.tally.cut = self.tally.cut or place >= len(buffer)
                return -1
            after = self._read_element(buffer, place, offset, lines)
            if after is None:
                return place
            place = after

    def _read_by_template(self, buffer: bytes, place: int, lines: list[bytes]) -> int:
        before, start = len(lines), -1
        while place != start:
            start = place
            for template in self._templates:
                place = template.take(buffer, place, lines)
        self.tally.kept += len(lines) - before
        return place

    def _read_element(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int | None:
        """Read the one element at `place`; return where the next one begins, or None when more text is needed."""
        if buffer[place : place + 1] != b"{":
            return self._reject_non_object(buffer, place, offset, lines)
        for end in _possible_ends(buffer, place):
            row, mended = decode(buffer[place:end])
            if row is not None:
                if self._is_incomplete(buffer, end):
                    return None
                self._add(row, buffer[place:end], mended, lines)
                return _skip_separator(buffer, end)
        if not self._at_end and len(buffer) - place < MAX_ROW_BYTES:
            return None
        return self._reject_unreadable(buffer, place, offset, lines)

    def _is_incomplete(self, buffer: bytes, end: int) -> bool:
        """Return whether the buffer may end inside this element."""
        return not self._at_end and _AFTER.match(buffer, end) is None

    def _add(self, row: dict[str, Any], raw: bytes, mended: bool, lines: list[bytes]) -> None:
        reason = self._check_row(row)
        line = dump(redact(row, deepest=300))  # deeper than can be written: then it is rejected
        if reason or line is None:
            self._reject(lines, reason or "nested too deeply", payload=line)
            return
        self.tally.kept += 1
        self.tally.mended += mended
        lines.append(line)
        if not mended and len(self._templates) < MAX_TEMPLATES:
            template = learn_template(raw, self._time_key, self._last_possible.date())
            if template:
                self._templates.append(template)

    def _check_row(self, row: dict[str, Any]) -> str:
        """Return why a row is rejected, "" if it is not: it needs a time and a duration, anything else is optional."""
        time, played = row.get(self._time_key), row.get(self._played_key)
        if time is None:
            return f"{self._time_key} is missing"
        try:
            at = datetime.fromisoformat(time).replace(tzinfo=None)
        except (TypeError, ValueError):
            return f"{self._time_key} is not a time"
        self.tally.ahead += at > self._last_possible
        if not FIRST_POSSIBLE <= at <= self._last_possible:
            return f"{self._time_key} is before Spotify or in the future"
        if played is None:
            return f"{self._played_key} is missing"
        if isinstance(played, bool) or not isinstance(played, int) or not 0 <= played <= MAX_PLAYED_MS:
            return f"{self._played_key} is not a number of milliseconds"
        return ""

    def _reject_non_object(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int | None:
        try:
            text = buffer[place : place + MAX_ROW_BYTES].decode("utf-8", "replace")
            _, end = json.JSONDecoder(strict=False).raw_decode(text)
        except (ValueError, RecursionError):
            if not self._at_end and len(buffer) - place < MAX_ROW_BYTES:
                return None
            return self._reject_unreadable(buffer, place, offset, lines)
        after = place + len(text[:end].encode())
        if self._is_incomplete(buffer, after):
            return None
        self._reject(lines, "not an object", detail=f"at byte {offset + place:,}")
        return _skip_separator(buffer, after)

    def _reject_unreadable(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int:
        """Reject what can't be read, up to where the next row seems to begin; what can't be redacted isn't kept."""
        found = _NEXT_ROW.search(buffer, place + 1)
        next_row = buffer.index(b"{", found.start()) if found else len(buffer)
        is_cut = not found and self._at_end
        self.tally.cut = self.tally.cut or is_cut
        reason = "the file ends in the middle of it" if is_cut else "can't be read as JSON"
        self._reject(lines, reason, detail=f"at byte {offset + place:,}, {next_row - place:,} bytes")
        return next_row

    def _reject(self, lines: list[bytes], reason: str, *, detail: str = "", payload: bytes | None = None) -> None:
        self.tally.rejected += 1
        kept = payload.decode()[:2000] if payload else None
        record = {"_": "rejected", "reason": reason, "detail": detail or None, "payload": kept}
        lines.append(orjson.dumps(record))

    def _note_usernames(self, buffer: bytes) -> None:
        if len(self.tally.usernames) < 20 and b'"username"' in buffer[:4096]:
            self.tally.usernames.update(_USERNAME.findall(buffer))


def _possible_ends(buffer: bytes, place: int) -> Iterator[int]:
    """Yield where the object at `place` may end: at the next closing braces, then where a JSON reader would stop."""
    end = place
    for _ in range(_TRIES):
        boundary = _BOUNDARY.search(buffer, end, place + MAX_ROW_BYTES)
        if boundary is None:
            return
        end = boundary.end()
        yield end
    try:
        text = buffer[place : place + MAX_ROW_BYTES].decode("utf-8", "replace")
        yield place + len(text[: json.JSONDecoder(strict=False).raw_decode(text)[1]].encode())
    except (ValueError, RecursionError):
        return


def decode(raw: bytes) -> tuple[dict[str, Any] | None, bool]:
    """Return the object in `raw` and whether it had to be mended; None when there is none."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            row = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            return None, False
        return (_mend_unicode(row), True) if isinstance(row, dict) else (None, False)
    return (row, False) if isinstance(row, dict) else (None, False)


def dump(row: dict[str, Any]) -> bytes | None:
    """Return the line of a row, None when it is nested too deeply to be written."""
    try:
        return orjson.dumps(row)
    except orjson.JSONEncodeError:
        return None


def _mend_unicode(value: Any) -> Any:
    """Return a copy with what is no Unicode as U+FFFD and numbers beyond 64 bits as text."""
    if isinstance(value, dict):
        return {_mend_unicode(key): _mend_unicode(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mend_unicode(inner) for inner in value]
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "a number of more than 64 bits"
    return value


def _skip_separator(buffer: bytes, end: int) -> int:
    found = _AFTER.match(buffer, end)
    return found.end() if found else end


def _is_utf8(buffer: bytes) -> bool:
    try:
        codecs.utf_8_decode(buffer, "strict", False)
    except UnicodeDecodeError:
        return False
    return True
