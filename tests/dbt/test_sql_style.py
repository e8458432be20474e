"""How the SQL of the project reads: imports first, names that say what they are, one place for each kind of file.

In: the files of dbt_project/models and dbt_project/macros, without dbt.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dbt.dbt_process import ROOT

MODELS = ROOT / "dbt_project" / "models"
MACROS = ROOT / "dbt_project" / "macros"
THEMES = {"rankings", "habits", "taste", "summary", "explain"}
MOST_LINES = 120
EXPLANATION = "-- Over 120 lines: "

MODEL_FILES = sorted(MODELS.rglob("*.sql"))
SQL_FILES = [*MODEL_FILES, *sorted(MACROS.rglob("*.sql"))]
_NOT_SQL = re.compile(r"\{#.*?#\}|\{\{\s*config\(.*?\)\s*\}\}|--[^\n]*", re.DOTALL)
_CTE = re.compile(
    r"^(\w+)(?: \([\w, ]+\))? as (?:not materialized |materialized )?\(\n(.*?)^\)", re.DOTALL | re.MULTILINE
)
_READ = re.compile(r"\{\{\s*(?:ref|source)\([^)]*\)\s*\}\}")
_ANY_READ = re.compile(r"\b(?:ref|source)\(\s*['\"]")
_IMPORT = re.compile(
    r"\s*select\s+(?:\*|\w+(?:,\s*\w+)*)\s+from\s+\{\{\s*(?:ref|source)\([^)]*\)\s*\}\}(?:\s+where\s(?:(?!\bselect\b).)*)?\s*",
    re.DOTALL,
)
_ALIAS = re.compile(r"\b(?:from|join)\s+[^\n]*?\bas\s+(\w+)\b|\)\s+as\s+(\w+)\s*\(")
_RUNNING_COUNT = re.compile(r"count\(\*\)\s+filter\s+\((?:[^()]|\([^()]*\))*\)\s+over\b")
_ENDING = re.compile(r"^select \*(?: exclude \([\w, ]+\))? from final(?:\norder by [^\n]+)?\n\Z", re.MULTILINE)


def _named(path: Path) -> str:
    return path.relative_to(ROOT / "dbt_project").as_posix()


def late_reads(sql: str) -> list[str]:
    """Return the names of CTEs that read a ref or source but are no import at the top; "" is the rest of the model."""
    sql = _NOT_SQL.sub("", sql)
    late, is_top = [], True
    for name, body in _CTE.findall(sql):
        is_import = _IMPORT.fullmatch(body) is not None
        if _ANY_READ.search(body) and not (is_import and is_top):
            late.append(name)
        is_top = is_top and is_import
    if _ANY_READ.search(_CTE.sub("", sql)):
        late.append("")
    return late


def short_aliases(sql: str) -> set[str]:
    """Return the aliases of tables that have one or two letters."""
    found = _ALIAS.findall(_NOT_SQL.sub("", sql))
    return {alias for pair in found for alias in pair if 0 < len(alias) <= 2}


@pytest.mark.parametrize("path", MODEL_FILES, ids=_named)
def test_a_model_imports_first_and_ends_with_final(path: Path) -> None:
    """Every ref and source stands in an import CTE at the top; the last statement reads the CTE `final`."""
    sql = path.read_text(encoding="utf-8")
    assert late_reads(sql) == []
    assert _ENDING.search(sql), "the last statement is not `select * from final`"


@pytest.mark.parametrize("path", MODEL_FILES, ids=_named)
def test_a_long_model_says_why(path: Path) -> None:
    """A model has at most 120 lines, or its first line explains why it has more; a short one has no such line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (len(lines) > MOST_LINES) == lines[0].startswith(EXPLANATION)


def quadratic_counts(sql: str) -> list[str]:
    """Return the running counts of rows with a filter, for which DuckDB reads the frame of each row again."""
    return _RUNNING_COUNT.findall(_NOT_SQL.sub("", sql))


@pytest.mark.parametrize("path", SQL_FILES, ids=_named)
def test_no_running_count_has_a_filter(path: Path) -> None:
    """`count(*) filter (...) over (...)` takes minutes for a million rows, `count(if(...)) over (...)` a second."""
    assert quadratic_counts(path.read_text(encoding="utf-8")) == []


def test_the_rule_finds_running_counts() -> None:
    """A filter of a window is found, over two lines and with brackets in it; that of a group is not."""
    sql = "count(*) filter (a > (1)) over (order by b), count(*) filter (where a)\n    over so_far, count(*) filter (a)"
    assert len(quadratic_counts(sql)) == 2


@pytest.mark.parametrize("path", SQL_FILES, ids=_named)
def test_an_alias_says_what_it_is(path: Path) -> None:
    """No table is called by one or two letters."""
    assert short_aliases(path.read_text(encoding="utf-8")) == set()


def test_macros_read_no_tables() -> None:
    """What a model reads stands in the model: no macro names a ref or source, except in the models that it is given."""
    readers = [_named(path) for path in MACROS.rglob("*.sql") if _ANY_READ.search(_NOT_SQL.sub("", path.read_text()))]
    assert readers == []


def test_each_model_has_its_yaml_beside_it() -> None:
    """The description and the unit tests of a model lie in its folder, in files called by the folder."""
    for path in MODEL_FILES:
        beside = list(path.parent.glob("_*.yml"))
        described = [file for file in beside if re.search(rf"^  - name: {path.stem}$", file.read_text(), re.MULTILINE)]
        assert len(described) == 1, f"{_named(path)} is described in {[file.name for file in described]}"
    for file in MODELS.rglob("*__unit_tests.yml"):
        for model in re.findall(r"^    model: (\w+)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert (file.parent / f"{model}.sql").exists(), f"{_named(file)} tests {model}"


def test_reports_are_sorted_by_theme() -> None:
    """Every report lies in the folder of a theme, whose files of YAML carry its name."""
    reporting = MODELS / "reporting"
    assert list(reporting.glob("*.sql")) == []
    assert {path.name for path in reporting.iterdir() if path.is_dir()} == THEMES
    for theme in THEMES:
        assert (reporting / theme / f"_{theme}__models.yml").exists()
        strays = [file.name for file in (reporting / theme).glob("*.yml") if not file.name.startswith(f"_{theme}__")]
        assert strays == []


@pytest.mark.parametrize(
    ("body", "late"),
    [
        ("plays as (\n    select * from {{ ref('fct_plays') }}\n    where ms > 0\n)", []),
        ("plays as (\n    select count(*) as n from {{ ref('fct_plays') }}\n)", ["plays"]),
        ("one as (\n    select 1 as id\n),\n\nplays as (\n    select * from {{ ref('x') }}\n)", ["plays"]),
        ("plays as (\n    select * from {{ ref('x') }}\n    where a > (select 1 from {{ ref('y') }})\n)", ["plays"]),
        ("one as (\n    select 1 as id\n)\n\nselect * from {{ source('raw', 'x') }}", [""]),
    ],
    ids=["import", "computed", "not at the top", "subquery", "outside"],
)
def test_the_rule_finds_late_imports(body: str, late: list[str]) -> None:
    """The check above fails for what it forbids."""
    assert late_reads(f"with\n\n{body}\n") == late


def test_the_rule_finds_short_aliases() -> None:
    """Tables, CTEs, subqueries and functions with a letter for a name are found; columns and lambdas are not."""
    sql = (
        "select p.ms as ms, list_transform(l, lambda n: n.id) as x\nfrom plays as p\ninner join {{ ref('t') }} as tr"
        " on true\ncross join range(3) as r (i)\n"
    )
    assert short_aliases(sql) == {"p", "tr", "r"}
