"""Coordinates from the offline gazetteer against known ones: coverage and distance errors, by method and precision.

In: a table of places with coordinates from OpenStreetMap, which no gazetteer of ours reads (argument 1; by default
../shared/facts/place_truth.tsv, or the sandbox's copy of it): area_mbid, place, parents (nearest first), country,
latitude, longitude, artists. No area type is given and no network is used. Out: a report, and as its last line one JSON
object. Shares are weighted by artists unless stated otherwise; a hit is an answer within 50 km, confident means a
confidence of at least 0.9. The baseline, the most populous place of that name in the country, runs on the same rows.
"""

from __future__ import annotations

import csv
import json
import math
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract_load.core.settings import load_settings, project_root
from extract_load.geography import AreaQuery, Location, locate_areas
from extract_load.geography.gazetteer_index import attach, ensure_index

NEAR_KM, CONFIDENT = 50.0, 0.9
TRUTHS = (
    project_root().parent / "shared" / "facts" / "place_truth.tsv",
    project_root() / "sandbox" / "data" / "places.tsv",
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of known coordinates (degrees); `artists` is its weight."""

    name: str
    parents: tuple[str, ...]
    country: str
    latitude: float
    longitude: float
    artists: int


@dataclass(frozen=True, slots=True)
class Answered:
    """One place with its answer and how far that is from the truth (km; None without an answer)."""

    place: Place
    location: Location
    km: float | None

    @property
    def is_hit(self) -> bool:
        """Whether the answer lies within 50 km."""
        return self.km is not None and self.km <= NEAR_KM


def main() -> None:
    """Run the benchmark and print the report."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else next(path for path in TRUTHS if path.exists())
    places = read_places(path)
    started = time.perf_counter()
    index = ensure_index(load_settings().answers_dir)
    built = time.perf_counter()
    answered = measure(places, locate_areas([query(place) for place in places]))
    finished = time.perf_counter()

    write_line(
        f"{len(places)} places of {sum(place.artists for place in places)} artists, from {path.name}; offline only."
    )
    write_line(
        f"The gazetteer was ready after {built - started:.1f} s, all places were matched in {finished - built:.2f} s;"
    )
    write_line(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB were in use.\n")
    table("method", answered, lambda a: a.location.method)
    table("precision", answered, lambda a: a.location.precision)
    table("confidence", answered, lambda a: f"{math.floor(a.location.confidence * 10) / 10:.1f} and more")
    _write_shares(places, answered, index)
    _write_farthest_misses(answered)
    write_line(json.dumps(_figures(answered)))


def _write_shares(places: list[Place], answered: list[Answered], index: Path) -> None:
    """Print the shares within 50 km with all parents, with fewer, and of the baseline."""
    write_line(
        f"{'share within 50 km, with less information':42}{'artists':>9}{'places':>9}{'confident':>11}{'of these':>10}"
    )
    summary("as it is", answered)
    for label, shorten in (
        ("only the outermost parent", outermost),
        ("only the nearest parent", nearest),
        ("no parent", no_parent),
    ):
        summary(label, measure(places, locate_areas([query(place, shorten) for place in places])))
    summary("baseline: most populous of the name", measure(places, most_populous(places, index)))


def _write_farthest_misses(answered: list[Answered]) -> None:
    """Print the five confident answers that lie farthest from the truth."""
    write_line("\nthe farthest misses among confident answers:")
    misses = [a for a in answered if not a.is_hit and a.location.confidence >= CONFIDENT]
    for answer in sorted(misses, key=distance)[-5:]:
        chain = " > ".join((answer.place.name, *answer.place.parents, answer.place.country))
        write_line(
            f"  {distance(answer):6.0f} km  {chain} ({answer.location.method}, {answer.location.confidence:.2f})"
        )


def _figures(answered: list[Answered]) -> dict[str, float]:
    """Return the figures of the last line."""
    confident = [answer for answer in answered if answer.location.confidence >= CONFIDENT]
    return {
        "share_within_50km": share(answered, answered),
        "share_within_50km_confident": share(confident, confident),
        "coverage": round(weight(a for a in answered if a.km is not None) / weight(answered), 4),
        "confident_share": round(weight(confident) / weight(answered), 4),
        "places": len(answered),
        "share_of_places_within_50km": round(sum(a.is_hit for a in answered) / len(answered), 4),
    }


def read_places(path: Path) -> list[Place]:
    """Return the places of a table; lines that begin with # are comments."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))
    return [
        Place(
            row["place"],
            tuple(
                part for part in (row.get("parents (nearest first)") or row.get("parents") or "").split(" > ") if part
            ),
            row["country"],
            float(row["latitude"]),
            float(row["longitude"]),
            int(row["artists"]),
        )
        for row in rows
    ]


def query(place: Place, shorten: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda parents: parents) -> AreaQuery:
    """Return the query for a place, with all its parents or fewer."""
    return AreaQuery(place.name, None, place.country, shorten(place.parents))


def outermost(parents: tuple[str, ...]) -> tuple[str, ...]:
    """Return the outermost parent only."""
    return parents[-1:]


def nearest(parents: tuple[str, ...]) -> tuple[str, ...]:
    """Return the nearest parent only."""
    return parents[:1]


def no_parent(_parents: tuple[str, ...]) -> tuple[str, ...]:
    """Return no parent."""
    return ()


def most_populous(places: list[Place], index: Path) -> list[Location]:
    """Return the baseline: the most populous place of that name, or other name, in the country."""
    with duckdb.connect() as connection:
        attach(connection, index)
        found = connection.execute(
            "select queries.i, max_by(places.latitude, places.population), max_by(places.longitude, places.population)"
            " from (select unnest(?::varchar[]) as name, unnest(?::varchar[]) as country, unnest(?::int[]) as i)"
            " as queries"
            " inner join gazetteer.country_names as countries"
            " on countries.key = gazetteer.name_key(gazetteer.fold(queries.country))"
            " inner join gazetteer.names as names on names.kind = 'place' and names.country = countries.country"
            " and names.key = gazetteer.name_key(gazetteer.fold(queries.name))"
            " inner join gazetteer.places as places on places.id = names.id group by queries.i",
            [[place.name for place in places], [place.country for place in places], list(range(len(places)))],
        ).fetchall()
    points = {i: Location(latitude, longitude, "city", "most_populous", 0.0) for i, latitude, longitude in found}
    return [points.get(i, Location(None, None, "none", "not_found", 0.0)) for i in range(len(places))]


def measure(places: list[Place], locations: list[Location]) -> list[Answered]:
    """Return each place with its answer and the distance from its known coordinates."""
    return [Answered(place, location, km(place, location)) for place, location in zip(places, locations, strict=True)]


def km(place: Place, location: Location) -> float | None:
    """Return the great-circle distance in kilometres."""
    if location.latitude is None or location.longitude is None:
        return None
    phi_a, phi_b = math.radians(place.latitude), math.radians(location.latitude)
    half_lambda = math.radians(location.longitude - place.longitude) / 2
    a = math.sin((phi_b - phi_a) / 2) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 12742 * math.asin(min(1.0, math.sqrt(a)))


def distance(answer: Answered) -> float:
    """Return the distance in kilometres, infinite without an answer."""
    return math.inf if answer.km is None else answer.km


def weight(answers: Iterable[Answered]) -> int:
    """Return the number of artists."""
    return sum(answer.place.artists for answer in answers)


def share(part: list[Answered], whole: list[Answered]) -> float:
    """Return the share of the artists of `whole` who are hits in `part`."""
    return round(weight(a for a in part if a.is_hit) / max(weight(whole), 1), 4)


def table(title: str, answered: list[Answered], label: Callable[[Answered], str]) -> None:
    """Print one line per label, the most artists first."""
    groups: dict[str, list[Answered]] = defaultdict(list)
    for answer in answered:
        groups[label(answer)].append(answer)
    write_line(f"{title:42}{'places':>9}{'artists':>9}{'<= 50 km':>10}{'median km':>11}{'p90 km':>9}")
    for name, group in sorted(groups.items(), key=lambda item: -weight(item[1])):
        distances = sorted(distance(answer) for answer in group)
        ninth = distances[min(len(distances) - 1, int(len(distances) * 0.9))]
        write_line(
            f"{name:42}{len(group):9}{weight(group):9}{share(group, group):10.1%}"
            f"{statistics.median(distances):11.1f}{ninth:9.1f}"
        )
    write_line("")


def summary(label: str, answered: list[Answered]) -> None:
    """Print the shares of one kind of query."""
    confident = [answer for answer in answered if answer.location.confidence >= CONFIDENT]
    right = f"{share(confident, confident):10.1%}" if confident else f"{'-':>10}"
    write_line(
        f"{label:42}{share(answered, answered):9.1%}{sum(a.is_hit for a in answered) / len(answered):9.1%}"
        f"{weight(confident) / weight(answered):11.1%}{right}"
    )


def write_line(text: str) -> None:
    """Write one line of the report."""
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
