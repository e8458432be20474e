"""Both adapters of a port have all that the port asks for, by the same names and parameters."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from extract_load.storage import ports
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.lake.state import PostgresState
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.state import State
from extract_load.storage.store import FolderStore
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WriterLock


@pytest.mark.parametrize(
    ("port", "adapters"),
    [
        (ports.Warehouse, (Warehouse, LakeWarehouse)),
        (ports.WriterLock, (WriterLock, AdvisoryLock)),
        (ports.State, (State, PostgresState)),
        (ports.Store, (FolderStore, ObjectStore)),
    ],
)
def test_each_adapter_is_called_as_its_port(port: type[Any], adapters: tuple[type[Any], ...]) -> None:
    """A caller that knows the port only can't tell them apart."""
    promised = {name: member for name, member in vars(port).items() if callable(member) and not name.startswith("_")}
    assert promised
    for adapter in adapters:
        for name, member in promised.items():
            expected = list(inspect.signature(member).parameters)
            assert list(inspect.signature(getattr(adapter, name)).parameters) == expected, (adapter, name)
