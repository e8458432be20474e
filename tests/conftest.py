"""How the tests share two processes: rooms with a slow set-up stay together, other files go where there is room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
TOGETHER = ("dbt", "orchestrate", "end_to_end")
"""Rooms whose tests share one dbt build, one Prefect server, one listener's home."""


@pytest.hookimpl(wrapper=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Group the tests: by room where the set-up is slow, else by file; the slow rooms begin first."""
    for item in items:
        parts = item.path.relative_to(ROOT).parts
        item.add_marker(pytest.mark.xdist_group(parts[0] if parts[0] in TOGETHER else "/".join(parts)))
    order = {"end_to_end": 0, "orchestrate": 1, "dbt": 2}
    items.sort(key=lambda item: order.get(item.path.relative_to(ROOT).parts[0], 3))
    return (yield)
