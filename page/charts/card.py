"""A card to share: one SVG image with the numbers and lists of a period, upright or wide.

It is a document of its own, so its colours stand in attributes. Covers are never drawn (Spotify's terms), and the
source is named. Letters that XML has no place for are left out; a long name is cut, with a sign that it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

SIZES = {"1080x1350": (1080, 1350), "1200x630": (1200, 630)}
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_FONT = "system-ui, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card says."""

    title: str
    numbers: Sequence[tuple[str, str]]
    lists: Sequence[tuple[str, Sequence[str]]]
    foot: str


def fitting(text: str, most: int) -> str:
    """Return a text of at most so many columns, without letters that an image cannot hold."""
    clean = _NO_XML.sub("", text)
    used, kept = 0, ""
    for letter in clean:
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > most:
            return kept.rstrip() + "…"
        kept += letter
    return kept


def card(text: CardText, size: tuple[int, int]) -> Markup:
    """Return the image."""
    width, height = size
    is_wide = width > height
    body = _text(fitting(text.title, 40 if is_wide else 26), (60, 110), 60, "#ffffff", bold=True)
    body += _numbers(text.numbers, 60, 200, width)
    columns = 3 if is_wide else 1
    for number, (name, rows) in enumerate(text.lists[: 3 if is_wide else 4]):
        room = (width - 120) // columns
        x = 60 + room * (number % columns)
        y = 300 if is_wide else 320 + 240 * number
        body += _list(name, rows[: 5 if is_wide else 4], (x, y), 22 if is_wide else 46, 24 if is_wide else 34)
    body += _text(fitting(text.foot, 84 if is_wide else 70), (60, height - 40), 22, "#c9d6e6")
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-label="{title}"><rect width="{width}" height="{height}" fill="#16304f"/>'
        '<rect width="{width}" height="12" fill="#f0a860"/>{body}</svg>'
    ).format(width=width, height=height, title=fitting(text.title, 80), body=body)


def _numbers(numbers: Sequence[tuple[str, str]], x: int, y: int, width: int) -> Markup:
    room = (width - 120) // max(1, len(numbers))
    body = Markup()
    for place, (value, name) in enumerate(numbers):
        body += _text(fitting(value, 12), (x + room * place, y), 44, "#f0a860", bold=True)
        body += _text(fitting(name, 16), (x + room * place, y + 36), 24, "#c9d6e6")
    return body


def _list(name: str, rows: Sequence[str], at: tuple[int, int], most: int, size: int) -> Markup:
    body = _text(name, at, 26, "#f0a860", bold=True)
    for place, row in enumerate(rows):
        body += _text(f"{place + 1}  {fitting(row, most)}", (at[0], at[1] + 46 + place * (size + 14)), size, "#ffffff")
    return body


def _text(text: str, at: tuple[int, int], size: int, colour: str, *, bold: bool = False) -> Markup:
    return Markup(
        '<text x="{x}" y="{y}" font-family="{font}" font-size="{size}" fill="{colour}"{weight}>{text}</text>'
    ).format(
        x=at[0], y=at[1], font=_FONT, size=size, colour=colour, text=text,
        weight=Markup(' font-weight="700"') if bold else "",
    )  # fmt: skip
