"""Attribution: the sources of the data, their licences, and the credit to give with shared results."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import duckdb


@dataclass(frozen=True, slots=True)
class Source:
    """One source of the published data."""

    source: str
    used_for: str
    licence: str
    credit: str
    address: str


SOURCES = (
    Source(
        "Spotify",
        "plays, artists, albums, tracks",
        "Spotify Developer Terms",
        "Metadata from Spotify; its links lead back to it.",
        "https://spotify.com",
    ),
    Source(
        "MusicBrainz core data",
        "who an artist is: identity, area, type, dates",
        "CC0 1.0",
        "None is asked for; thanks to the MusicBrainz editors.",
        "https://musicbrainz.org/doc/About/Data_License",
    ),
    Source(
        "MusicBrainz tags",
        "genres of artists",
        "CC BY-NC-SA 3.0",
        "Genres: MusicBrainz contributors, CC BY-NC-SA 3.0.",
        "https://musicbrainz.org/doc/About/Data_License",
    ),
    Source(
        "GeoNames",
        "coordinates of places",
        "CC BY 4.0",
        "Coordinates: GeoNames, CC BY 4.0.",
        "https://www.geonames.org",
    ),
    Source(
        "OpenStreetMap",
        "coordinates that Nominatim found",
        "ODbL 1.0",
        "(c) OpenStreetMap contributors, ODbL 1.0.",
        "https://www.openstreetmap.org/copyright",
    ),
)


def write_attribution(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Create a table of the sources; `table` is a name of our own."""
    connection.execute(
        f"create table {table} (source varchar, used_for varchar, licence varchar, credit varchar, address varchar)"
    )
    connection.executemany(f"insert into {table} values (?, ?, ?, ?, ?)", [list(astuple(source)) for source in SOURCES])
