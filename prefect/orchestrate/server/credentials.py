"""The password of the Prefect servers of this project: made at the first start, kept in a file, found by each command.

A web page in any browser of this machine can send requests to loopback, and whoever may use Prefect's API may run
commands as its worker. So every server that is started here asks for a password, `music-tracker:` and 32 random
letters, which Prefect calls its auth string. It lies in `server/password` beside the warehouse (mode 0600) and is never
given to a server elsewhere. In docker-compose, MUSIC_TRACKER_SERVER_DIR is a volume that server and worker share, so
that a data folder that can't be written keeps no worker from its server.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from extract_load.core.errors import ConfigurationError
from extract_load.core.network_environment import is_loopback
from extract_load.core.settings import Settings, project_root

USER = "music-tracker"
SERVER_VARIABLE, CLIENT_VARIABLE = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
SERVER_DIR = "MUSIC_TRACKER_SERVER_DIR"
OWN_ORIGINS = "http://localhost:4200,http://127.0.0.1:4200"

_COMPOSE_SECONDS = 20
_MOST_BYTES = 1000


def new_password() -> str:
    """Return a new password: user and 32 random letters, as Prefect's client sends it and its pages ask for it."""
    return f"{USER}:{secrets.token_urlsafe(24)}"


def password_files(settings: Settings) -> list[Path]:
    """Return where the password may lie, the first place first: this installation's places, then the checkout's."""
    return list(dict.fromkeys([*_own_files(settings), project_root() / "data" / "server" / "password"]))


def _own_files(settings: Settings) -> list[Path]:
    """Return where a server of this installation keeps its password.

    Another user (MUSIC_TRACKER_USER) can't read the file of the first one in the volume, so each has one there.
    """
    named = os.environ.get(SERVER_DIR)
    shared = [Path(named) / f"password-{os.getuid()}"] if named else []
    return [*shared, settings.data_dir / "server" / "password"]


def known_password(settings: Settings) -> str | None:
    """Return the password of this installation's servers, None before the first start."""
    return next((word for path in password_files(settings) if (word := _read(path))), None)


def server_password(settings: Settings) -> str:
    """Return the password that a server of this installation starts with; make it at the first start.

    PREFECT_SERVER_API_AUTH_STRING wins. Errors: ConfigurationError when no place can be written.
    """
    word = os.environ.get(SERVER_VARIABLE) or known_password(settings) or new_password()
    reasons = []
    for path in _own_files(settings):
        if _read(path) is None:
            try:
                word = _write(path, word)
            except OSError as error:
                reasons.append(f"{path}: {(error.strerror or type(error).__name__).lower()}")
    if known_password(settings) is None:
        raise ConfigurationError(
            f"The password of the Prefect server can't be kept ({'; '.join(reasons)}).",
            hint=f"Give yourself write access there, or set {SERVER_VARIABLE}.",
        )
    return word


def server_environment(settings: Settings) -> dict[str, str]:
    """Return the variables of a protected server, without those that are set already.

    The pages ask the API of the address that they came from, so no other origin has to be let in.
    """
    wanted = {
        SERVER_VARIABLE: server_password(settings),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": OWN_ORIGINS,
        "PREFECT_UI_API_URL": "/api",
    }
    return {name: value for name, value in wanted.items() if not os.environ.get(name)}


def is_near(url: str) -> bool:
    """Return whether a server is on this machine or a container beside this one: only those are given the password."""
    host = urlsplit(url).hostname
    return bool(host) and (is_loopback(host) or ("." not in str(host) and ":" not in str(host)))


def candidates(url: str, settings: Settings) -> Iterator[str]:
    """Yield the passwords that a server may accept, the cheapest to learn first; none for a server elsewhere."""
    if not is_near(url):
        return
    temporary = _read(_temporary_file(urlsplit(url).port or 0))
    known = [temporary, *(_read(path) for path in password_files(settings))]
    yield from dict.fromkeys(word for word in known if word)
    composed = _of_the_container() if is_loopback(urlsplit(url).hostname) else None
    if composed:
        yield composed


def remember(settings: Settings, word: str) -> None:
    """Keep a password that was asked of a container, so that the next command need not ask again."""
    path = settings.data_dir / "server" / "password"
    try:
        if _read(path) is None:
            _write(path, word)
    except OSError:
        return  # it is asked for again


@contextmanager
def temporary_password(port: int, word: str) -> Iterator[None]:
    """Let other commands of this user find the password of a temporary server, for the length of the block."""
    path = _temporary_file(port)
    try:
        path.unlink(missing_ok=True)
        _write(path, word)
    except OSError:
        yield  # only the commands that this process starts know it then
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _temporary_file(port: int) -> Path:
    folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(folder) / f"music-tracker-{os.getuid()}" / f"server-{port}"


def _read(path: Path) -> str | None:
    """Return the password in a file of this user, None where there is none."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid not in {os.getuid(), 0} and os.getuid() != 0:
                return None
            word = file.read(_MOST_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return word if ":" in word else None


def _write(path: Path, word: str) -> str:
    """Write a password file that its owner alone can read, and return what it holds: the first writer's word counts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(prefix=".password-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{word}\n")
        _put(Path(draft), path)
    except FileExistsError:
        return _read(path) or word
    finally:
        Path(draft).unlink(missing_ok=True)
    return word


def _put(draft: Path, path: Path) -> None:
    """Put a file in its place if that is free. Errors: FileExistsError."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a share without links
        if path.exists():
            raise FileExistsError(path) from None
        draft.replace(path)


def _of_the_container() -> str | None:
    """Ask the server's container for its password: whoever may use Docker may read it there."""
    for program in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(program[0]) is None:
            continue
        command = [*program, "exec", "-T", "prefect-server", "music-tracker", "password"]
        try:
            done = subprocess.run(
                command, cwd=project_root(), capture_output=True, text=True, timeout=_COMPOSE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and ":" in done.stdout:
            return done.stdout.strip()
    return None
