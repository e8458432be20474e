"""Prefect's clients share what they read of the certificate authorities.

Each client of Prefect reads the whole file of authorities when it is made (20 ms of processor time), also for a server
that speaks plain HTTP; and the report of one dbt model makes three clients, in a thread of its own.
"""

from __future__ import annotations

import ssl
from functools import cache
from types import ModuleType


def share_certificates() -> None:
    """Make all clients of this process share one TLS context for each file of certificates.

    It replaces the `ssl` that Prefect's client module sees, nowhere else. Without that name there is nothing to share.
    """
    from prefect.client import orchestration

    if getattr(orchestration, "ssl", None) is ssl:
        shared = ModuleType("ssl")
        shared.__dict__.update(vars(ssl), create_default_context=cache(ssl.create_default_context))
        orchestration.ssl = shared  # type: ignore[attr-defined]
