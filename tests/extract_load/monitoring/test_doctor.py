"""Doctor: a sound environment has no trouble, and no trouble hides another; each kind is tested beside its check."""

from __future__ import annotations

from datetime import datetime

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.doctor import examine
from extract_load.monitoring.health import Health
from tests.support.broken_environments import troubles
from tests.support.clock import ManualClock


def levels(found: Health) -> dict[str, str]:
    """Return the level of each check."""
    return {result.key: result.level for result in found.results}


def test_a_sound_environment_has_no_trouble(offline: Settings) -> None:
    """Folders that do not exist yet are judged by the nearest one that does, and are not made; nothing is left."""
    found = levels(examine(offline, ManualClock(), ()))
    folders = [level for key, level in found.items() if key.startswith(("folder:", "filesystem"))]
    assert (folders, found["warehouse"], found["state"]) == (["ok"] * 4, "ok", "ok")
    assert troubles(offline) == []
    assert not offline.spool_dir.exists()
    assert [path.name for path in offline.data_dir.iterdir() if path.name.startswith(".doctor")] == []


def test_several_troubles_are_named_together(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one hides none of the others."""
    offline.state_path.write_bytes(b"damaged" * 500)
    offline.warehouse_path.write_bytes(b"no database" * 1000)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    found = {one.key for one in troubles(offline, now=datetime(1970, 1, 1))}
    assert found == {"clock", "state", "warehouse", "certificates:SSL_CERT_FILE"}
