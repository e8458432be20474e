"""The layers of the code as data, held by one loop over the imports.

Imports go down only: inside `extract_load`, inside `orchestrate`, and between the two. `sandbox` imports nothing of
ours; `extract_load` imports neither Prefect nor dbt, so it works where neither is installed. No module beside the
flows hides an installed package, because `python prefect/orchestrate/X.py` puts that folder first on `sys.path`. Every
module has a test file of its name, or stands in `UNTESTED_BY_NAME` with a reason.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {
    "extract_load": ROOT / "extract_load",
    "orchestrate": ROOT / "prefect/orchestrate",
    "sandbox": ROOT / "sandbox",
    "page": ROOT / "page",
}

LONGEST_FILE, LONGEST_FUNCTION = 350, 40

# Top to bottom. A module may import from its own package and from any layer below its own; packages that stand in one
# line are side by side and do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("orchestrate.commands",),
    (
        "orchestrate.deploy_flows",
        "orchestrate.lake_commands",
        "orchestrate.prefect_flows",
        "orchestrate.server.process",
    ),
    ("orchestrate.deployments", "orchestrate.server.command_line_plugin"),
    ("orchestrate.flows",),
    ("orchestrate.monitoring", "orchestrate.subflows"),
    ("orchestrate.atomic_tasks",),
    ("orchestrate.base_tasks",),
    ("orchestrate.runs",),
    ("orchestrate.dbt_build", "orchestrate.server.api"),
    ("orchestrate.server.worker",),
    (
        *("orchestrate.server.credentials", "orchestrate.server.own_pages"),
        "orchestrate.server.client_certificates",
        *("orchestrate.server.healthcheck", "orchestrate.server.upkeep_client"),
    ),
    ("orchestrate.flow_config",),
    ("orchestrate.console",),
    ("extract_load.__main__",),
    ("extract_load.cli",),
    ("extract_load.commands",),
    ("extract_load.maintenance",),
    ("extract_load.daily_run.enrichment", "extract_load.daily_run.local_steps"),
    ("extract_load.spotify", "extract_load.musicbrainz", "extract_load.geography", "extract_load.monitoring"),
    ("extract_load.steps.side_by_side",),
    ("extract_load.steps.step",),
    ("extract_load.context",),
    ("extract_load.landing", "extract_load.steps.signals"),
    ("extract_load.publishing", "extract_load.erasure", "extract_load.http"),
    ("extract_load.lookups",),
    ("extract_load.storage", "extract_load.transport.limits", "extract_load.transport.session"),
    # The pages know the published file and the core only.
    ("page.commands",),
    ("page.snapshot",),
    ("page.app", "page.server"),
    ("page.routes",),
    ("page.context", "page.share", "page.taking"),
    ("page.views", "page.links", "page.rendering"),
    ("page.household",),
    ("page.security", "page.charts", "page.navigation", "page.formats", "page.database"),
    ("page.sql", "page.periods"),
    ("page.params", "page.entities"),
    ("page.errors",),
    ("extract_load.core",),
)
ALLOWED_UPWARD = {
    "extract_load.orchestrate": "the import path of the original, one lazy shim",
}
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "extract_load": ("prefect", "prefect_dbt", "dbt", "dbt_common", "dbt_adapters", "page"),
    "page": ("prefect", "prefect_dbt", "dbt", "dbt_common", "dbt_adapters"),
}
"""Installed packages that a package of ours never imports, not even inside a function."""
UNTESTED_BY_NAME: dict[str, str] = {
    "sandbox": "the stand-ins are tested from outside over HTTP, one test file a service, in tests/sandbox",
    "extract_load.__main__": "one call of cli.main; every end-to-end test starts through it",
    "orchestrate.flows": "flows are recipes; tests/orchestrate runs each of them on a real server",
}


def modules() -> dict[str, Path]:
    """Return every module of the project by its import name; packages whose `__init__` only has words are left out."""
    found = {}
    for name, folder in SOURCES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[-1] == "__init__":
                continue
            found[".".join((name, *parts))] = path
    return found


def imports(source: str) -> Iterator[str]:
    """Yield the absolute names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(module: str, layers: tuple[tuple[str, ...], ...] = LAYERS) -> tuple[int, str] | None:
    """Return the layer (0 is the top) and the package of a module, None for what is not ours."""
    found = [
        (len(package), number, package)
        for number, packages in enumerate(layers)
        for package in packages
        if module == package or module.startswith(package + ".")
    ]
    return max(found)[1:] if found else None


def wrong_imports(sources: Mapping[str, str]) -> list[str]:
    """Return the imports that look up or sideways, as sentences."""
    wrong = []
    for module, source in sources.items():
        here = layer_of(module)
        for name in imports(source):
            ours = name.split(".")[0] in SOURCES
            if module.startswith("sandbox") and ours and not name.startswith("sandbox"):
                wrong.append(f"{module} imports {name}: the sandbox imports nothing of ours")
            there = layer_of(name)
            if here is None or there is None or here[1] == there[1]:
                continue
            if there[0] <= here[0]:
                wrong.append(f"{module} imports {name}: layer {there[0]} is not below layer {here[0]}")
    return wrong


def forbidden_imports(sources: Mapping[str, str]) -> list[str]:
    """Return the imports of installed packages that the importing package must do without, as sentences."""
    return [
        f"{module} imports {name}: {package} works without {forbidden}"
        for package, forbidden_packages in FORBIDDEN.items()
        for module, source in sources.items()
        if module.split(".")[0] == package
        for name in imports(source)
        for forbidden in forbidden_packages
        if name == forbidden or name.startswith(forbidden + ".")
    ]


def circles(sources: Mapping[str, str]) -> list[str]:
    """Return the circles of imports that are made when modules are loaded (imports inside functions do not count)."""
    graph = {
        module: {
            known
            for node in ast.parse(source).body
            for name in imports(ast.unparse(node))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for known in (name, name.rpartition(".")[0])
            if known in sources and known != module
        }
        for module, source in sources.items()
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            found.append(" > ".join((*way[way.index(module) :], module)))
        elif module not in done:
            for other in sorted(graph[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    return found


def hidden_packages(names: list[str]) -> list[str]:
    """Return those of the names that are installed packages or modules of the standard library."""
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != SOURCES["orchestrate"]]
    return [
        name
        for name in names
        if name in sys.stdlib_module_names or importlib.machinery.PathFinder.find_spec(name, elsewhere) is not None
    ]


def untested(names: Mapping[str, Path], tests: Path) -> list[str]:
    """Return the modules without a test file of their name that no reason excuses."""
    missing = []
    for module in names:
        if any(module == excused or module.startswith(excused + ".") for excused in UNTESTED_BY_NAME):
            continue
        *folders, name = module.split(".")
        if not (tests.joinpath(*folders) / f"test_{name}.py").exists():
            missing.append(module)
    return missing


def too_long(files: Mapping[str, str]) -> list[str]:
    """Return files over 350 lines and functions over 40, their docstrings left out."""
    found = []
    for name, source in files.items():
        lines = len(source.splitlines())
        if lines > LONGEST_FILE:
            found.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                length = (node.end_lineno or 0) - node.lineno + 1
                length -= (first.end_lineno or 0) - first.lineno + 1 if said else 0
                if length > LONGEST_FUNCTION:
                    found.append(f"{name}: {node.name} has {length} lines")
    return found


def sources() -> dict[str, str]:
    """Return the text of every module."""
    return {
        module: path.read_text(encoding="utf-8")
        for module, path in modules().items()
        if not any(module.startswith(shim) for shim in ALLOWED_UPWARD)
    }


def test_every_module_stands_in_a_layer() -> None:
    """A new package is given its place before anything imports it."""
    assert [module for module in sources() if layer_of(module) is None and not module.startswith("sandbox")] == []


def test_imports_go_down_only() -> None:
    """The one exception is the shim of the original's import path."""
    assert wrong_imports(sources()) == []


def test_extract_load_imports_neither_prefect_nor_dbt() -> None:
    """Also where an import stands inside a function, and also the shim of the original's import path."""
    assert forbidden_imports({m: path.read_text(encoding="utf-8") for m, path in modules().items()}) == []


def test_there_is_no_circle() -> None:
    """Modules can be loaded in any order."""
    assert circles(sources()) == []


def test_no_module_beside_the_flows_hides_an_installed_package() -> None:
    """Running a script there puts its folder first on the path; `prefect/__init__.py` would hide Prefect itself."""
    names = [path.stem for path in SOURCES["orchestrate"].iterdir() if path.suffix == ".py" or path.is_dir()]
    assert hidden_packages([name for name in names if not name.startswith("__")]) == []
    assert not (ROOT / "prefect/__init__.py").exists()


def test_every_module_has_a_test_file_of_its_name() -> None:
    """Whoever changes a module finds its tests at once."""
    assert (
        untested(
            {m: p for m, p in modules().items() if not any(m.startswith(s) for s in ALLOWED_UPWARD)}, ROOT / "tests"
        )
        == []
    )


def test_no_file_and_no_function_is_too_long() -> None:
    """What passes 350 or 40 lines is two things; tests and benchmarks are read as well."""
    python = [path for folder in ("tests", "benchmarks", "dbt_project") for path in (ROOT / folder).rglob("*.py")]
    others = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in python}
    assert too_long(sources() | others) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("extract_load.core.text", "from extract_load.storage.state import State"),
        ("extract_load.spotify.client", "from extract_load.musicbrainz.client import connect"),
        ("extract_load.landing.loader", "def land():\n    from orchestrate.console import run_script"),
        ("orchestrate.base_tasks", "from orchestrate.flows.daily_etl import daily_etl"),
        ("sandbox.world.world", "import extract_load.core.text"),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    """Also a sideways one, one inside a function, and one of the sandbox."""
    assert len(wrong_imports({module: source})) == 1


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("extract_load.core.clock", "import prefect", ["prefect"]),
        (
            "extract_load.landing.loader",
            "def land():\n    from prefect.artifacts import create_link_artifact",
            ["prefect"],
        ),
        ("extract_load.commands.demo", "if True:\n    from dbt.cli.main import dbtRunner as run", ["dbt"]),
        (
            "extract_load.publishing.publish",
            "import prefect_dbt.core, dbt_common.events",
            ["prefect_dbt", "dbt_common"],
        ),
        ("extract_load.maintenance.rebuild", "from extract_load import dbt\nimport dbtools, prefectory", []),
        ("orchestrate.atomic_tasks", "from prefect import task\nimport dbt", []),
    ],
)
def test_an_import_of_prefect_or_dbt_is_found(module: str, source: str, named: list[str]) -> None:
    """In `extract_load`, in each form of an import; names that only begin alike are others."""
    assert [found.split(" without ")[1] for found in forbidden_imports({module: source})] == named


def test_a_circle_is_found() -> None:
    """Three modules that load each other."""
    assert circles({"a.one": "from a.two import x", "a.two": "import a.three", "a.three": "from a import one"}) == [
        "a.one > a.two > a.three > a.one"
    ]


def test_a_name_that_hides_a_package_is_found() -> None:
    """An installed one and one of the standard library."""
    assert hidden_packages(["markdown_it", "calendar", "flow_config"]) == ["markdown_it", "calendar"]


def test_a_module_without_a_test_is_found(tmp_path: Path) -> None:
    """Its test file stands in the folder of the same name."""
    names = {"extract_load.core.text": tmp_path, "extract_load.core.clock": tmp_path, "sandbox.cli": tmp_path}
    (tmp_path / "extract_load/core").mkdir(parents=True)
    (tmp_path / "extract_load/core/test_text.py").touch()
    assert untested(names, tmp_path) == ["extract_load.core.clock"]


def test_no_module_stands_loose() -> None:
    """Beside its packages `extract_load` holds only what the whole of it is entered or joined by."""
    found = {path.name for path in (ROOT / "extract_load").glob("*.py")}
    assert found == {"__init__.py", "__main__.py", "cli.py", "context.py", "http.py"}
