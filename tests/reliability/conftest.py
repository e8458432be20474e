"""Nothing of this machine's own settings reaches these tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _isolated(no_settings_of_this_machine: None) -> None:
    """Take this machine's settings out of the way of every test here."""
