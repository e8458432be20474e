"""Random export files, as Spotify, other programs and accidents write them, and a simple reader of what is right.

The reader takes the whole text and knows nothing of the importer: `json` reads it value by value, with rows of a list
and rows outside of lists alike; where that fails, it looks for the next object that `json` can read.
"""

from __future__ import annotations

import codecs
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

SECRETS = ("198.51.100.77", "jane@example.org", "Somewhere-upon-Secret", "52.5200, 13.4050")
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")
_NEXT_OBJECT = re.compile(r'(?<=[,}\]\[\n\x1e\ufeff])\s*\{\s*"')
_FIRST, _TEN_YEARS = datetime(2006, 1, 1), 3650 * 86_400_000
NAMES = (
    "Song",
    "Zażółć",
    "バス",
    "नमस्ते",
    'A "quoted" one',
    "Back\\slash",
    "Tab\there",
    "😀",
    "",
    "ft. {x} [y], z",
    "é\u0301",
)


@dataclass(frozen=True)
class Made:
    """A file: its name, its bytes, and its text as a reader should see it."""

    name: str
    content: bytes
    text: str


def make_file(dice: random.Random, number: int, last: datetime) -> Made:
    """Return a file of some rows; each number makes other rows, so no two files are the same."""
    is_short = dice.random() < 0.3
    rows = [_row(dice, is_short=is_short, number=number, place=place, last=last) for place in range(_length(dice))]
    text = dice.choice(_LAYOUTS)(dice, rows)
    if dice.random() < 0.35:
        text = dice.choice(_ACCIDENTS)(dice, text)
    content, seen = dice.choice(_ENCODINGS)(dice, text)
    name = f"StreamingHistory_music_{number}.json" if is_short else f"Streaming_History_Audio_2024_{number}.json"
    return Made(name, content, seen)


def read_simply(text: str) -> list[Any]:
    """Return the rows of a whole text; `...` for each piece that is no JSON."""
    rows: list[Any] = []
    place, is_in_list, is_lost = 0, False, False
    while (place := _end_of(_BETWEEN, text, place)) < len(text):
        if (text[place] == "]" and (is_in_list or is_lost)) or (text[place] == "[" and not is_in_list):
            place, is_in_list = place + 1, text[place] == "["
            continue
        try:
            row, place = _DECODER.raw_decode(text, place)
        except ValueError:
            found, is_lost = _NEXT_OBJECT.search(text, place + 1), True
            row, place = ..., found.end() - len(found[0].lstrip()) if found else len(text)
        rows.append(row)
    return rows


def is_usable(row: Any, last: datetime) -> bool:
    """Return whether a row has a possible time and a whole number of milliseconds."""
    if not isinstance(row, dict):
        return False
    at = instant(row.get("endTime", row.get("ts")))
    played = milliseconds(row.get("msPlayed", row.get("ms_played")))
    return at is not None and _FIRST <= at <= last and played is not None


def instant(value: Any) -> datetime | None:
    """Return the instant of a value as naive UTC, None for none; knows the forms that are made here."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    if value.isdigit():
        unit = {10: 1, 13: 1000}.get(len(value))
        return datetime(1970, 1, 1) + timedelta(microseconds=int(value) * 1_000_000 // unit) if unit else None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def milliseconds(value: Any) -> int | None:
    """Return a whole number of milliseconds, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    is_whole = number.is_finite() and number == number.to_integral_value()
    return int(number) if is_whole and 0 <= number <= _TEN_YEARS else None


def whole_text(value: Any) -> Any:
    """Return a value in which what is no Unicode is U+FFFD, and what is no number nothing."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return re.sub("[\ud800-\udfff]", "\ufffd", value) if isinstance(value, str) else value


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _length(dice: random.Random) -> int:
    return dice.choice([1, 2, 3, 5, 8, 13, 40])


def _row(dice: random.Random, *, is_short: bool, number: int, place: int, last: datetime) -> Any:
    """Return a row; the first one always says which format it is."""
    if place and dice.random() < 0.03:
        return dice.choice([1, -2.5, "text", None, True, [], [1, {"a": "}"}], {}, {"a": 1}])
    at = datetime(2015, 1, 1) + timedelta(minutes=number % 4_000_000, seconds=place)
    odd = dice.random() < 0.2 and place > 0
    time = (
        dice.choice(_ODD_TIMES)(at, last) if odd else f"{at:%Y-%m-%d %H:%M}" if is_short else f"{at:%Y-%m-%dT%H:%M:%SZ}"
    )
    played = dice.choice(_ODD_NUMBERS) if dice.random() < 0.1 else dice.randrange(10**6)
    title, artist = (whole + str(number) for whole in (dice.choice(NAMES), dice.choice(NAMES)))
    if is_short:
        row = {"endTime": time, "artistName": artist, "trackName": title, "msPlayed": played}
    else:
        row = {
            "ts": time,
            "platform": dice.choice(["android", "ios", None]),
            "ms_played": played,
            "conn_country": "DE",
            "ip_addr": SECRETS[0],
            "master_metadata_track_name": title,
            "master_metadata_album_artist_name": artist,
            "master_metadata_album_album_name": dice.choice([None, "Record"]),
            "spotify_track_uri": dice.choice([None, f"spotify:track:{number:022d}"]),
            "episode_name": None,
            "shuffle": dice.choice([True, False, None]),
            "offline_timestamp": dice.choice([None, 1_700_000_000, 1_700_000_000_123, 0]),
        }
    return _changed_keys(dice, row) if dice.random() < 0.3 else row


def _changed_keys(dice: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with other keys, some of them personal, in another order, or without one."""
    row = row | dict(dice.sample(_ODD_KEYS, dice.randrange(4)))
    if dice.random() < 0.2:
        del row[dice.choice(sorted(row))]
    items = list(row.items())
    dice.shuffle(items)
    return dict(items)


_ODD_KEYS: list[tuple[str, Any]] = [
    *(("quality", "lossless"), ("bitrate", 320), ("ratio", 0.25), ("flag", True), ("nothing", None)),
    *(
        ("nested", {"a": [1, {"b": "x}"}]}),
        ("list", ["a", "b"]),
        ("brackets", '}],{"ts": "ms_played"'),
        ("läuft", "ja"),
    ),
    *(("city", SECRETS[2]), ("last_hop", SECRETS[0]), ("contact", SECRETS[1]), ("place", SECRETS[3])),
    *(("username", SECRETS[1]), ("latitude", 52.52), ("user_agent_decrypted", f"Mozilla/5.0 {SECRETS[0]}")),
]
_ODD_TIMES: list[Callable[[datetime, datetime], Any]] = [
    lambda at, _: f"{at:%Y-%m-%d %H:%M:%S}",
    lambda at, _: f"{at:%Y-%m-%dT%H:%M:%S}+02:00",
    lambda at, _: f"{at:%Y-%m-%dT%H:%M:%S}.123456Z",
    lambda at, _: int((at - datetime(1970, 1, 1)).total_seconds()),
    lambda at, _: int((at - datetime(1970, 1, 1)).total_seconds() * 1000),
    lambda at, _: str(int((at - datetime(1970, 1, 1)).total_seconds() * 1000)),
    lambda at, _: f"{at:%Y-%m-%d}T25:00:00Z",
    lambda _, last: f"{last + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}",
    *(lambda _at, _last, value=value: value for value in (None, "", "yesterday", 12, True, {}, "2005-01-01T00:00:00Z")),
]
_ODD_NUMBERS: tuple[Any, ...] = (
    *(183000.0, "183000", "1.8e5", 1.8e5, 0, "0", " 7 ", 90_000_000),
    *(-1, "abc", None, 1.5, "1.5", True, 10**13, [1], "", 10**30, float("inf")),
)


def _dumped(dice: random.Random, value: Any) -> str:
    """Return JSON in one of the ways in which programs write it."""
    text = json.dumps(
        value,
        ensure_ascii=dice.random() < 0.4,
        indent=dice.choice([None, None, 1, 4]),
        separators=dice.choice([None, (",", ":"), (", ", ": "), (" ,", " : ")]),
    )
    return text.replace("\n", "\r\n") if dice.random() < 0.1 else text


def _one_by_one(dice: random.Random, rows: list[Any]) -> Iterator[str]:
    return (_dumped(dice, row) for row in rows)


def _parts(dice: random.Random, rows: list[Any]) -> Iterator[list[Any]]:
    cut = dice.randrange(1, len(rows) + 1)
    yield from (part for part in (rows[:cut], rows[cut:]) if part)


def _objects(rows: list[Any]) -> list[Any]:
    """Return what may stand outside of a list."""
    return [row for row in rows if isinstance(row, dict)]


_LAYOUTS: list[Callable[[random.Random, list[Any]], str]] = [
    *[_dumped] * 3,
    lambda dice, rows: "[" + ",".join(_one_by_one(dice, rows)) + "]",
    lambda dice, rows: dice.choice(["", "\n", " \ufeff", ","]).join(_dumped(dice, part) for part in _parts(dice, rows)),
    lambda dice, rows: (
        dice.choice(["\n", "\r\n", "\n\n", ",\n", "\n\x1e"]).join(_one_by_one(dice, _objects(rows))) + "\n"
    ),
    lambda dice, rows: "[]" + _dumped(dice, rows) + "[ ]",
    lambda dice, rows: "[" + dice.choice(["\n", " ", ",,", ", ,"]).join(_one_by_one(dice, _objects(rows))) + ",]",
    lambda dice, rows: "\n".join(_one_by_one(dice, _objects(rows))) + "\n" + _dumped(dice, rows[:2]) + " \t\n",
]


def _cut(dice: random.Random, text: str) -> str:
    return text[: dice.randrange(len(text) // 2, len(text)) + 1]


def _with_signs(dice: random.Random, text: str) -> str:
    """Put into some texts what JSON forbids and readers meet: raw control characters, halves of pairs."""
    sign = dice.choice(["\x01", "\t", "\\ud83d", "\\udc00", "\\u0000"])
    return text.replace("Song", f"So{sign}ng", dice.randrange(1, 4))


def _doubled_key(_: random.Random, text: str) -> str:
    return text.replace('"conn_country"', '"conn_country":"FR","conn_country"', 1)


_ACCIDENTS: list[Callable[[random.Random, str], str]] = [
    *[_cut, _with_signs, _doubled_key],
    lambda dice, text: text + dice.choice(["\n<html>", "x", "\0\0\0", "}", '"', "nul", "{", '{"a"']),
    lambda dice, text: text.replace('": ', '" ', 1) if dice.random() < 0.5 else text.replace('"ts"', "ts", 1),
    lambda _, text: text.replace("null", "NaN", 1),
    lambda _, text: text.replace("null", "nil", 1),
]


def _as_utf8(_: random.Random, text: str) -> tuple[bytes, str]:
    content = text.encode("utf-8", "surrogatepass")
    return content, content.decode("utf-8", "replace")


def _in_other(encoding: str, mark: bytes) -> Callable[[random.Random, str], tuple[bytes, str]]:
    return lambda _, text: (mark + text.encode(encoding, "replace"), text.encode(encoding, "replace").decode(encoding))


def _with_broken_bytes(dice: random.Random, text: str) -> tuple[bytes, str]:
    """Break letters of two bytes and more, one letter stays: else it could be another encoding."""
    content = bytearray(text.encode("utf-8", "replace"))
    places = [place for place, byte in enumerate(content) if byte >= 0xC0]
    for place in dice.sample(places, min(2, max(0, len(places) - 1))):
        content[place] = 0xFF
    return bytes(content), content.decode("utf-8", "replace")


_ENCODINGS: list[Callable[[random.Random, str], tuple[bytes, str]]] = [
    *[_as_utf8] * 6,
    _with_broken_bytes,
    _in_other("utf-8", codecs.BOM_UTF8),
    _in_other("utf-16-le", codecs.BOM_UTF16_LE),
    _in_other("utf-16-be", codecs.BOM_UTF16_BE),
    _in_other("utf-16-le", b""),
    _in_other("utf-32-le", codecs.BOM_UTF32_LE),
    _in_other("cp1252", b""),
]
