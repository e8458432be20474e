"""The context of a command: settings, state and warehouse, opened first and closed at the end."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from extract_load.context import Context
from extract_load.core.folder_access import require_writable
from extract_load.core.network_environment import require_certificates
from extract_load.core.settings import load_settings
from extract_load.storage.opening import open_state, open_warehouse


@contextmanager
def context_of_a_command(name: str, *, asks_services: bool = False) -> Iterator[Context]:
    """Yield the context of one run of a command. Errors: ConfigurationError before any work."""
    settings = load_settings()
    require_writable(settings)
    if asks_services:
        require_certificates()
    logging.getLogger("extract_load").setLevel(settings.log_level)
    state = open_state(settings)
    try:
        yield Context(settings, open_warehouse(settings), state, f"{name}-{uuid.uuid4().hex[:8]}")
    finally:
        state.close()
