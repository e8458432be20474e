"""Requests to the API of a Prefect server under test, with its password."""

from __future__ import annotations

import base64
import os
from typing import Any

import httpx

from orchestrate.server.credentials import CLIENT_VARIABLE


def headers(word: str | None = None) -> dict[str, str]:
    """Return the headers that carry a password, by default the one of the server that is in use."""
    word = word or os.environ.get(CLIENT_VARIABLE, "")
    return {"Authorization": f"Basic {base64.b64encode(word.encode()).decode()}"} if word else {}


def get(url: str, *, word: str | None = None, **options: Any) -> httpx.Response:
    """Return the answer to a GET."""
    return httpx.get(url, headers=headers(word), **{"timeout": 60, **options})


def post(url: str, *, word: str | None = None, **options: Any) -> httpx.Response:
    """Return the answer to a POST."""
    return httpx.post(url, headers=headers(word), **{"timeout": 60, **options})
