"""The password of our servers: made once, readable by its owner alone, offered to servers of this machine only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from orchestrate.server import credentials
from orchestrate.server.credentials import (
    OWN_ORIGINS,
    SERVER_DIR,
    SERVER_VARIABLE,
    candidates,
    is_near,
    known_password,
    new_password,
    password_files,
    remember,
    server_environment,
    server_password,
    temporary_password,
)

ROOT = Path(__file__).parents[3]
LOCAL = "http://127.0.0.1:4200/api"


@pytest.fixture(autouse=True)
def _no_other_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Look at no password of this machine, and ask no container."""
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)
    monkeypatch.delenv(SERVER_DIR, raising=False)
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(tmp_path / "checkout"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(credentials, "_of_the_container", lambda: None)


def test_it_is_made_once_and_private(settings: Settings) -> None:
    """Long, random, with the user in front, in a file of mode 0600 in a folder of mode 0700."""
    assert known_password(settings) is None
    word = server_password(settings)
    assert word.startswith("music-tracker:")
    assert len(word) > 40
    assert word != new_password()
    (path, *_) = password_files(settings)
    assert path.read_text() == f"{word}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (server_password(settings), known_password(settings)) == (word, word)
    assert [entry.name for entry in path.parent.iterdir()] == ["password"]


def test_two_servers_that_start_at_once_have_one(settings: Settings) -> None:
    """The first writer's word counts for both."""
    program = (
        "from extract_load.core.settings import load_settings;"
        "from orchestrate.server.credentials import server_password; print(server_password(load_settings()))"
    )
    both = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    said = {one.communicate()[0] for one in both}
    assert len(said) == 1
    assert said == {f"{known_password(settings)}\n".encode()}


def test_containers_share_it_in_a_volume(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And it comes to the data folder where that can be written; where it can't, the volume is enough."""
    monkeypatch.setenv(SERVER_DIR, str(tmp_path / "volume"))
    word = server_password(settings)
    assert [path.exists() for path in password_files(settings)] == [True, True, False]
    blocked = settings.model_copy(update={"duckdb_path": tmp_path / "a file" / "x.duckdb"})
    (tmp_path / "a file").write_text("x")
    assert server_password(blocked) == word
    monkeypatch.delenv(SERVER_DIR)
    with pytest.raises(ConfigurationError, match=r"can't be kept .*a file/server/password"):
        server_password(blocked)


def test_the_variable_wins_and_a_set_one_is_not_repeated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A protected server asks for a password, lets in no foreign origin, and its pages ask where they came from."""
    given = server_environment(settings)
    assert given == {
        SERVER_VARIABLE: server_password(settings),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": OWN_ORIGINS,
        "PREFECT_UI_API_URL": "/api",
    }
    monkeypatch.setenv(SERVER_VARIABLE, "me:mine")
    assert SERVER_VARIABLE not in server_environment(settings)
    assert server_password(settings) == "me:mine"


@pytest.mark.parametrize(
    ("url", "near"),
    [
        *((url, True) for url in (LOCAL, "http://localhost:4200/api", "http://prefect-server:4200/api")),
        *(
            (url, False)
            for url in ("https://api.prefect.cloud/api", "http://10.0.0.7:4200/api", "http://nas.local/api")
        ),
    ],
)
def test_servers_elsewhere_are_not_offered_it(settings: Settings, url: str, near: bool) -> None:
    """A container beside this one is near."""
    word = server_password(settings)
    assert is_near(url) is near
    assert list(candidates(url, settings)) == ([word] if near else [])


def test_that_of_a_temporary_server_is_found_while_it_runs(settings: Settings) -> None:
    """By its port, and before that of the installation."""
    word = server_password(settings)
    with temporary_password(4711, "music-tracker:for-now"):
        assert list(candidates("http://127.0.0.1:4711/api", settings)) == ["music-tracker:for-now", word]
        assert list(candidates(LOCAL, settings)) == [word]
    assert list(candidates("http://127.0.0.1:4711/api", settings)) == [word]


def test_that_of_a_container_is_asked_for_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no file has it; then it is kept."""
    monkeypatch.setattr(credentials, "_of_the_container", lambda: "music-tracker:of-the-container")
    assert list(candidates(LOCAL, settings)) == ["music-tracker:of-the-container"]
    remember(settings, "music-tracker:of-the-container")
    assert known_password(settings) == "music-tracker:of-the-container"
    remember(settings, "music-tracker:another")
    assert known_password(settings) == "music-tracker:of-the-container"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_believed() -> None:
    """It would be the word of another user's server; root's is believed."""
    program = """
import os, sys
from pathlib import Path
from orchestrate.server.credentials import _read
os.setuid(4711)
print([_read(Path(name)) for name in sys.argv[1:]])
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        paths = []
        for owner in (0, 4711, 4712):
            path = Path(folder) / str(owner)
            path.write_text(f"{owner}:word\n")
            path.chmod(0o644)
            os.chown(path, owner, owner)
            paths.append(str(path))
        done = subprocess.run(
            [sys.executable, "-c", program, *paths], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert done.stdout == "['0:word', '4711:word', None]\n"
