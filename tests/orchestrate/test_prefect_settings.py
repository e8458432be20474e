"""Settings of Prefect that stand in more than one place have one value: pyproject.toml, the code, compose.

`[tool.prefect]` counts where a command is given in the project's folder; the code and compose set the same variables
for runs that start elsewhere. Each key is compared with Prefect's own name for its variable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_valid_setting_names

from orchestrate.console import CONSOLE_FORMAT, PREFECT_DEFAULTS
from orchestrate.server.process import QUIET, WITHOUT_PAGES

ROOT = Path(__file__).parents[2]
NOT_OF_PREFECT = {"DO_NOT_TRACK"}


def variables(tree: dict[str, Any], prefix: str = "PREFECT") -> dict[str, str]:
    """Return the variables that a `[tool.prefect]` table stands for, as Prefect reads them from the environment."""
    found: dict[str, str] = {}
    for name, value in tree.items():
        variable = f"{prefix}_{name.upper()}"
        if isinstance(value, dict):
            found |= variables(value, variable)
        else:
            found[variable] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def in_pyproject() -> dict[str, str]:
    """Return the variables of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return variables(tomllib.loads(text)["tool"]["prefect"])


def in_compose() -> dict[str, str]:
    """Return the variables that every service of compose gets."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return {name: str(value) for name, value in compose["x-prefect"].items()}


def different(one: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return the variables that stand in both places with different values."""
    return {name: (one[name], other[name]) for name in one.keys() & other.keys() if one[name] != other[name]}


@pytest.mark.parametrize("name", sorted(in_pyproject()))
def test_each_key_of_pyproject_stands_in_the_code_with_the_same_value(name: str) -> None:
    """So that it holds from every working directory."""
    assert PREFECT_DEFAULTS[name] == in_pyproject()[name]


def test_each_key_of_the_code_stands_in_pyproject() -> None:
    """A run behaves alike in the project's folder and elsewhere."""
    assert set(PREFECT_DEFAULTS) - NOT_OF_PREFECT == set(in_pyproject())


@pytest.mark.parametrize("place", [in_compose(), QUIET, WITHOUT_PAGES, CONSOLE_FORMAT])
def test_no_other_place_contradicts(place: dict[str, str]) -> None:
    """Compose, our own server and the format of the terminal."""
    assert different(place, {**PREFECT_DEFAULTS, **in_pyproject()}) == {}


def test_prefect_knows_every_key() -> None:
    """A key that Prefect renames would be ignored in silence."""
    known = {name.lower() for name in _get_valid_setting_names(Settings)}
    places = (in_pyproject(), PREFECT_DEFAULTS, QUIET, WITHOUT_PAGES, CONSOLE_FORMAT, in_compose())
    ours = {name for place in places for name in place} - NOT_OF_PREFECT
    unknown = {name for name in ours if name.lower() not in known}
    # what remains overrides single keys of Prefect's logging.yml, or belongs to another program
    assert {name for name in unknown if not name.startswith("PREFECT_LOGGING_FORMATTERS_")} == {"HOME"}


def test_the_values_reach_prefect(tmp_path: Path) -> None:
    """Once by pyproject.toml in the project's folder, once by the code in another one."""
    ask = (
        "from prefect.settings import get_current_settings as now; s = now();"
        "print(sorted(s.logging.extra_loggers), s.logging.to_api.when_missing_flow, s.server.analytics_enabled,"
        " s.server.ephemeral.startup_timeout_seconds, s.plugins.enabled, sorted(s.plugins.allow))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    clean |= {"PREFECT_HOME": str(tmp_path)}
    first = f"from orchestrate.console import prepare_prefect; prepare_prefect(); {ask}"
    answers = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=cwd, env=clean, capture_output=True, text=True, check=True
        ).stdout
        for code, cwd in ((ask, ROOT), (first, tmp_path))
    ]
    assert answers == ["['extract_load', 'orchestrate'] ignore False 180 True ['music-tracker']\n"] * 2


def test_a_difference_is_found() -> None:
    """The comparison itself can fail."""
    assert variables({"server": {"analytics_enabled": False}, "home": "x"}) == {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": "x",
    }
    assert different({"A": "1", "B": "2", "C": "3"}, {"A": "1", "B": "3"}) == {"B": ("2", "3")}
