"""A dbt project of one seed, one model and one blocking test, with the real profile: a build takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

REAL = Path(__file__).parents[2] / "dbt_project"
MODEL = "{{ config(schema='marts') }} select 2 * number as number from {{ ref('numbers') }}"


def small_dbt_project(root: Path) -> Path:
    """Make the project below a root (for MUSIC_TRACKER_HOME), and return its folder."""
    small = root / "dbt_project"
    for name in ("macros", "plugins"):
        shutil.copytree(REAL / name, small / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("profiles.yml", "dbt_project.yml"):
        shutil.copy(REAL / name, small)
    for folder in ("seeds", "models/staging", "tests/blocking"):
        (small / folder).mkdir(parents=True)
    (small / "seeds/numbers.csv").write_text("number\n1\n2\n")
    (small / "models/staging/doubled.sql").write_text(MODEL)
    (small / "tests/blocking/none_is_odd.sql").write_text("select * from {{ ref('doubled') }} where number % 2 = 1")
    return small
