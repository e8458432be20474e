"""Commands that run as root does in a container without rights: a mode or an owner can then forbid a write."""

from __future__ import annotations

import os
import shutil

import pytest


def without_root_rights(*command: str) -> list[str]:
    """Return a command that may not write everywhere, also where the tests run as root."""
    if os.geteuid() != 0:
        return list(command)
    found = shutil.which("setpriv")
    if found is None:
        pytest.skip("root can write everywhere, and there is no setpriv to take that right away")
    return [found, "--bounding-set=-dac_override,-dac_read_search", *command]
