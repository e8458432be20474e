"""Settings of a lake: unset they mean nothing, and a wrong address is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.lake_settings import LakeSettings
from extract_load.core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's own settings out of the way."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(tmp_path: Path, text: str) -> LakeSettings:
    (tmp_path / ".env").write_text(text)
    return load_settings(env_file=tmp_path / ".env")


def test_unset_there_is_no_lake_and_no_catalogue(tmp_path: Path) -> None:
    """And an empty line is as good as none."""
    settings = load(tmp_path, "WAREHOUSE=\nICEBERG_URL=\n")
    assert not settings.is_lake and settings.iceberg_url == "" and settings.warehouse_buckets == 1


def test_a_lake_is_known_by_its_prefix(tmp_path: Path) -> None:
    """A path is none."""
    assert load(tmp_path, "WAREHOUSE=ducklake:postgres:dbname=x\n").is_lake
    assert not load(tmp_path, "WAREHOUSE=somewhere/w.duckdb\n").is_lake


def test_the_catalogue_is_a_web_address(tmp_path: Path) -> None:
    """Its last slash falls; anything else is refused by name."""
    assert load(tmp_path, "ICEBERG_URL=http://store:8181/\n").iceberg_url == "http://store:8181"
    with pytest.raises(ConfigurationError, match="ICEBERG_URL: it must be an address"):
        load(tmp_path, "ICEBERG_URL=store:8181\n")
