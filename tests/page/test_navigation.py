"""The menu leads to pages that there are."""

from __future__ import annotations

import re

import httpx
import pytest

from page.navigation import ABOUT_THE_NUMBERS, MENU, Entry


@pytest.mark.parametrize("entry", (*MENU, *ABOUT_THE_NUMBERS), ids=lambda entry: entry.label)
def test_every_entry_leads_somewhere(client: httpx.Client, entry: Entry) -> None:
    """And is the current one there."""
    text = client.get(entry.path, follow_redirects=True).text
    address = f'href="{re.escape(entry.path)}(\\?[^"]*)?" aria-current="page">{re.escape(entry.label)}</a>'
    assert re.search(address, text)
