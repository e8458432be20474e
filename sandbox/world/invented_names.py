"""Invented names: of artists, albums, tracks, podcasts. What is invented says so in its name."""

from __future__ import annotations

from random import Random

MARK = "(sandbox)"


def _list(words: str, mark: str | None = None) -> tuple[str, ...]:
    return tuple(words.split(mark))


_FIRST = _list(
    "Amber Quiet Paper Northern Velvet Hollow Electric Silver Crooked Distant Golden Wild Broken Little Midnight "
    "Salt Slow Burning Glass Winter Lucky Secret Faded Neon Restless Iron Gentle Scarlet Hidden Tidal"
)
_SECOND = _list(
    "Rivers Lanterns Harbour Orchard Signals Gardens Machine Letters Horses Avenue Shadows Mountain Engines Feathers "
    "Static Islands Mirrors Thunder Kitchen Satellites Weather Bridges Echo Carnival Postcards Window Embers Compass "
    "Meadow Station"
)
_TAIL = _list("Sessions,Part Two,in Blue,at Dawn,for Nobody,Again,Forever,and Home,of the Coast,Tonight", ",")
_BAND = _list("The {0} {1},{0} {1},{1} Club,{0} {1} Orchestra,{2} {1},{2} {3},DJ {1},Lil {1}", ",")
_GIVEN = _list("Ana Bo Carla Dmitri Emeka Freya Gus Hana Ivo Jun Kofi Lena Mateo Noor Otto Priya Rosa Sven Tala Uma")
_FAMILY = _list(
    "Abara Bergström Castellano Dvořák Eklund Fontaine Grimaldi Horvat Ibáñez Jansen Kowalczyk Lindqvist Moreau "
    "Nakagawa Okonkwo Pereira Quispe Rossi Sørensen Türkmen"
)


def track_title(random: Random) -> str:
    """Return a title of two or three words, without the mark."""
    first, second = divmod(int(len(_FIRST) * len(_SECOND) * random.random()), len(_SECOND))
    title = f"{_FIRST[first]} {_SECOND[second]}"
    return f"{title} {random.choice(_TAIL)}" if random.random() < 0.35 else title


def artist_name(random: Random, number: int) -> str:
    """Return the name of an invented artist, unique by its number, e.g. 'Hollow Lanterns 0412 (sandbox)'."""
    shape = random.choice(_BAND)
    name = shape.format(random.choice(_FIRST), random.choice(_SECOND), random.choice(_GIVEN), random.choice(_FAMILY))
    return f"{name} {number:04d} {MARK}"


def show_name(random: Random) -> str:
    """Return the name of an invented podcast."""
    return f"The {random.choice(_FIRST)} {random.choice(_SECOND)} Podcast {MARK}"


def book_name(random: Random) -> str:
    """Return the title of an invented audiobook."""
    return f"{random.choice(_FIRST)} {random.choice(_SECOND)}: A Novel {MARK}"


def sort_name(name: str, kind: str | None) -> str:
    """Return the name as an index would order it."""
    if name.startswith("The "):
        return f"{name[4:]}, The"
    words = name.split()
    if kind == "Person" and len(words) == 2:
        return f"{words[1]}, {words[0]}"
    return name
