"""Spool, cache and published files as objects that every machine sees; the folders of a machine hold what it needs.

A file of spool or cache is put once, if absent: of two that give the same name, one wins, and nothing is overwritten.
What others gave comes into the folders before it is landed, so landing sees files, as ever. A shared folder in the
place of an object store works the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from obstore import exceptions as trouble
from obstore.store import LocalStore, S3Store

from extract_load.core.clock import SystemClock
from extract_load.core.errors import BadInput, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.day_files import archive_of
from extract_load.storage.gzip_files import SUFFIX, new_file
from extract_load.storage.lake.address import CACHE, SPOOL, LakeAddress, lake_address
from extract_load.storage.spool import SpoolStore

log = logging.getLogger(__name__)

_ALWAYS = (f"{SPOOL}/music_tracker/",)
"""What each machine needs whether it is landed or not: the rules of erasure."""
_REGISTRY = f"{SPOOL}/listeners.json"
_PATIENCE = timedelta(seconds=60)
_READS, _READ_AGAIN_SECONDS = 10, 1.0


class ObjectStore:
    """The objects below WAREHOUSE_DATA. Safe from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = lake_address(settings)
        self._roots = {SPOOL: settings.spool_dir, CACHE: settings.answers_dir}
        self._objects: Any = _open(settings, self._address)

    def push(self, files: Sequence[Path]) -> int:
        """Put files of spool and cache, each if it is absent; return how many were.

        Errors: ServiceUnavailable; what was put stays, and is known the next time.
        """
        return sum(self.put_if_absent(self._name_of(path), path) for path in files if path.is_file())

    def pull(self, known: Callable[[Sequence[str]], set[str]], since: date | None = None) -> int:
        """Bring files of others that `known` does not name into the folders, of all days or `since` one of them.

        Return how many. Errors: ServiceUnavailable.
        """
        self.fetch(_REGISTRY, self._settings.listeners_path)
        brought = 0
        for names in self._listed(since):
            needed = [name for name in names if not self._is_here(name)]
            landed = known([name for name in needed if not name.startswith(_ALWAYS)])
            for name in needed:
                if name not in landed and self.fetch(name, self._path_of(name)):
                    brought += 1
        return brought

    def put(self, file: Path, name: str) -> None:
        """Put an object, in the place of one of the same name, whole or not at all. Errors: ServiceUnavailable."""
        with _outages():
            self._objects.put(self._address.key(name), file)

    def fetch(self, name: str, target: Path) -> bool:
        """Write an object to a file that appears whole or not at all; return whether there is such an object.

        Errors: ServiceUnavailable.
        """
        for attempt in range(_READS):
            with _outages():
                try:
                    found = self._objects.get(self._address.key(name))
                    with new_file(target) as out:
                        for chunk in found.stream(min_chunk_size=1 << 20):
                            out.write(bytes(chunk))
                    return True
                except (FileNotFoundError, trouble.NotFoundError):
                    return False
                except trouble.GenericError:
                    if attempt == _READS - 1:
                        raise
            SystemClock().sleep(_READ_AGAIN_SECONDS)  # the store went away in the middle of an answer
        raise AssertionError("unreachable")

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of the objects below a prefix."""
        for names in self._pages(prefix):
            yield from names

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is no error. Errors: ServiceUnavailable."""
        with _outages():
            try:
                self._objects.delete(self._address.key(name))
            except (FileNotFoundError, trouble.NotFoundError):
                return

    def put_if_absent(self, name: str, path: Path) -> bool:
        """Put an object if there is none of its name; return whether it was put. Errors: ServiceUnavailable."""
        with _outages():
            try:
                self._objects.put(self._address.key(name), path, mode="create", use_multipart=False)
            except (FileExistsError, trouble.AlreadyExistsError, trouble.PreconditionError):
                return False
        return True

    def _listed(self, since: date | None) -> Iterator[list[str]]:
        """Yield pages of names of spool and cache; `since` limits them to the days that can be new."""
        if since is None:
            for root in self._roots:
                for names in self._pages(f"{root}/"):
                    yield [name for name in names if name.endswith(SUFFIX)]
            return
        last = SystemClock().now().date() + timedelta(days=1)
        days = [since + timedelta(days=number) for number in range(max((last - since).days, 0) + 1)]
        for kind in self._kinds():
            for day in days:
                for names in self._pages(f"{kind}/dt={day:%Y-%m-%d}/"):
                    yield [name for name in names if name.endswith(SUFFIX)]

    def _kinds(self) -> Iterator[str]:
        """Yield the folders of sources and entities, such as `src/spotify/recently_played`."""
        for root in self._roots:
            for source in self._folders(f"{root}/"):
                yield from self._folders(f"{source}/")

    def _folders(self, prefix: str) -> list[str]:
        with _outages():
            found = self._objects.list_with_delimiter(self._address.key(prefix))
        return [self._without_prefix(str(name)) for name in found["common_prefixes"]]

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        with _outages():
            for page in self._objects.list(self._address.key(prefix), chunk_size=1000):
                yield [self._without_prefix(str(entry["path"])) for entry in page]

    def _without_prefix(self, key: str) -> str:
        return key.removeprefix(f"{self._address.prefix}/") if self._address.prefix else key

    def _name_of(self, path: Path) -> str:
        root = CACHE if path.is_relative_to(self._roots[CACHE]) else SPOOL
        return f"{root}/{path.relative_to(self._roots[root]).as_posix()}"

    def _is_here(self, name: str) -> bool:
        """Return whether a folder has a file, alone or in the archive of its day."""
        path = self._path_of(name)
        if path.exists():
            return True
        with suppress(BadInput):  # a damaged archive lacks what the store has
            return archive_of(path.parent).exists() and SpoolStore.of(self._settings).exists(name)
        return False

    def _path_of(self, name: str) -> Path:
        root, _, rest = name.partition("/")
        if ".." in rest.split("/"):
            raise ServiceUnavailable("The store has an object with an impossible name.", service="object store")
        return self._roots[root] / rest


def _open(settings: Settings, address: LakeAddress) -> Any:
    if address.folder:
        address.folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(address.folder, mkdir=True)
    secret = settings.aws_secret_access_key
    endpoint = settings.aws_endpoint_url
    config: Any = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        address.bucket,
        config=config,
        region=settings.aws_region,
        access_key_id=settings.aws_access_key_id or "",
        secret_access_key=secret.get_secret_value() if secret else "",
        virtual_hosted_style_request=not endpoint,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": _PATIENCE},
        retry_config={"max_retries": 12, "retry_timeout": _PATIENCE},
    )


class _outages:  # noqa: N801
    """Raise ServiceUnavailable for an outage of the store in the block; addresses and keys are in no message."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, trouble.BaseError) and not isinstance(
            error, trouble.NotFoundError | trouble.AlreadyExistsError | trouble.PreconditionError
        ):
            said = f"The object store can't be used ({type(error).__name__})."
            raise ServiceUnavailable(said, service="object store") from None
