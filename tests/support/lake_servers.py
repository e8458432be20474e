"""A real PostgreSQL and a real S3 server for the tests of the lake: loopback only, ports of their own, no traces left.

PostgreSQL is the system's (its server refuses root: then it runs as user postgres); the object store is SeaweedFS of
the development packages. Both can be killed and started again on the same data.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCESS_KEY, SECRET_KEY, BUCKET = "lakekey", "lakesecret", "lake"
TABLE_BUCKET = "ice"
_PATIENCE = 60.0


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def weed_program() -> Path | None:
    """Return the program of SeaweedFS, None where it is not installed."""
    found = Path(sys.executable).parent / "weed"
    return found if found.exists() else None


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(what: str, is_true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{what} did not start")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@dataclass(slots=True)
class Postgres:
    """One server with its data in a folder; `kill` and `start` may be called in any order."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def _user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def _run(self, *words: str | Path) -> subprocess.Popen[bytes]:
        with (self.folder / "server.log").open("ab") as log:
            environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
            return subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd="/", user=self._user)

    def create(self) -> Postgres:
        """Make the data folder and start the server."""
        self.folder.mkdir(parents=True)
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        words = ("--auth=trust", "--username=postgres", "--no-sync", "--locale=C", "--encoding=UTF8")
        programs = postgres_programs()
        assert programs is not None
        made = self._run(programs / "initdb", "-D", self.folder / "data", *words)
        assert made.wait(_PATIENCE) == 0, (self.folder / "server.log").read_text()
        self.start()
        return self

    def start(self) -> None:
        """Start the server on its data, and wait until it answers."""
        programs = postgres_programs()
        assert programs is not None
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = self._run(programs / "postgres", "-D", self.folder / "data", *words)
        _until("PostgreSQL", self._answers, self._process)

    def _answers(self) -> bool:
        programs = postgres_programs()
        assert programs is not None
        words = (programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(words, check=False).returncode == 0

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends all connections at once, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE)
            self._process = None

    def new_database(self, name: str) -> str:
        """Make a database, and return how to connect to it, in the words of libpq."""
        import psycopg

        with psycopg.connect(f"{self.address} dbname=postgres", autocommit=True) as connection:
            connection.execute(f'create database "{name}"')  # a name of the tests
        return f"{self.address} dbname={name}"

    @property
    def address(self) -> str:
        """Return host, port and user."""
        return f"host=127.0.0.1 port={self.port} user=postgres"


@dataclass(slots=True)
class Weed:
    """One S3 server with its data in a folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    iceberg_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    _inner: dict[str, int] = field(default_factory=dict)

    def create(self) -> Weed:
        """Start the server on an empty folder."""
        self.folder.mkdir(parents=True)
        # gRPC ports are the HTTP ports + 10000 unless named.
        names = ("master.port", "volume.port", "filer.port", "admin.port", "s3.port")
        names = (*names[:-1], *(f"{name}.grpc" for name in names), "s3.port.lance")
        self._inner = {name: free_port() for name in names}
        self.start()
        return self

    def start(self) -> None:
        """Start the server on its data, and wait until it answers."""
        program = weed_program()
        assert program is not None
        ports = [f"-{name}={port}" for name, port in self._inner.items()]
        words = [
            *(program, "mini", f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-s3.port={self.port}", f"-s3.port.iceberg={self.iceberg_port}", f"-bucket={BUCKET}"),
            *(f"-tableBucket={TABLE_BUCKET}", "-admin.ui=false", "-webdav=false", *ports),
            "-master.telemetry=false",
        ]
        (self.folder / "data").mkdir(exist_ok=True)
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=self.folder)
        _until("SeaweedFS", self._has_bucket, self._process)

    def wait_for_tables(self) -> None:
        """Wait until the bucket of Iceberg tables is there: it is made last."""
        assert self._process is not None
        _until("SeaweedFS' catalogue", lambda: self.table_objects() is not None, self._process)

    def table_objects(self) -> dict[str, bytes] | None:
        """Return the objects of the bucket of Iceberg tables, None while there is no such bucket."""
        from obstore.exceptions import BaseError

        store = self._bucket(TABLE_BUCKET)
        try:
            names = [str(entry["path"]) for page in store.list() for entry in page]
            return {name: bytes(store.get(name).bytes()) for name in names}
        except BaseError:
            return None

    def _has_bucket(self) -> bool:
        from obstore.exceptions import BaseError

        if not _listens(self.port):
            return False
        try:
            self._bucket(BUCKET).put("ready", b"")
        except BaseError:
            return False
        return True

    def _bucket(self, name: str) -> Any:
        from obstore.store import S3Store

        return S3Store(
            name,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    @property
    def endpoint(self) -> str:
        """Return the address of the S3 interface."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def iceberg_url(self) -> str:
        """Return the address of the Iceberg REST catalogue."""
        return f"http://127.0.0.1:{self.iceberg_port}"

    def stop(self, number: int = signal.SIGKILL) -> None:
        """Kill the server: on SIGTERM it takes long."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE)
            self._process = None


@contextmanager
def lake_servers(folder: Path) -> Iterator[tuple[Postgres, Weed]]:
    """Yield both servers, and stop them at the end, whatever happened."""
    postgres, weed = Postgres(folder / "postgres"), Weed(folder / "weed")
    try:
        yield postgres.create(), weed.create()
    finally:
        postgres.stop(signal.SIGQUIT)
        weed.stop()
