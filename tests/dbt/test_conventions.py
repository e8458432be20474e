"""The rules of the dbt project, held over the manifest of the build that the other tests look at.

Prefix and folder agree; staging reads one source and nothing else does; reports read marts and reports only;
everything is described, each model has a tested key, each metric a unit test, and all of it leads to something used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt.dbt_process import ROOT, Dbt
from tests.dbt.test_reports import ANSWERS

PROJECT = ROOT / "dbt_project"
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("fct_", "dim_", "bridge_")}
READS = {
    "staging": set(),
    "intermediate": {"staging", "intermediate", "seeds"},
    "marts": {"staging", "intermediate", "marts", "seeds"},
    "reporting": {"marts", "reporting"},
}
# Lists of plays as they are, or the same macro as a tested report.
NO_RULE_OF_THEIR_OWN = {"catalogue", "definitions"}
# Evidence that is read by hand when a file was refused in part.
READ_BY_HAND = {"stg_ops__rejected_rows"}
# A play that is shared out by its artist's genres is no whole number.
SHARED_OUT = {("top_genres", "plays")}
MOST_DATA_TESTS = 230


class Project:
    """The manifest, with the questions that the rules ask."""

    def __init__(self, target: Path) -> None:
        self.manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        nodes: dict[str, dict[str, Any]] = self.manifest["nodes"]
        self.models = [node for node in nodes.values() if node["resource_type"] == "model"]
        self.seeds = [node for node in nodes.values() if node["resource_type"] == "seed"]
        self.tests = [node for node in nodes.values() if node["resource_type"] == "test"]
        self.unit_tests = list(self.manifest["unit_tests"].values())
        self.nodes = nodes

    def layer(self, node: dict[str, Any]) -> str:
        return "seeds" if node["resource_type"] == "seed" else str(node["fqn"][1])

    def needs(self, node: dict[str, Any], kind: str) -> Iterator[str]:
        return (key for key in node["depends_on"]["nodes"] if key.startswith(f"{kind}."))

    def tests_of(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        return [test for test in self.tests if test.get("attached_node") == node["unique_id"]]


@pytest.fixture(scope="module")
def project(built: Dbt) -> Project:
    return Project(built.target)


def test_prefix_and_folder_agree(project: Project) -> None:
    """stg_<folder>__ in staging/<folder>, int_ in intermediate, fct_, dim_, bridge_ in marts, plain in reporting."""
    for model in project.models:
        layer, name = project.layer(model), model["name"]
        if layer == "staging":
            assert name.startswith(f"stg_{model['fqn'][2]}__"), name
        elif layer == "reporting":
            assert not name.startswith(("stg_", "int_", "fct_", "dim_", "bridge_")), name
        else:
            assert name.startswith(PREFIXES[layer]), name
        assert model["schema"] == layer, f"{name} is in schema {model['schema']}"


def test_layers_look_one_way(project: Project) -> None:
    """Staging reads exactly one source, no one else reads any; reports read marts and reports only."""
    for model in project.models:
        layer, sources = project.layer(model), list(project.needs(model, "source"))
        assert len(sources) == (1 if layer == "staging" else 0), f"{model['name']} reads {sources}"
        read = {project.layer(project.nodes[key]) for kind in ("model", "seed") for key in project.needs(model, kind)}
        assert read <= READS[layer], f"{model['name']} in {layer} reads {read - READS[layer]}"


def test_nothing_is_read_by_its_plain_name(project: Project) -> None:
    """Every table is named by ref or source, so that the lineage knows it."""
    schemas = "raw|ops|lookup|staging|intermediate|marts|reporting|seeds"
    named = re.compile(rf"\b(from|join)\s+({schemas})\.", re.IGNORECASE)
    for node in [*project.models, *project.tests]:
        assert not named.search(node["raw_code"]), node["name"]


def test_everything_is_described(project: Project, built: Dbt) -> None:
    """Models, seeds, sources, exposures and groups have words, and so has each column, as it is in the file."""
    with duckdb.connect(str(built.dev), read_only=True) as connection:
        columns: dict[tuple[str, str], set[str]] = {}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall():
            columns.setdefault((schema, table), set()).add(column)
    for node in [*project.models, *project.seeds]:
        assert node["description"].strip(), node["name"]
        described = {name for name, column in node["columns"].items() if column["description"].strip()}
        real = columns[(node["schema"], node["name"])]
        assert described == real, f"{node['name']}: {described ^ real} is described or there, not both"
    for source in project.manifest["sources"].values():
        assert source["description"].strip() and source["source_description"].strip(), source["name"]
    for kind in ("exposures", "groups"):
        for thing in project.manifest[kind].values():
            assert (thing.get("description") or thing.get("config", {}).get("description") or "").strip(), thing["name"]


def test_each_model_has_a_tested_key(project: Project) -> None:
    """A primary_key test on every model; a view row by row of another one may count its rows instead.

    A report whose rows are told apart by names has no key: two artists may have one name.
    """
    for model in project.models:
        kinds = {test["test_metadata"]["name"] for test in project.tests_of(model) if test.get("test_metadata")}
        allowed = {"expression_is_true"} if project.layer(model) == "reporting" else set()
        assert kinds & ({"primary_key", "row_count_equals"} | allowed), model["name"]


def test_marts_are_promises(project: Project) -> None:
    """Marts and reports have an enforced contract, a group and public access."""
    for model in project.models:
        layer = project.layer(model)
        if layer in {"marts", "reporting"}:
            assert model["group"] and model["access"] == "public", model["name"]
            assert model["config"]["contract"]["enforced"], model["name"]


def test_each_foreign_key_of_the_facts_is_tested(project: Project) -> None:
    """Every column of a fact or bridge that is the key of a dimension has a relationships test."""
    dimensions = {
        "track_key": "dim_track", "recording_key": "dim_recording", "album_key": "dim_album",
        "artist_key": "dim_artist", "genre_key": "dim_genre", "context_key": "dim_context",
    }  # fmt: skip
    for model in project.models:
        if not model["name"].startswith(("fct_plays", "bridge_")):
            continue
        tested = {
            test["column_name"]
            for test in project.tests_of(model)
            if (test.get("test_metadata") or {}).get("name") == "relationships"
        }
        assert tested >= set(model["columns"]) & set(dimensions), model["name"]


def test_no_two_of_a_dimension_have_one_number(project: Project) -> None:
    """Every dimension that has hashes tests that its key is the number of one of them only."""
    hashed = [model for model in project.models if any(column.endswith("_hash") for column in model["columns"])]
    dimensions = [model for model in hashed if model["name"].startswith("dim_")]
    assert len(dimensions) == 7
    for model in dimensions:
        names = {(test.get("test_metadata") or {}).get("name") for test in project.tests_of(model)}
        assert {"key_of_hash", "primary_key"} <= names, model["name"]


def test_incremental_models_say_what_a_new_column_does(project: Project) -> None:
    """Every incremental model has on_schema_change, and a unit test."""
    tested = {unit["model"] for unit in project.unit_tests}
    for model in project.models:
        if model["config"]["materialized"] == "incremental":
            assert model["config"]["on_schema_change"] != "ignore", model["name"]
            assert model["name"] in tested, model["name"]


def test_what_is_followed_says_what_changed(project: Project) -> None:
    """A table of which a part is made reads what it follows; that follows too, is by month, or tells its changes."""
    followers = [model for model in project.models if "follows" in model["config"]["meta"]]
    assert len(followers) > 5
    for model in followers:
        read = {project.nodes[key]["name"]: project.nodes[key]["config"] for key in project.needs(model, "model")}
        for name in model["config"]["meta"]["follows"]:
            told = read[name]["meta"].keys() & {"follows", "changed_by_day", "grows"}
            assert told or "by_month" in read[name]["tags"], (model["name"], name)
    for model in project.models:
        assert set(model["config"]["meta"].get("grows", ())) <= model["columns"].keys(), model["name"]


def test_each_metric_has_a_unit_test(project: Project) -> None:
    """Every report with a rule of its own has an answer computed by hand: a unit test, or a row of test_reports.py."""
    tested = {unit["model"] for unit in project.unit_tests}
    tested |= {name for query in ANSWERS for name in re.findall(r"reporting\.(\w+)", query)}
    reports = {model["name"] for model in project.models if project.layer(model) == "reporting"}
    untested = reports - tested - NO_RULE_OF_THEIR_OWN
    assert {name for name in untested if not name.startswith("explain_")} == set()


def test_period_metrics_carry_their_coverage(project: Project) -> None:
    """Every report with a period or a range says how much of it is covered, and whether there are holes in it."""
    for model in project.models:
        columns = set(model["columns"])
        if project.layer(model) == "reporting" and columns & {"period_start", "first_day"}:
            assert "coverage_pct" in columns and columns & {"has_holes", "is_lower_bound"}, model["name"]


def test_one_name_has_one_kind_of_value(project: Project) -> None:
    """A column has the same kind of type in every mart and report; minutes are decimals, whose sums are exact."""
    kinds: dict[str, set[str]] = {}
    for model in project.models:
        for name, column in model["columns"].items():
            if column["data_type"] and (model["name"], name) not in SHARED_OUT:
                kind = column["data_type"].partition("(")[0].strip()
                kinds.setdefault(name, set()).add("whole number" if kind in {"integer", "bigint"} else kind)
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}
    minutes = {name for name in kinds if "minutes" in name and not name.endswith("_pct")}
    assert len(minutes) > 10 and {name for name in minutes if kinds[name] != {"decimal"}} == set()


def test_where_the_listener_was_is_not_where_artists_are_from(project: Project) -> None:
    """A country of the listener has its own name; plays have no other one."""
    columns = {model["name"]: set(model["columns"]) for model in project.models}
    assert "listener_country_code" in columns["fct_plays"] and "country_code" not in columns["fct_plays"]
    assert "country_code" in columns["dim_artist"] and "listener_country_code" not in columns["dim_artist"]


def test_data_tests_are_few_and_sorted(project: Project) -> None:
    """Each data test is tagged blocking or advisory, one of the two; advisory ones only warn."""
    assert len(project.tests) <= MOST_DATA_TESTS
    for test in project.tests:
        tags = set(test["tags"]) & {"blocking", "advisory"}
        assert "advisory" in tags or tags == {"blocking"}, f"{test['name']}: {tags}"
        if "advisory" in tags:
            assert test["config"]["severity"].lower() == "warn", test["name"]


def test_yaml_stands_beside_what_it_describes(project: Project) -> None:
    """A model's YAML is in the model's folder and its name begins with an underscore."""
    for model in project.models:
        yaml = Path(model["patch_path"].split("://")[1])
        assert yaml.parent == Path(model["original_file_path"]).parent, model["name"]
        assert yaml.name.startswith("_"), yaml


def test_lineage_has_no_orphan(project: Project) -> None:
    """From each source, seed and model a way leads to an exposure: what nobody uses is not there."""
    children: dict[str, list[str]] = project.manifest["child_map"]

    def is_used(key: str) -> bool:
        return key.startswith("exposure.") or any(is_used(child) for child in children.get(key, ()))

    keys = [node["unique_id"] for node in [*project.models, *project.seeds] if node["name"] not in READ_BY_HAND]
    assert [key for key in keys if not is_used(key)] == []
    assert [key for key in project.manifest["sources"] if not children.get(key)] == []


def test_sql_files_are_short(project: Project) -> None:
    """A reader sees a model whole: under 200 lines, most of them far less."""
    lengths = {model["name"]: model["raw_code"].count("\n") for model in project.models}
    assert max(lengths.values()) < 200, max(lengths, key=lambda name: lengths[name])
    assert sorted(lengths.values())[len(lengths) // 2] <= 100


def test_reports_have_no_keys(project: Project) -> None:
    """A report is read by people: names, not keys; explain_plays is looked up by the key of a play."""
    for model in project.models:
        if project.layer(model) == "reporting":
            keys = {column for column in model["columns"] if column.endswith(("_key", "_number"))}
            assert keys <= ({"play_key"} if model["name"] == "explain_plays" else set()), model["name"]
