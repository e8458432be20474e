"""One rule for comparing names of artists, titles and places: no case, no accents on Latin and Greek, no punctuation.

`fold_name` and `fold_name_sql` give the same answer; dbt has the same rule as the macro `fold_name`. Always holds:
folding twice is folding once. Marks are dropped from Latin and Greek base letters only, where they are accents (Beyoncé
is Beyonce); in other scripts a mark makes another letter (ハ and バ, и and й, е and ё), so those names stay apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

FOLD_VERSION = 2
"""Raised when the rule changes: keys made of folded names are then computed again."""

# Code points instead of script names, so that Python and DuckDB agree whatever version of Unicode each knows.
_LATIN_AND_GREEK = (
    "A-Za-z\\u00AA\\u00BA\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02AF\\u0370-\\u0373\\u0376-\\u037D\\u037F-\\u03E1"
    "\\u1D00-\\u1DBF\\u1E00-\\u1FFF\\u2126\\u212A\\u212B\\u2C60-\\u2C7F\\uA722-\\uA787\\uA78B-\\uA7FF\\uAB30-\\uAB6A"
)
_ACCENTS = "\\u0300-\\u036F\\u1AB0-\\u1AFF\\u1DC0-\\u1DFF\\u20D0-\\u20FF\\uFE20-\\uFE2F"
# Characters that show nothing: joiners, direction marks, variation selectors, the byte order mark.
_INVISIBLE = "\\u00AD\\u034F\\u061C\\u180B-\\u180F\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\uFE00-\\uFE0F\\uFEFF"
# Letters that have their accent in them, and the usual punctuation: no mark stands alone among these.
_SIMPLE = " -~\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u024F\\u2010-\\u2027"
# Letters, marks and numbers of Unicode 15 and later: one version of Python knows them, another not, DuckDB has its own.
_NEW_LETTERS = (
    "\\u0CF3\\u0ECE\\U00010EFD-\\U00010EFF\\U0001123F-\\U00011241\\U00011F00-\\U00011F10\\U00011F12-\\U00011F3A"
    "\\U00011F3E-\\U00011F42\\U00011F50-\\U00011F59\\U0001342F\\U00013440-\\U00013455\\U0001B132\\U0001B155"
    "\\U0001D2C0-\\U0001D2D3\\U0001DF25-\\U0001DF2A\\U0001E030-\\U0001E06D\\U0001E08F\\U0001E4D0-\\U0001E4F9"
    "\\U00020000-\\U0003FFFD"
)
_SPACES = " \t\n\r\f"

_ACCENTED = re.compile(f"(?:[{_LATIN_AND_GREEK}][{_ACCENTS}]*)+")
_NOT_SHOWN = re.compile(f"[{_INVISIBLE}]+")
_NEW_LETTER = re.compile(f"[{_NEW_LETTERS}]")


def fold_name(name: str) -> str:
    """Return the folded form: "  Sigur Rós! " -> "sigur ros"; a name of signs only is kept in lower case."""
    shown = unicodedata.normalize("NFC", _NOT_SHOWN.sub("", name))
    plain = _lower(_ACCENTED.sub(lambda part: _without_marks(part[0]), shown))
    folded = " ".join("".join(c if _kind(c) in "LMN" or _NEW_LETTER.match(c) else " " for c in plain).split())
    return folded or _lower(unicodedata.normalize("NFC", name)).strip(_SPACES)


def fold_name_v1(name: str) -> str:
    """Return what version 1 of the rule made of a name: it dropped the marks of every script.

    Only for erasure rules that were written by it: they keep reaching what they reached.
    """
    unmarked = "".join(c for c in unicodedata.normalize("NFD", name) if _kind(c) != "M")
    bare = unicodedata.normalize("NFC", unmarked)
    folded = " ".join("".join(c if _kind(c) in "LN" else " " for c in bare.lower()).split())
    return folded or name.lower().strip()


def exact_name(name: str) -> str:
    """Return the form by which names are the same to the letter: composed (NFC), case folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).split())


def fold_name_sql(expression: str) -> str:
    """Return the DuckDB expression that folds the name in `expression` (a column or a literal of our own).

    The text is cut into runs of Latin and Greek letters, which lose their marks, and runs of others. Names of simple
    letters, nearly all, are not cut. The dbt macro `fold_name` is the same text. Null stays null.
    """
    letters, accents, invisible, simple = map(_as_re2, (_LATIN_AND_GREEK, _ACCENTS, _INVISIBLE, _SIMPLE))
    kept = f"\\p{{L}}\\p{{M}}\\p{{N}}{_as_re2(_NEW_LETTERS)} "
    is_simple = f"regexp_full_match({expression}, '[{simple}]*')"
    shown = f"nfc_normalize(regexp_replace({expression}, '[{invisible}]+', '', 'g'))"
    runs = f"regexp_extract_all({shown}, '(?:[{letters}][{accents}]*)+|[^{letters}]+')"
    bare = f"lambda run: case when regexp_matches(run, '^[{letters}]') then strip_accents(run) else run end"
    cut = f"list_transform(case when {is_simple} then [] else {runs} end, {bare})"
    plain = f"case when {is_simple} then strip_accents({expression}) else array_to_string({cut}, '') end"
    lowered = f"replace(lower({plain}), 'ς', 'σ')"
    spaced = f"regexp_replace({lowered}, '[^{kept}]+', ' ', 'g')"
    signs = f"trim(replace(lower(nfc_normalize({expression})), 'ς', 'σ'), e' \\t\\n\\r\\f')"
    return f"coalesce(nullif(trim(regexp_replace({spaced}, '  +', ' ', 'g')), ''), {signs})"


def _as_re2(characters: str) -> str:
    """Return a class of characters as DuckDB's regular expressions write it."""
    return re.sub(r"\\u([0-9A-F]{4})|\\U000([0-9A-F]{5})", r"\\x{\1\2}", characters)


def _without_marks(letters: str) -> str:
    """Return Latin or Greek letters without their accents."""
    unmarked = "".join(c for c in unicodedata.normalize("NFD", letters) if _kind(c) != "M")
    return unicodedata.normalize("NFC", unmarked)


def _lower(text: str) -> str:
    """Return a text in lower case, letter by letter as DuckDB does it: no letter becomes two, no sigma is final."""
    return "".join(lowered if len(lowered := c.lower()) == 1 else c for c in text).replace("ς", "σ")


LONGEST_REASON = 200
"""Characters of a reason that somebody else gives, as far as it is shown."""

# Escape sequences of terminals; then control characters, and the marks that turn the direction of the text after them.
_ESCAPE_SEQUENCE = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str, longest: int | None = None) -> str:
    """Return a foreign text on one line, without what a terminal or a log would obey; cut after `longest` characters.

    A lone surrogate, as in the name of a file that is not UTF-8, becomes U+FFFD: it could not be printed.
    """
    plain = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", _ESCAPE_SEQUENCE.sub("", text)))
    return plain if longest is None or len(plain) <= longest else plain[:longest].rstrip() + " ..."


def _kind(character: str) -> str:
    """Return the first letter of the Unicode category: L(etter), N(umber), M(ark), ..."""
    return unicodedata.category(character)[0]


def join_first(names: Sequence[str], count: int = 3) -> str:
    """Name the first few and say how many more there are: "a, b, c and 5 more"."""
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more:,} more" if more > 0 else "")


def pluralize(number: int, thing: str) -> str:
    """Return a number with its noun: "1 day", "2 days"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
