"""The server's socket."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ConfigurationError
from page.server import bind


def test_a_port_that_is_taken_is_told() -> None:
    """With what to do."""
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigurationError, match=str(port)) as raised:
            bind("127.0.0.1", port)
    assert "--port" in raised.value.hint


def test_an_address_that_is_not_ours_is_told() -> None:
    """As an error of the configuration, not as a traceback."""
    with pytest.raises(ConfigurationError):
        bind("192.0.2.1", 0)
