"""Parse the rows of one export file: from text to redacted lines, in bounded memory, each row counted.

The text is read to its end: a list, more lists one after another, objects one a line, rows with no comma between them
(counted as `mended`). Well-formed rows go the fast way (a template), all others one by one: rows with odd values, rows
with characters that are not Unicode (kept, counted as `mended`), and broken rows (rejected with a reason: the
quarantine). Text that is no JSON is one rejected row up to where the next row begins. Always holds: a line is one JSON
object without personal keys, or a reject; lines stand in the order of the file, so the line number is the row number.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from extract_load.core.row_redaction import is_personal_in_row, personal_keys_of, redact_row
from extract_load.spotify.history_import.encoding import CHUNK, Text
from extract_load.spotify.history_import.history_file import Format
from extract_load.spotify.history_import.json_objects import (
    SHORT_ROW_BYTES,
    decode,
    dump,
    json_end,
    may_go_on,
    possible_ends,
)
from extract_load.spotify.history_import.row_template import (
    KNOWN_KEYS,
    PLAYED_KEYS,
    TIME_KEYS,
    Template,
    learn_template,
    shape_of,
)
from extract_load.spotify.history_import.row_values import normalize_row

MAX_ROW_BYTES = 1 << 20
MAX_TEMPLATES = 6
MAX_ATTEMPTS = 100  # to learn a template in a file: each takes as long as reading a thousand rows one by one
ATTEMPTS_FROM, ATTEMPTS_TO = 2, 4  # of a shape, which of its rows are tried: one that stands alone is not worth it
MAX_UNREADABLE = 10_000

REJECT_MARK = b'{"_":"rejected",'

_BLANK = re.compile(rb"(?:[\s\x1e]++|\xef\xbb\xbf)*")
_COMMAS = re.compile(rb"(?:,[\s\x1e]*+)+")
_NEXT_ROW = re.compile(rb'(?:(?<=[,}\]\[\n\x1e])|(?<=\xef\xbb\xbf))\s*+(\{)\s*+"')
_USERNAME = re.compile(rb'"username"\s*:\s*"([^"\\]{1,200})"')
_OVERLAP = 64  # of a text that is skipped: where the next row begins may straddle two pieces
_WORK_IN_ADVANCE, _WORK_PER_BYTE = 64 << 20, 16  # bytes that may be read in vain before only short rows are looked for


@dataclass(slots=True)
class RowCounts:
    """Row counts of one file by outcome; `ahead` lie in the future. `usernames` is never written anywhere.

    `cut` says that the file ends in the middle of a row or a list, `foreign` how many pieces of text are no JSON, and
    `broken_bytes` that some bytes were no valid UTF-8.
    """

    kept: int = 0
    rejected: int = 0
    mended: int = 0
    ahead: int = 0
    foreign: int = 0
    cut: bool = False
    broken_bytes: bool = False
    usernames: set[bytes] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """All rows that were seen."""
        return self.kept + self.rejected


@dataclass(slots=True)
class _Position:
    """Where the reader stands between rows: open lists, commas since the last row, and whether it lost its place."""

    lists: int = 0
    commas: int = 0
    after_row: bool = False
    is_lost: bool = False

    @property
    def is_regular(self) -> bool:
        """Whether a row may stand here: after one comma, or first in its list; outside of lists anywhere."""
        return self.lists == 0 or self.commas == int(self.after_row)

    def take(self, sign: bytes) -> bool:
        """Pass a bracket or a comma between rows; return False when the sign begins a row, or has no place here."""
        if sign == b",":
            self.commas += 1
            return bool(self.lists or self.after_row)
        if sign == b"[" and not self.lists:
            self.lists = 1
            self.after_row, self.commas = False, 0
            return True
        if sign == b"]" and (self.lists or self.is_lost):
            self.lists = max(0, self.lists - 1)
            self.after_row, self.commas = True, 0
            return True
        return False

    def pass_row(self) -> None:
        """Note that a row was read."""
        self.after_row, self.commas = True, 0


class RowReader:
    """Reads one file once; `blocks` yields the lines, `tally` counts what was yielded so far."""

    def __init__(self, text: Text, format_: Format, today: datetime) -> None:
        self.tally = RowCounts()
        self._text = text
        self._time_key, self._played_key = TIME_KEYS[format_], PLAYED_KEYS[format_]
        self._last_possible = today + timedelta(days=2)
        self._templates: dict[bool, list[Template]] = {True: [], False: []}
        self._personal_keys: set[str] = set()
        self._position = _Position()
        self._at_end = False
        self._is_skipping = self._last_is_mended = False
        self._failures = self._attempts = 0
        self._shapes: Counter[tuple[object, ...]] = Counter()
        self._work_left = _WORK_IN_ADVANCE

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks of whole lines, each about as long as what was read at once."""
        buffer, offset = self._read_more(b""), 0
        while True:
            lines: list[bytes] = []
            done = self._read_lines(buffer, offset, lines)
            self._note_usernames(buffer)
            if lines:
                lines.append(b"")
                yield b"\n".join(lines)
            if self._at_end and done >= len(buffer):
                self.tally.cut = self.tally.cut or self._position.lists > 0
                return
            offset += done
            buffer = self._read_more(buffer[done:])

    def _read_more(self, rest: bytes) -> bytes:
        pieces, size = [rest], 0
        while size < CHUNK and (piece := self._text.read(CHUNK)):
            pieces.append(piece)
            size += len(piece)
        self._at_end = not size
        return b"".join(pieces)

    def _read_lines(self, buffer: bytes, offset: int, lines: list[bytes]) -> int:
        """Append the lines of a buffer; return how many bytes of it are done."""
        is_text = _is_utf8(buffer)
        self.tally.broken_bytes = self.tally.broken_bytes or not (is_text or self._is_skipping)
        place = self._skip_foreign(buffer) if self._is_skipping else 0
        while True:
            place = _BLANK.match(buffer, place).end()  # type: ignore[union-attr]
            if place >= len(buffer):
                return place
            if self._position.take(buffer[place : place + 1]):
                commas = _COMMAS.match(buffer, place)
                self._position.commas += commas[0].count(b",") - 1 if commas else 0
                place = commas.end() if commas else place + 1
                continue
            if is_text and self._position.is_regular:
                before, place = place, self._read_by_template(buffer, place, lines)
                if place > before:
                    continue
            after = self._read_element(buffer, place, offset, lines)
            if after is None:
                return place
            place = after
            if self._is_skipping:
                return place

    def _read_by_template(self, buffer: bytes, place: int, lines: list[bytes]) -> int:
        before, start, first = len(lines), -1, place
        templates = self._templates[self._position.lists > 0]
        while place != start:
            start = place
            for template in templates:
                place = template.take(buffer, place, lines)
        self.tally.kept += len(lines) - before
        if place > first:
            self._position.pass_row()
            self._position.commas = int(buffer[place : place + 1] == b"{")  # the comma before it is read
            self._last_is_mended, self._failures = False, 0
        return place

    def _read_element(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int | None:
        """Read the one element at `place`; return where it ends, or None when more text is needed."""
        if buffer[place : place + 1] != b"{":
            return self._reject_non_object(buffer, place, offset, lines)
        size = MAX_ROW_BYTES if self._work_left > 0 else SHORT_ROW_BYTES
        for end in possible_ends(buffer, place, size):
            row, mended = decode(buffer[place:end])
            if row is not None:
                self._add(row, buffer[place:end], mended, lines)
                self._work_left = min(_WORK_IN_ADVANCE, self._work_left + _WORK_PER_BYTE * (end - place))
                return end
            self._work_left -= end - place
        if not self._at_end and len(buffer) - place < size:
            return None
        self._work_left -= min(size, len(buffer) - place)
        return self._reject_unreadable(buffer, place, offset, lines)

    def _add(self, row: dict[str, Any], raw: bytes, mended: bool, lines: list[bytes]) -> None:
        reason, is_ahead = normalize_row(row, self._time_key, self._played_key, self._last_possible)
        self.tally.ahead += is_ahead
        self._note_personal_keys(row)
        line = dump(redact_row(row, self._is_left_out))  # deeper than can be written: then it is rejected
        if reason or line is None:
            self._reject(lines, reason or "nested too deeply", payload=line)
            return
        is_regular, in_list = self._position.is_regular, self._position.lists > 0
        if not is_regular and self._position.after_row and not (self._position.commas or self._last_is_mended):
            self.tally.mended += 1  # the row before it has no comma either
        self._last_is_mended = mended or not is_regular
        self.tally.kept += 1
        self.tally.mended += self._last_is_mended
        self._failures = 0
        self._position.pass_row()
        lines.append(line)
        if not self._last_is_mended:
            self._learn(raw, row, in_list)

    def _learn(self, raw: bytes, row: dict[str, Any], in_list: bool) -> None:
        """Add the template of a row whose shape was seen before, unless it is one of those that are known."""
        templates = self._templates[in_list]
        if len(templates) >= MAX_TEMPLATES or self._attempts >= MAX_ATTEMPTS:
            return
        shape = (in_list, *shape_of(raw, row))
        self._shapes[shape] += 1
        if ATTEMPTS_FROM <= self._shapes[shape] <= ATTEMPTS_TO:
            self._attempts += 1
            last_day = self._last_possible.date()
            template = learn_template(raw, self._time_key, last_day, in_list=in_list, is_personal=self._is_left_out)
            if template and all(template.pattern != known.pattern for known in templates):
                templates.append(template)

    def _note_personal_keys(self, row: dict[str, Any]) -> None:
        """Remember for the whole file which unknown keys are personal; a key found by a value leaves from now on."""
        found = personal_keys_of(row, KNOWN_KEYS)
        if not found <= self._personal_keys:
            self._personal_keys |= found
            self._templates = {True: [], False: []}
            self._shapes.clear()

    def _is_left_out(self, key: str) -> bool:
        return key in self._personal_keys or (key not in KNOWN_KEYS and is_personal_in_row(key))

    def _reject_non_object(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int | None:
        size = MAX_ROW_BYTES if self._work_left > 0 else SHORT_ROW_BYTES
        after = next((end for limit in (256, SHORT_ROW_BYTES, size) if (end := json_end(buffer, place, limit))), 0)
        if not after or not self._position.lists:
            if not self._at_end and len(buffer) - place < size:
                return None
            self._work_left -= min(size, len(buffer) - place)
            return self._reject_unreadable(buffer, place, offset, lines)
        if not self._at_end and len(buffer) - place < size and may_go_on(buffer, after, len(buffer)):
            return None
        self._reject(lines, "not an object", detail=f"at byte {offset + place:,}")
        return after

    def _reject_unreadable(self, buffer: bytes, place: int, offset: int, lines: list[bytes]) -> int:
        """Reject what can't be read, up to where the next row seems to begin; what can't be redacted isn't kept."""
        self._failures += 1
        found = _NEXT_ROW.search(buffer, place + 1) if self._failures < MAX_UNREADABLE else None
        end = len(buffer) if self._at_end else max(place + 1, len(buffer) - _OVERLAP)
        next_row = found.start(1) if found else end
        rest = buffer[place:].rstrip() if not found else b""
        is_foreign = not self._position.lists
        is_cut = not found and self._at_end and not is_foreign and not rest.endswith(b"]")
        self.tally.cut = self.tally.cut or is_cut
        self.tally.foreign += is_foreign
        self._is_skipping = not found and not self._at_end
        reason = "the file ends in the middle of it" if is_cut else "can't be read as JSON"
        if self._failures >= MAX_UNREADABLE:
            reason = f"after {MAX_UNREADABLE:,} pieces that can't be read the rest of the file is left out"
            self.tally.foreign += 1
        elif is_foreign:
            reason = "text outside of the list that is not JSON"
        size = f"{next_row - place:,} bytes" if found or self._at_end else "to where the next row begins"
        self._reject(lines, reason, detail=f"at byte {offset + place:,}, {size}")
        self._position.is_lost = True
        if rest.endswith(b"]") and self._at_end:
            self._position.take(b"]")
        return next_row

    def _skip_foreign(self, buffer: bytes) -> int:
        """Return where the next row begins in a text whose beginning is rejected already."""
        found = _NEXT_ROW.search(buffer) if self._failures < MAX_UNREADABLE else None
        self._is_skipping = not found and not self._at_end
        if found:
            return found.start(1)
        return len(buffer) if self._at_end else max(0, len(buffer) - _OVERLAP)

    def _reject(self, lines: list[bytes], reason: str, *, detail: str = "", payload: bytes | None = None) -> None:
        self.tally.rejected += 1
        self._last_is_mended = True
        self._position.pass_row()
        kept = payload.decode()[:2000] if payload else None
        record = {"_": "rejected", "reason": reason, "detail": detail or None, "payload": kept}
        lines.append(orjson.dumps(record))

    def _note_usernames(self, buffer: bytes) -> None:
        if len(self.tally.usernames) < 20 and b'"username"' in buffer[:4096]:
            self.tally.usernames.update(_USERNAME.findall(buffer))


def _is_utf8(buffer: bytes) -> bool:
    try:
        codecs.utf_8_decode(buffer, "strict", False)
    except UnicodeDecodeError:
        return False
    return True
