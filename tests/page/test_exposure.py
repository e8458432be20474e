"""The exposure in dbt lists the models that the pages read, no more and no fewer."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import page

ROOT = Path(__file__).parents[2]
EXPOSURES = ROOT / "dbt_project/models/reporting/_reporting__exposures.yml"
MODEL = re.compile(r"\b(?:marts|reporting)\.(\w+)")


def test_the_exposure_lists_every_model_that_a_page_reads() -> None:
    """Whoever changes one of them sees that pages depend on it."""
    folder = Path(page.__file__).parent
    files = [*folder.glob("queries/*.sql"), *folder.glob("*.py")]
    read = {name for path in files for name in MODEL.findall(path.read_text(encoding="utf-8"))}
    exposures = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]
    listed = next(one["depends_on"] for one in exposures if one["name"] == "page")
    assert {re.findall(r"ref\('(\w+)'\)", one)[0] for one in listed} == read
