"""Parse well-formed rows fast: one regular expression validates a whole row and keeps all but the personal parts.

A template is learnt from one row: these keys in this order, with these separators and values of these kinds. A row that
fits it is valid JSON, has a usable time and duration, and holds no other key; an unknown key's text fits only when it
holds no address, mail address or coordinates: so nothing personal can pass unnoticed.
A row that does not match is no error: the row parser reads it. The pattern is linear in time (possessive throughout).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from itertools import groupby

import orjson

from extract_load.core.row_redaction import is_personal_in_row

TIME_KEYS = {"extended": "ts", "endsong": "ts", "account_data": "endTime"}
PLAYED_KEYS = {"extended": "ms_played", "endsong": "ms_played", "account_data": "msPlayed"}

TEXT_KEYS = frozenset(
    {
        *("platform", "conn_country", "reason_start", "reason_end", "master_metadata_track_name"),
        *("master_metadata_album_artist_name", "master_metadata_album_album_name", "episode_name"),
        *("episode_show_name", "audiobook_title", "audiobook_chapter_title", "artistName", "trackName", "podcastName"),
        *("episodeName", "audiobookName", "chapterName"),
    }
)
URI_KEYS = frozenset({"spotify_track_uri", "spotify_episode_uri", "audiobook_uri", "audiobook_chapter_uri"})
FLAG_KEYS = frozenset({"shuffle", "skipped", "offline", "incognito_mode"})
NUMBER_KEYS = frozenset({"ms_played", "msPlayed", "offline_timestamp"})
KNOWN_KEYS = TEXT_KEYS | URI_KEYS | FLAG_KEYS | NUMBER_KEYS | {"ts", "endTime"}

# Signs as they are, and the escapes of JSON but for surrogates and for ASCII in disguise. That the text is UTF-8 the
# caller knows. A set is named by what is in it: that is tested in one step, its contrary in three.
_SIGN = r"[ !#-\[\]-\xff]"
_ESCAPED = r'\\(?:["\\/bfnrt]|u(?:00[89a-fA-F]|0[1-9a-fA-F][0-9a-fA-F]|[1-9a-cA-CeEfF][0-9a-fA-F]{2})[0-9a-fA-F])'
_SIGNS = rf"{_SIGN}*+(?:{_ESCAPED}{_SIGN}*+)*"
_TEXT = rf'(?:"(?!spotify:|http){_SIGNS}"|null)'
_URI = r'(?:null|"spotify:(?:track|episode|show|chapter|audiobook):[0-9A-Za-z]{1,64}")'
_FLAG = r"(?:true|false|null)"
_WHOLE = r"(?:null|-?(?:0|[1-9]\d{0,14}+)(?=[ \t\r\n,}]))"
_PLAYED = r"(?:0|[1-9]\d{0,8}+)(?=[ \t\r\n,}])"
_DAY = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_STAMP = rf'"{{year}}-{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"'
_MINUTE = rf'"{{year}}-{_DAY} (?:[01]\d|2[0-3]):[0-5]\d"'
_STRING = r'"[\x00-!#-\[\]-\xff]*+(?:\\.[\x00-!#-\[\]-\xff]*+)*"'
_NUMBER = r"-?(?:0|[1-9]\d{0,14}+)(?:\.\d{1,17}+)?(?:[eE][+-]?\d{1,2}+)?(?=[ \t\r\n,}])"
_PERSONAL = rf"(?:null|true|false|{_NUMBER}|{_STRING})"
# A text of an unknown key with four colons and dashes, and one number of two points at most, can't be an address, a
# place or an agent. Else it is searched for all that `holds_personal` may find, past escaped quotes and odd spaces.
_PLAIN = r"[ !#-+0-9;-?A-\[\]-\xaf\xb1-\xb9\xbb-\xff]*+"
_MANY = rf'{_PLAIN}(?:(?:[.,](?!\d)|(?<!Mozilla)/(?!\d)|\\["\\bfnrt]){_PLAIN})*'
_FEW = rf"{_MANY}(?:(?::(?!:)|-){_MANY}){{0,4}}"
_ONE_NUMBER = rf'(?!(?:[^"\\]|\\.)*?[lL][aA][tT]){_FEW}[.,]\d++(?:\.\d++)?(?![.,]\d){_FEW}'
_HARMLESS = rf'(?:{_FEW}"|{_ONE_NUMBER}")'
_OCTET = r"0{0,2}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![\d.]*\d)"  # the digit before it may be of an escape
_WITHIN = r'(?:[^"\\]|\\.)'
_PLACE = rf'\d[.,]\d+(?:[^"\\\d.]|\\.)+-?\d+[.,]\d|\xc2[\xb0\xba]|[lL][aA][tT]{_WITHIN}*?\d[.,]\d'
_ODD_ESCAPES = r"\\u(?:00[89abAB]|1680|20|3000|[fF][eE])"
_FOUND = rf"@|{_IPV4}|::|(?:[0-9A-Fa-f]{{2}}[:-]){{5}}|{_PLACE}|[A-Za-z0-9_\x80-\xff-]/\d|Mozilla|{_ODD_ESCAPES}"
_BETWEEN_COLONS = r'[^":\\]*+(?:\\.[^":\\]*+)*'
_SUSPICIOUS = rf"(?:{_WITHIN}*?(?:{_FOUND})|{_BETWEEN_COLONS}(?::{_BETWEEN_COLONS}){{5}})"
_SEARCHED = rf"(?!{_SUSPICIOUS})[ !#-?A-\[\]-\xff]*+(?:{_ESCAPED}[ !#-?A-\[\]-\xff]*+)*"
_UNKNOWN = rf'(?:null|true|false|{_NUMBER}|"(?!spotify:|http)(?:{_HARMLESS}|{_SEARCHED}"))'

_OPENING = re.compile(rb'\{([ \t\r\n]*)"')
_COLON = re.compile(rb'"([ \t]*:[ \t]*)')
_COMMA = re.compile(rb'([ \t\r\n]*,[ \t\r\n]*)"')
_CLOSING = re.compile(rb"([ \t\r\n]*)\}$")
_BETWEEN = (_OPENING, _COLON, _COMMA, _CLOSING)
_BREAK = re.compile(rb"[\r\n]+[ \t\r\n]*")


class Template:
    """The pattern of one kind of row; make it with `learn`."""

    def __init__(self, pattern: re.Pattern[bytes], *, has_breaks: bool) -> None:
        self.pattern = pattern.pattern
        self._pattern = pattern
        self._has_breaks = has_breaks

    def take(self, text: bytes, start: int, lines: list[bytes]) -> int:
        """Append the matching rows from `start` on as lines; return where the first row that does not match begins."""
        scanner = self._pattern.scanner(text, start)  # type: ignore[attr-defined]
        match: re.Match[bytes] | None = None
        before = len(lines)
        if self._pattern.groups == 2:
            for match in iter(scanner.match, None):
                lines.append(match[1] + match[2])
        else:
            for match in iter(scanner.match, None):
                lines.append(b"".join(match.groups()))
        if self._has_breaks:
            lines[before:] = [_BREAK.sub(b"", line) for line in lines[before:]]
        return match.end() if match else start


def learn_template(
    row: bytes,
    time_key: str,
    last_day: date,
    *,
    in_list: bool = True,
    is_personal: Callable[[str], bool] = is_personal_in_row,
) -> Template | None:
    """Return the template learnt from a row; None when it has an unusual form.

    Times from 2006 to `last_day` fit; the row parser rejects what is earlier or later. In a list a comma or the closing
    bracket must follow the row. What `is_personal` says of a key decides whether its values are left out.
    """
    try:
        sample: dict[str, object] = orjson.loads(row)
    except orjson.JSONDecodeError:
        return None
    parts = [pattern.search(row) for pattern in _BETWEEN]
    if None in parts or len(sample) < 2 or time_key not in sample:
        return None
    opening, colon, comma, closing = (re.escape(part[1].decode()) for part in parts if part)
    members = _member_patterns(sample, _year_pattern(last_day), colon, comma, is_personal)
    follow = r"[ \t\r\n]*+(?:,[ \t\r\n]*+(?=\{)|(?=\]))" if in_list else r"[ \t\r\n]*+(?:,[ \t\r\n]*+)?"
    try:
        compiled = re.compile((rf"(\{{{opening}" + members + rf"{closing}\}}){follow}").encode("latin-1"))
    except UnicodeEncodeError:
        return None  # a key with lone surrogates
    has_breaks = any(b"\n" in part[1] or b"\r" in part[1] for part in parts if part)
    return Template(compiled, has_breaks=has_breaks) if compiled.match(row + b",{") else None


def shape_of(row: bytes, sample: Mapping[str, object]) -> tuple[object, ...]:
    """Return what rows of one template have in common: what stands between the members, the keys, which are null."""
    between = tuple(found and found[1] for found in (pattern.search(row) for pattern in _BETWEEN))
    return (*between, *((key, value is None) for key, value in sample.items()))


def _member_patterns(
    sample: dict[str, object], year: str, colon: str, comma: str, is_personal: Callable[[str], bool]
) -> str:
    """Return the pattern of a row's members; a personal one is outside of the groups, with the comma before it.

    One that stands before all others goes with the comma after it.
    """
    kinds = {key: _key_kind(key, sample[key], is_personal) for key in sample}
    before, pattern, is_open = "", "", True
    for kind, run in groupby(sample, key=kinds.__getitem__):
        if (kind == "personal") is is_open:
            pattern, is_open = pattern + (")" if is_open else "("), not is_open
        members = nulls = ""
        for key in run:
            is_early = kind == "personal" and not before
            start, end = ("", comma) if is_early else (before, "")
            name = f'{start}"{re.escape(key.encode("utf-8", "surrogatepass").decode("latin-1"))}"{colon}'
            value = _PERSONAL if kind == "personal" else _value_pattern(key, year)
            members, nulls = f"{members}{name}{value}{end}", f"{nulls}{name}null{end}"
            before = before if is_early else comma
        # Rows of music have the same seven nulls, rows of podcasts others: they are matched as one unit.
        pattern += f"(?>{nulls}|{members})" if kind == "null" else members
    return pattern if is_open else pattern + "("


def _key_kind(key: str, value: object, is_personal: Callable[[str], bool]) -> str:
    if key not in KNOWN_KEYS and is_personal(key):
        return "personal"
    return "null" if value is None else "value"


def _year_pattern(last: date) -> str:
    """Return the pattern of the years from 2006 to that of a day, which looks ahead so that no later day fits."""
    decades: dict[int, list[int]] = {}
    for year in range(2006, last.year + 1):
        decades.setdefault(year // 10, []).append(year % 10)
    years = "|".join(f"{decade}[{ends[0]}-{ends[-1]}]" for decade, ends in decades.items())
    later = [f"{month:02}" for month in range(last.month + 1, 13)]
    later += [f"{last.month:02}-{day:02}" for day in range(last.day + 1, 32)]
    return f"(?!{last.year}-(?:{'|'.join(later) or 'x'}))(?:{years})"


def _value_pattern(key: str, year: str) -> str:
    """Return the pattern of a key's value; of an unknown key a plain value with nothing personal in it."""
    kinds = (
        ({"ts"}, _STAMP.replace("{year}", year)),
        ({"endTime"}, _MINUTE.replace("{year}", year)),
        ({"ms_played", "msPlayed"}, _PLAYED),
        ({"offline_timestamp"}, _WHOLE),
        (URI_KEYS, _URI),
        (FLAG_KEYS, _FLAG),
        (TEXT_KEYS, _TEXT),
    )
    return next((pattern for keys, pattern in kinds if key in keys), _UNKNOWN)
