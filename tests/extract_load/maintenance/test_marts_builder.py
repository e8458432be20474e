"""The registered transform: the last one offered builds the marts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.maintenance import marts_builder
from tests.support.data_directories import small_transform


def other(settings: Settings) -> Sequence[str]:
    """Fail one blocking test."""
    return ["one"]


def test_the_last_transform_offered_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any, the error says what to install."""
    monkeypatch.setattr(marts_builder, "_offered", [])
    with pytest.raises(ConfigurationError, match="Nothing is installed that builds the marts"):
        marts_builder.find_transform()
    marts_builder.offer(small_transform)
    marts_builder.offer(other)
    assert marts_builder.find_transform() is other
