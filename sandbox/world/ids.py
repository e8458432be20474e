"""Ids that look real, follow from a number, and lead back to it.

Nothing has to be stored: a Spotify id of a track that was never generated still says whether it exists and which
artist it belongs to, so a world of 10,000 artists costs no more than the part that somebody asks about.
An id of another seed, of another kind, or made up by hand decodes to None.
"""

from __future__ import annotations

import hashlib
import re
import uuid

BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
SPOTIFY_ID_PATTERN = re.compile(r"[0-9A-Za-z]{22}")
ISRC_PATTERN = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")

_VALUE = {char: number for number, char in enumerate(BASE62)}
_PAIRS = [high + low for high in BASE62 for low in BASE62]
_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
_NUMBER_BITS = 64


class IdScheme:
    """The ids of one world; two seeds never share an id."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tags: dict[tuple[str, int], int] = {}

    def spotify(self, kind: str, number: int) -> str:
        """Return the 22 characters that stand for this number of this kind (artist, album, track, ...)."""
        value = _mix(self._tagged(kind, number, 128), 128)
        digits = []
        for _ in range(11):
            value, pair = divmod(value, 3844)
            digits.append(_PAIRS[pair])
        return "".join(reversed(digits))

    def spotify_number(self, kind: str, text: str) -> int | None:
        """Return the number behind a Spotify id, or None when this world has no such id."""
        value = 0
        for char in text:
            value = value * 62 + _VALUE.get(char, 0)
        if value >> 128:
            return None
        return self._untagged(kind, _unmix(value, 128), 128)

    def mbid(self, kind: str, number: int) -> str:
        """Return a version-4 UUID that stands for this number of this kind."""
        value = _mix(self._tagged(kind, number, 122), 122)
        high, low = value >> 62, value & ((1 << 62) - 1)
        bits = ((high >> 12) << 80) | (0x4 << 76) | ((high & 0xFFF) << 64) | (0b10 << 62) | low
        return str(uuid.UUID(int=bits))

    def mbid_number(self, kind: str, text: str) -> int | None:
        """Return the number behind an MBID of ours, or None."""
        bits = uuid.UUID(text).int
        high = ((bits >> 80) << 12) | ((bits >> 64) & 0xFFF)
        value = (high << 62) | (bits & ((1 << 62) - 1))
        return self._untagged(kind, _unmix(value, 122), 122)

    def _tagged(self, kind: str, number: int, bits: int) -> int:
        return (self._tag(kind, bits) << _NUMBER_BITS) | number

    def _untagged(self, kind: str, plain: int, bits: int) -> int | None:
        if plain >> _NUMBER_BITS != self._tag(kind, bits):
            return None
        return plain & ((1 << _NUMBER_BITS) - 1)

    def _tag(self, kind: str, bits: int) -> int:
        key = (kind, bits)
        if key not in self._tags:
            digest = hashlib.blake2b(f"{self._seed}/{kind}".encode(), digest_size=8).digest()
            self._tags[key] = int.from_bytes(digest, "big") & ((1 << (bits - _NUMBER_BITS)) - 1)
        return self._tags[key]


def isrc(artist: int, year: int, recording: int) -> str:
    """Return an ISRC with the prefix ZZ, which no country has; it names the artist and the recording."""
    registrant = BASE36[artist // 1296] + BASE36[artist // 36 % 36] + BASE36[artist % 36]
    return f"ZZ{registrant}{year % 100:02d}{recording:05d}"


def isrc_parts(text: str) -> tuple[int, int, int] | None:
    """Return (artist, year of two digits, recording) of a sandbox ISRC, or None for any other."""
    if not ISRC_PATTERN.fullmatch(text) or not text.startswith("ZZ"):
        return None
    return int(text[2:5], 36), int(text[5:7]), int(text[7:12])


def _mix(value: int, bits: int) -> int:
    mask, half = (1 << bits) - 1, bits // 2
    value ^= value >> half
    value = value * (_ODD & mask) & mask
    return value ^ (value >> half)


def _unmix(value: int, bits: int) -> int:
    mask, half = (1 << bits) - 1, bits // 2
    value ^= value >> half
    value = value * pow(_ODD & mask, -1, 1 << bits) & mask
    return value ^ (value >> half)
